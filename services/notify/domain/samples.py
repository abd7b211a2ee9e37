"""One sample of every event a notice can be about, to try its texts on."""

from typing import Any
from uuid import UUID

from schemas.cases import CaseHeader
from schemas.conditions import EVENTS
from services.notify.domain.recipients import Event

ID = UUID("00000000-0000-5000-8000-000000000001")
AT = "2026-03-02T01:30:00Z"
HEADER = CaseHeader(
    number="7K2M-9QXD-4T",
    kind="complaint",
    franchise="franchise",
    shop="shop",
    group="group",
    manufacturer="manufacturer",
    department="after_sales",
    severity="major",
    state="in_progress",
    owner="owner",
    owner_role="dealer_cr_manager",
    offered_to="offered",
    offered_role="dept_manager",
    rung=0,
    profile="profile",
    profile_version="version",
)
# Every event takes the fields it has and leaves the others.
FIELDS: dict[str, Any] = {
    **dict.fromkeys(("id", "case_id", "note", "contact", "breach", "reason"), str(ID)),
    **dict.fromkeys(("occurred_at", "received_at", "due_at", "met_at"), AT),
    "header": HEADER,
    "by": "giver",
    "to": "offered",
    "role": "dept_manager",
    "tier": "dealer",
    "via": "climb",
    "rung": 1,
    "clock": "clock",
    "channel": "email",
    "calendar": {"zone": "UTC"},
    "criteria": ("criterion",),
    "severity": "major",
    "previous": "general",
    "cycle": 1,
    "accountable": "dealer_cr_manager",
    "level": -1,
    "late": False,
}


def sample(kind: str) -> Event:
    """An event of this type."""
    return EVENTS[kind].model_validate(FIELDS)
