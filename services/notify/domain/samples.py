"""One sample of every event a notice can be about, to try its texts on."""

from typing import Any, get_args
from uuid import UUID

from schemas.base import Bilingual
from schemas.cases import CaseHeader, OpenTask, Unconfirmed
from schemas.conditions import EVENTS
from schemas.contacts import Language
from schemas.policies import Policy
from schemas.vocabulary import Where
from services.notify.domain.facts import Facts
from services.notify.domain.recipients import Event

ID = UUID("00000000-0000-5000-8000-000000000001")
AT = "2026-03-02T01:30:00Z"
TASK = OpenTask(
    task_id=ID, task="task", to="receiver", role="role", place="shop", where="shop", moves_owner=True
)
HEADER = CaseHeader(
    number="7K2M-9QXD-4T",
    kind="kind",
    channel="channel",
    franchise="franchise",
    shop="shop",
    group="group",
    region="region",
    manufacturer="manufacturer",
    department="department",
    severity="level",
    suspected="level",
    state="state",
    stage="handling",
    owner="owner",
    owner_role="role",
    owner_where="shop",
    tasks=(TASK,),
    policy="policy",
    policy_version="version",
)
# Every event takes the fields it has and leaves the others.
FIELDS: dict[str, Any] = {
    **dict(TASK),
    **dict.fromkeys(("id", "case_id", "note", "contact", "breach"), str(ID)),
    **dict.fromkeys(("occurred_at", "received_at", "due_at", "met_at"), AT),
    **{name: name for name in ("action", "channel", "form", "ladder", "deadline")},
    **dict.fromkeys(("severity", "previous"), "level"),
    "header": HEADER,
    "by": "giver",
    "via": "escalation",
    "previous_state": "state",
    "calendar": {"zone": "UTC"},
    "criteria": ("criterion",),
    "cycle": 1,
    "accountable": "role",
    "level": -1,
    "late": False,
    "part": "owner",
    "predecessor": "giver",
    "why": "left",
    "because": "certain",
    "reason": "severity_raised",
    "previous_version": "version",
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


def longest(facts: Facts, policy: Policy, language: Language) -> Facts:
    """The same facts with names and words as long as they come."""
    shop, person, deadline = LONG[language]
    names: Facts = {"shop": shop, "manufacturer": shop, "deadline": deadline, "cycle": 10}
    names |= dict.fromkeys(("owner", "receiver", "by", "to", "name"), person)
    names |= {name: _longest(titles, language) for name, titles in _titles(policy).items()}
    return {**facts, **{name: value for name, value in names.items() if name in facts}}


def _titles(policy: Policy) -> dict[str, list[Bilingual]]:
    """What each fact that is a word can be called."""
    engine = {
        name: [policy.words[one] for one in get_args(kind) if one in policy.words]
        for name, kind in ENGINE.items()
    }
    levels = [level.title for level in policy.severity.levels]
    named: dict[str, Any] = {
        **dict.fromkeys(("role", "owner_role", "accountable"), policy.roles),
        "kind": policy.kinds,
        "department": policy.departments,
        "state": policy.states,
        "action": policy.actions,
        "task": policy.tasks,
        "ladder": policy.ladders,
    }
    titles = {name: [one.title for one in specs] for name, specs in named.items()}
    return engine | titles | dict.fromkeys(("severity", "suspected", "previous"), levels)


ENGINE: dict[str, Any] = {"where": Where, "unconfirmed": Unconfirmed}


def _longest(titles: list[Bilingual], language: Language) -> str:
    return max((str(getattr(title, language)) for title in titles), key=len, default="")
