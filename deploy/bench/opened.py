"""A case as sla hears of it, with a clock whose due time follows from when the customer spoke."""

from datetime import datetime, timedelta
from uuid import uuid4

from deploy.bench.contacts import TOWN
from schemas.cases import CaseHeader, CaseOpened
from schemas.policy import PublishedProfile
from services.routing.settings.environment import POLICIES
from services.routing.settings.policies import load_profile

CLOCK = "DL-01"
LIMIT = timedelta(hours=1)


def _published() -> PublishedProfile:
    """The programme without warnings, so that a clock's first word is that it was broken."""
    read = load_profile(POLICIES / "gtmc.yaml")
    silent = tuple(clock.model_copy(update={"warnings": ()}) for clock in read.clocks)
    profile = read.model_copy(update={"clocks": silent})
    return PublishedProfile(version=profile.version, profile=profile)


PROFILE = _published()


def opened(at: datetime) -> CaseOpened:
    """A general complaint received and opened at a moment; CLOCK is due LIMIT after it."""
    franchise, shop = TOWN.franchises[0], TOWN.shops[0]
    header = CaseHeader(
        number="0000-0000-0000-0", kind="complaint", franchise=franchise.id, shop=shop.id, group=shop.group,
        manufacturer=franchise.manufacturer, department="after_sales", severity="general", state="registered",
        owner="desk:operator", owner_role="operator", rung=0, profile=PROFILE.profile.id,
        profile_version=PROFILE.version,
    )  # fmt: skip
    return CaseOpened(
        id=uuid4(), case_id=uuid4(), occurred_at=at, seq=1, header=header, channel="onsite", received_at=at,
        calendar=shop.calendar, criteria=(),
    )  # fmt: skip
