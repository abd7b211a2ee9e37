"""When a breach escalates a rung: in the shop's hours or at once, one rung per case and pass."""

from collections.abc import Iterable

from services.sla.domain.due.terms import Terms
from services.sla.domain.instances import DeadlineStates, Instance
from services.sla.domain.reconcile import RUNS, Reconciliation
from services.sla.domain.state import DeadlineState, PendingEscalation


def plan_escalation(terms: Terms, result: Reconciliation, now: int, *, outside_hours: bool) -> DeadlineState:
    """The deadline with an escalation pending for its oldest new breach, if nobody has reacted to it.

    Later breaches are escalated with it. It waits for the shop to open unless it may escalate `outside_hours`.
    """
    after, view = result.after, result.after.view
    breaches = [fired for fired, _ in result.firings if fired.level == 0 and fired.origin == view.origin]
    is_unanswered = breaches and view.status in RUNS
    if after.escalation is not None or not is_unanswered or not terms.spec.escalates:
        return after
    first = breaches[0]
    at = now if outside_hours else terms.next_opening(now)
    return after.model_copy(
        update={"escalation": PendingEscalation(origin=first.origin, cycle=first.cycle, due=first.at, at=at)}
    )


def bring_forward(deadlines: DeadlineStates, now: int) -> dict[str, DeadlineState]:
    """The deadlines of a case whose escalations no longer wait for its shop to open."""
    return {
        name: _at_latest(deadline, deadline.escalation, now) if deadline.escalation else deadline
        for name, deadline in deadlines.items()
    }


def choose_escalation(
    instances: Iterable[Instance], deadlines: DeadlineStates, now: int
) -> tuple[Instance, PendingEscalation] | None:
    """The escalation whose breach is oldest among those whose time has come."""
    pending = [
        (instance, escalation)
        for instance in instances
        if (escalation := deadlines[instance.name].escalation) and escalation.at <= now
    ]
    return min(pending, key=lambda choice: choice[1].due, default=None)


def clear_escalations(deadlines: DeadlineStates, now: int) -> dict[str, DeadlineState]:
    """The deadlines after a pass: no escalation whose time had come is pending any more."""
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
