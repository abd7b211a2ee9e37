"""The steps and conditions of a policy, each with its place and what has occurred when it is looked at."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel

from schemas.cases import CaseActed, CaseHeader, CaseTaskAnswered, CaseTaskSent
from schemas.conditions import EVENTS, Condition, Wanted, When
from schemas.faults import Place
from schemas.steps import Step

if TYPE_CHECKING:
    from schemas.policies import Policy


def wanted_of(policy: "Policy") -> Iterator[tuple[Place, Wanted, type[BaseModel]]]:
    """Every condition on an event or header, with what it is a condition on."""
    for at, rule in enumerate(policy.notices):
        yield from _of_event(("notices", at, "when"), rule.when)
        yield ("notices", at, "applies"), rule.applies, CaseHeader
    yield from _of_deadlines(policy)
    for place, when, event in conditions(policy):
        yield (*place, "case"), when.case, CaseHeader
        if event is not None:
            yield (*place, "event"), when.event, event


def _of_deadlines(policy: "Policy") -> Iterator[tuple[Place, Wanted, type[BaseModel]]]:
    for at, deadline in enumerate(policy.deadlines):
        yield ("deadlines", at, "applies"), deadline.applies, CaseHeader
        for name in ("start", "pause", "resume", "stop", "cancel", "restart"):
            for nth, when in enumerate(getattr(deadline, name)):
                yield from _of_event(("deadlines", at, name, nth), when)


def _of_event(place: Place, when: When) -> Iterator[tuple[Place, Wanted, type[BaseModel]]]:
    if when.type in EVENTS:
        yield (*place, "where"), when.where, EVENTS[when.type]


def conditions(policy: "Policy") -> Iterator[tuple[Place, Condition, type[BaseModel] | None]]:
    """Every condition of a step or of what forbids an action, with the event that has just occurred."""
    for place, step, event in steps(policy):
        yield (*place, "when"), step.when, event
    for at, action in enumerate(policy.actions):
        for nth, rule in enumerate(action.refused):
            yield ("actions", at, "refused", nth, "when"), rule.when, None


def steps(policy: "Policy") -> Iterator[tuple[Place, Step, type[BaseModel] | None]]:
    """Every step with its place, and the event after which it is taken."""
    for place, steps in policy.steps():
        for nth, step in enumerate(steps):
            # A breach escalates only once the shop is open: what has then occurred is that it is due.
            after = "escalates" if step.escalate and place[-1] == "on_breach" else str(place[-1])
            yield (*place, nth), step, _EVENTS.get(after)


_EVENTS: Mapping[str, type[BaseModel]] = {
    "opened": EVENTS["case.opened"],
    "contact_added": EVENTS["case.contact_added"],
    "steps": CaseActed,
    "sent": CaseTaskSent,
    "accepted": EVENTS["case.task_accepted"],
    "answered": CaseTaskAnswered,
    "refused": EVENTS["case.task_refused"],
    "on_breach": EVENTS["deadline.breached"],
    "escalates": EVENTS["deadline.escalation_due"],
}
