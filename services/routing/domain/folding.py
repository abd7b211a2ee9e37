"""What deadlines and deliveries did, folded into the case; only an escalation taken back is published."""

from typing import Any
from uuid import UUID

from schemas.deadlines import (
    DeadlineBreached,
    DeadlineCancelled,
    DeadlineEscalationDue,
    DeadlineEvent,
    DeadlineMessage,
    DeadlineMet,
    DeadlineMoved,
    DeadlinePaused,
    DeadlineStarted,
    DeadlineWarned,
    DeadlineWithdrawn,
)
from schemas.deliveries import DeliveryReported
from services.common.store.decision import Change
from services.routing.domain import ladder, steps
from services.routing.domain.case import NEVER, Breach, Case, Deadline, DeadlineStatus
from services.routing.domain.draft import Draft
from services.routing.domain.moments import Moment
from services.routing.domain.world import World

KEPT = 50

STATUS: dict[type[DeadlineMessage], DeadlineStatus] = {
    DeadlineStarted: "running",
    DeadlineMoved: "running",
    DeadlinePaused: "paused",
    DeadlineBreached: "breached",
    DeadlineMet: "met",
    DeadlineWithdrawn: "met",
    DeadlineCancelled: "cancelled",
}
KEPT_FIELDS: dict[type[DeadlineMessage], tuple[str, ...]] = {
    DeadlineStarted: ("provisional",),
    DeadlineMoved: ("provisional",),
    DeadlineMet: ("met_at", "late"),
    DeadlineWithdrawn: ("met_at",),
}


def fold_deadline(case: Case, event: DeadlineEvent, cause: UUID, world: World) -> Change[Case]:
    """The case with the deadline as it now stands."""
    draft = Draft.of(case, cause, "deadlines", world)
    _keep(draft, event)
    match event:
        case DeadlineBreached():
            _breached(draft, event)
            _follow(draft, event, world, escalating=False)
        case DeadlineWithdrawn():
            _withdrawn(draft, event, world)
        case DeadlineWarned():
            _warned(draft, event)
        case _:
            pass
    return draft.change()


def escalate(case: Case, due: DeadlineEscalationDue, cause: UUID, world: World) -> Change[Case] | None:
    """What follows a breach once the shop is open, or at once where its level says so; None where it does not stand."""
    if any(each.id == due.breach and not each.standing for each in case.breaches):
        return None
    draft = Draft.of(case, cause, "ladder", world)
    _follow(draft, due, world, escalating=True)
    return draft.change() if draft.case != case else None


def _follow(draft: Draft, event: DeadlineMessage, world: World, *, escalating: bool) -> None:
    """Take the steps of a deadline that follow its breach: those of a task only while it is not done."""
    spec, task = draft.policy.deadline.get(event.deadline), draft.case.task(event.task_id)
    if spec is None or (event.task_id is not None and task is None) or draft.case.is_over:
        return
    own = [step for step in spec.on_breach if bool(step.escalate) == escalating]
    steps.take(draft, own, Moment(event=event, task=task), world)


def count_delivery(case: Case, event: DeliveryReported, cause: UUID, world: World) -> Change[Case]:
    """One more message with this fate; the deliveries themselves rest elsewhere."""
    draft = Draft.of(case, cause, "deliveries", world)
    name = f"{event.medium} {event.result}"
    draft.set(deliveries={**case.deliveries, name: case.deliveries.get(name, 0) + 1})
    return draft.change()


def _keep(draft: Draft, event: DeadlineMessage) -> None:
    deadlines = dict(draft.case.deadlines)
    present = deadlines.get(event.name)
    if present is not None and event.cycle < present.cycle:
        return  # about a round that is over: the present one stands as it is
    if present is None or present.cycle != event.cycle:
        present = Deadline(cycle=event.cycle, due_at=event.due_at, accountable=event.accountable)
    deadlines[event.name] = present.model_copy(
        update={"due_at": event.due_at, "accountable": event.accountable, **_progress(event)}
    )
    draft.set(deadlines=deadlines, next_due=_next_due(deadlines))


def _progress(event: DeadlineMessage) -> dict[str, Any]:
    kind = type(event)
    fields = {name: getattr(event, name) for name in KEPT_FIELDS.get(kind, ())}
    return {"status": STATUS[kind], **fields} if kind in STATUS else fields


def _next_due(deadlines: dict[str, Deadline]) -> Any:
    """The earliest time still owed; one that has passed is owed until it is met."""
    owed = (each.due_at for each in deadlines.values() if each.status in {"running", "breached"})
    return min(owed, default=NEVER)


def _breached(draft: Draft, event: DeadlineBreached) -> None:
    """A deadline that nobody answers breaches day after day: only the first breach is an entry, the others count."""
    case = draft.case
    draft.set(breach_count=case.breach_count + 1)
    if event.repeat and (first := _repeated(case, event)) is not None:
        _replace(draft, first, repeats=first.repeats + 1)
        return
    breach = Breach(
        id=event.id,
        deadline=event.deadline,
        task_id=event.task_id,
        cycle=event.cycle,
        due_at=event.due_at,
        accountable=event.accountable,
    )
    draft.set(breaches=(*case.breaches[-KEPT + 1 :], breach))
    draft.record_history(
        event.type, deadline=event.deadline, cycle=event.cycle, accountable=event.accountable
    )


def _repeated(case: Case, event: DeadlineMessage) -> Breach | None:
    """The breach on which one of a later cycle is counted."""
    same = (one for one in case.breaches if (one.deadline, one.task_id) == (event.deadline, event.task_id))
    earlier = (one for one in same if one.cycle < event.cycle)
    return max(earlier, key=lambda each: each.cycle, default=None)


def _replace(draft: Draft, breach: Breach, **fields: Any) -> None:
    changed = breach.model_copy(update=fields)
    draft.set(breaches=tuple(changed if each is breach else each for each in draft.case.breaches))


def _warned(draft: Draft, event: DeadlineWarned) -> None:
    deadlines = draft.case.deadlines
    warned = deadlines[event.name].model_copy(update={"warned": event.level})
    draft.set(deadlines={**deadlines, event.name: warned})


def _withdrawn(draft: Draft, event: DeadlineWithdrawn, world: World) -> None:
    case = draft.case
    draft.set(breach_count=max(0, case.breach_count - 1))
    breach = next((one for one in case.breaches if one.id == event.breach), None)
    first = _repeated(case, event) if breach is None else None
    if breach is not None:
        _replace(draft, breach, standing=False)
    if first is not None:
        _replace(draft, first, repeats=max(0, first.repeats - 1))
    else:
        draft.record_history(event.type, deadline=event.deadline, cycle=event.cycle)
    ladder.withdraw(draft, event.breach, event.deadline)
    if not draft.case.is_over:
        # Where the escalation had stood in for it, somebody is asked for the severity's sake.
        steps.react_graver(draft, world)
