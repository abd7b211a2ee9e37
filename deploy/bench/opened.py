"""A case as sla hears of it, with a deadline whose due time follows from when the customer spoke."""

from datetime import datetime, timedelta
from uuid import uuid4

from deploy.bench.contacts import TOWN
from schemas.cases import CaseHeader, CaseOpened
from schemas.policies import PublishedPolicy
from services.routing.settings.environment import POLICIES
from services.routing.settings.policies import load_policy

DEADLINE = "DL-01"
LIMIT = timedelta(hours=1)


def _published() -> PublishedPolicy:
    """The policy without warnings, so that a deadline's first word is that it was broken."""
    read = load_policy(POLICIES / "gtmc.yaml")
    silent = tuple(deadline.model_copy(update={"warnings": ()}) for deadline in read.deadlines)
    policy = read.model_copy(update={"deadlines": silent})
    return PublishedPolicy(version=policy.version, policy=policy)


POLICY = _published()


def opened(at: datetime) -> CaseOpened:
    """A general complaint received and opened at a moment; DEADLINE is due LIMIT after it."""
    franchise, shop = TOWN.franchises[0], TOWN.shops[0]
    header = CaseHeader(
        number="0000-0000-0000-0", kind="complaint", franchise=franchise.id, shop=shop.id, group=shop.group,
        manufacturer=franchise.manufacturer, department="after_sales", severity="general", state="registered",
        owner="queue:operator", owner_role="operator", rung=0, policy=POLICY.policy.id,
        policy_version=POLICY.version,
    )  # fmt: skip
    return CaseOpened(
        id=uuid4(), case_id=uuid4(), occurred_at=at, seq=1, header=header, channel="onsite", received_at=at,
        calendar=shop.calendar, criteria=(),
    )  # fmt: skip
