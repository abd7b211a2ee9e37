"""What format 2 had by name, the same for every policy: data beside this, since no code names a role."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Json = dict[str, Any]

_NAMES: Json = json.loads(files(__package__).joinpath("names.json").read_text(encoding="utf-8"))

KINDS: Sequence[str] = _NAMES["kinds"]
CHANNELS: Sequence[str] = _NAMES["channels"]
DEPARTMENTS: Sequence[str] = _NAMES["departments"]
FLAGS: Sequence[str] = _NAMES["flags"]
ROLES: Mapping[str, str] = _NAMES["roles"]
"""Every role, and where it worked."""
STATES: Mapping[str, str] = _NAMES["states"]
"""Every state, and how far a case was in it."""
FORMS: Sequence[Json] = _NAMES["forms"]
ACTIONS: Sequence[Json] = _NAMES["actions"]
"""What people did, who might, and what followed."""
HANDED_OVER: Mapping[str, Sequence[Json]] = _NAMES["hand_over"]
"""What followed a hand-over and its acceptance."""

SHOP, MANUFACTURER = "shop", "manufacturer"
SUPPORTER = next(role for role, at in ROLES.items() if at == MANUFACTURER)
"""The only role at the manufacturer: it alone supported a case, so that neither headers nor cases said it."""

HAND_OVER, SUPPORT, LADDER = "hand_over", "support", "handling"
"""What the mechanisms became that a hand-over, the manufacturer's support and the ladder had each for itself."""

ACTED = {
    "case.contacted": "contact",
    "case.followed_up": "follow_up",
    "case.not_reached": "attempt",
    "case.resolved": "resolve",
    "case.closed": "close",
}
"""Events of what people did, and what it was; each had an event of its own."""
TASKS = {
    "case.handed_over": "case.task_sent",
    "case.accepted": "case.task_accepted",
    "case.returned": "case.task_refused",
    "case.escalation_withdrawn": "case.task_withdrawn",
}
"""Events of hand-overs and of support, and what they are of a task."""
TASK_OF_TIER = {"dealer": HAND_OVER, "manufacturer": SUPPORT}
VIA = {"support": "assignment", "return": "anew"}
PARTS = {"hand_over": "task", "support": "task"}
WITHDRAWN = {False: "not_late", True: "unanswered"}
"""Why an escalation was taken back: nothing was late, and `again` another that had waited before it is asked once more."""


def answered(flags: Json | None) -> Json:
    """The facts that were asked for."""
    return {name: said for name, said in (flags or {}).items() if said is not None}


def queue_of(name: str) -> tuple[str, str] | None:
    """Place and role of a queue; None for a person."""
    kind, _, seat = name.partition(":")
    at, _, role = seat.rpartition(":")
    return (at, role) if kind == "queue" and seat else None


def as_task(kind: str, to: str, role: str, where: Json, nth: int = 0) -> Json:
    """A hand-over or request for support as a task, `where` being its case or the header of that.

    Its id follows from its case and from who is asked, so that events and case say the same; `nth` counts back where the
    same is asked of the same more than once.
    """
    place = MANUFACTURER if kind == SUPPORT else SHOP
    seat = queue_of(to)
    name = f"redress:{where['number']}:{kind}:{to}:{nth}" if nth else f"redress:{where['number']}:{kind}:{to}"
    return {
        "task_id": str(uuid5(NAMESPACE_URL, name)),
        "task": kind,
        "to": to,
        "role": role,
        "place": seat[0] if seat else where[place],
        "where": place,
        "moves_owner": kind == HAND_OVER,
    }


def placed(task: Json, where: Json) -> Json:
    """A task of before, and where who is asked works."""
    at = ROLES[task["role"]]
    return {**task, "place": where[at], "where": at}
