"""One sample of every event a notice can be about, to try its texts on."""

from typing import Any, get_args
from uuid import UUID

from schemas.cases import CaseHeader, Role, Tier, Unconfirmed
from schemas.conditions import EVENTS
from schemas.contacts import Department, Kind, Language
from schemas.policies import Policy
from services.notify.domain.facts import Facts
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
    severity="level",
    suspected="level",
    state="in_progress",
    owner="owner",
    owner_role="dealer_cr_manager",
    hand_over_to="receiver",
    hand_over_role="dept_manager",
    rung=0,
    policy="policy",
    policy_version="version",
)
# Every event takes the fields it has and leaves the others.
FIELDS: dict[str, Any] = {
    **dict.fromkeys(("id", "case_id", "note", "contact", "breach", "reason", "task_id"), str(ID)),
    **dict.fromkeys(("occurred_at", "received_at", "due_at", "met_at"), AT),
    "header": HEADER,
    "by": "giver",
    "to": "receiver",
    "role": "dept_manager",
    "tier": "dealer",
    "via": "escalation",
    "rung": 1,
    "deadline": "deadline",
    "channel": "email",
    "calendar": {"zone": "UTC"},
    "criteria": ("criterion",),
    "severity": "level",
    "previous": "level",
    "cycle": 1,
    "accountable": "dealer_cr_manager",
    "level": -1,
    "late": False,
    "part": "owner",
    "predecessor": "giver",
    "why": "left",
    "task": "confirm",
    "because": "certain",
}


def sample(kind: str) -> Event:
    """An event of this type."""
    return EVENTS[kind].model_validate(FIELDS)


# As long as real ones come: of a shop, a person and a deadline.
LONG: dict[Language, tuple[str, str, str]] = {
    "zh": ("广州白云机场路汽车销售服务店", "欧阳文静", "受理后二十四小时内联系客户本人"),
    "en": (
        "Nanfeng Guangzhou Baiyun Auto",
        "Alexandra Fitzgerald",
        "The department has contacted the customer within a whole day",
    ),
}
WORDS: dict[str, Any] = {
    "kind": Kind,
    "department": Department,
    "tier": Tier,
    **dict.fromkeys(("role", "owner_role", "accountable"), Role),
    "unconfirmed": Unconfirmed,
}


def longest(facts: Facts, policy: Policy, language: Language) -> Facts:
    """The same facts with names and words as long as they come."""
    shop, person, deadline = LONG[language]
    names = {"shop": shop, "manufacturer": shop, "deadline": deadline, "cycle": 10}
    names |= dict.fromkeys(("owner", "receiver", "by", "to", "name"), person)
    called = {word: getattr(text, language) for word, text in policy.words.items()}
    long = {name: max((called.get(w, w) for w in get_args(kind)), key=len) for name, kind in WORDS.items()}
    levels = [getattr(level.title, language) for level in policy.severity.levels]
    long |= dict.fromkeys(("severity", "suspected", "previous"), max(levels, key=len, default=""))
    return {**facts, **{name: value for name, value in {**names, **long}.items() if name in facts}}
