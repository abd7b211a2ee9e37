"""When a breach escalates a rung: in the shop's hours, at once when major, one rung per case and pass."""

from collections.abc import Mapping

from schemas.cases import CaseHeader
from schemas.deadline_spec import DeadlineSpec
from services.sla.domain.settling import Settlement
from services.sla.domain.state import DeadlineState, PendingEscalation
from services.sla.domain.terms import Terms

DeadlineStates = Mapping[str, DeadlineState]


def awaiting(terms: Terms, settlement: Settlement, header: CaseHeader, now: int) -> DeadlineState:
    """The deadline with the oldest breach that nobody reacted to set to escalate; later ones escalation with it."""
    after, view = settlement.after, settlement.after.view
    breaches = [one for one, _ in settlement.firings if one.level == 0 and one.origin == view.origin]
    unanswered = breaches and view.status in {"running", "paused"}
    if after.escalation is not None or not unanswered or not terms.spec.escalates:
        return after
    first = breaches[0]
    at = now if header.severity == "major" else terms.opening(now)
    return after.model_copy(
        update={"escalation": PendingEscalation(origin=first.origin, cycle=first.cycle, due=first.at, at=at)}
    )


def hurried(deadlines: DeadlineStates, header: CaseHeader, now: int) -> dict[str, DeadlineState]:
    """A case that became major waits for no shop to open."""
    return {
        name: _at_latest(deadline, deadline.escalation, now)
        if deadline.escalation and header.severity == "major"
        else deadline
        for name, deadline in deadlines.items()
    }


def chosen(
    specs: tuple[DeadlineSpec, ...], deadlines: DeadlineStates, now: int
) -> tuple[DeadlineSpec, PendingEscalation] | None:
    """The escalation whose breach is oldest among those whose time has come."""
    waiting = [
        (spec, deadline.escalation)
        for spec in specs
        if (deadline := deadlines.get(spec.id)) and deadline.escalation and deadline.escalation.at <= now
    ]
    return min(waiting, key=lambda one: one[1].due, default=None)


def escalated(deadlines: DeadlineStates, now: int) -> dict[str, DeadlineState]:
    """The deadlines after a pass: every escalation whose time had come is spent."""
    return {
        name: deadline.model_copy(update={"escalation": None})
        if deadline.escalation and deadline.escalation.at <= now
        else deadline
        for name, deadline in deadlines.items()
    }


def _at_latest(deadline: DeadlineState, escalation: PendingEscalation, now: int) -> DeadlineState:
    return deadline.model_copy(
        update={"escalation": escalation.model_copy(update={"at": min(escalation.at, now)})}
    )
