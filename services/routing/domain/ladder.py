"""A breach escalates one rung; a breach that does not stand takes back an escalation nobody accepted.

Whoever is asked owns the case once they accept (`actions/answering.py`); the manufacturer's side never does, it
stands by.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from schemas.cases import CaseEscalationWithdrawn, CaseHandedOver, Tier
from schemas.deadlines import DeadlineEscalationDue
from schemas.staffing import MANUFACTURER, Queue
from services.common.store.decision import Change
from services.routing.domain.assignment import Chosen, Seat, queued
from services.routing.domain.case import ENDED, Case, HandOver, Support
from services.routing.domain.draft import Draft
from services.routing.domain.manufacturer_support import (
    SupportRequest,
    request_support,
    supporting_person,
    supporting_queue,
)
from services.routing.domain.world import World


def escalate(case: Case, due: DeadlineEscalationDue, cause: UUID, world: World) -> Change[Case] | None:
    """Hand the case over to the next rung; None at the top or when over."""
    if case.state in ENDED or _is_withdrawn(case, due.breach):
        return None
    draft = Draft.of(case, cause, "ladder", world.now)
    if _is_same_pass(case, due):
        draft.set(escalated_for=(*case.escalated_for, due.breach))
        return draft.change()
    step = _next(case, due, world)
    if step is None:
        return None
    rung, chosen = step
    draft.set(escalated_at=world.now, escalated_for=(due.breach,))
    if world.ladder(case)[rung].tier == "manufacturer":
        _to_manufacturer(draft, rung, chosen, due, world)
    else:
        _to_dealer(draft, rung, chosen, due, world)
    return draft.change()


def _is_same_pass(case: Case, due: DeadlineEscalationDue) -> bool:
    """What was found due no later than the last escalation is answered by it: one rung, not two."""
    return bool(case.escalated_for) and case.escalated_at is not None and due.occurred_at <= case.escalated_at


def _is_withdrawn(case: Case, breach: UUID) -> bool:
    return any(each.id == breach and not each.standing for each in case.breaches)


def _next(case: Case, due: DeadlineEscalationDue, world: World) -> tuple[int, Chosen] | None:
    """The next rung with somebody on duty who has not let it pass, else one whose queue has others.

    Counted from who missed the time.
    """
    policy, barred = world.policy(case), passed(case, world)
    rungs = policy.above(max(case.rung, policy.rung(due.accountable) or 0))
    seats = [(at, Seat(case.shop, rung.role, case.department, barred)) for at, rung in rungs]
    for (at, seat), (_, rung) in zip(seats, rungs, strict=True):
        dealer = rung.tier == "dealer"
        chosen = world.roster().person(seat) if dealer else supporting_person(case, world, barred)
        if chosen is not None:
            return at, chosen
    return _queue(case, seats, world) if rungs else None


def _queue(case: Case, seats: Sequence[tuple[int, Seat]], world: World) -> tuple[int, Chosen]:
    """The first queue for which only others answer, one with members before one without; else the highest."""
    barred = seats[0][1].not_by
    supporting = supporting_queue(case, world, barred)
    queues = [
        (at, supporting if seat.role == MANUFACTURER else Queue(seat.at, seat.role)) for at, seat in seats
    ]
    others = [(at, queue) for at, queue in queues if barred.isdisjoint(_answering(case, queue, world))]
    at, queue = next((one for one in others if world.directory.staff(*one[1])), (others or queues[-1:])[0])
    return at, queued(queue)


def _answering(case: Case, queue: Queue, world: World) -> Iterator[str]:
    """Whoever would be notified of a case in a queue, and may take it."""
    directory, now = world.directory, world.now
    line = directory.line(case, world.ladder(case), queue, now)
    for member in (*directory.staff(*queue), *directory.attending(line, case.department, now)):
        yield from (one.id for one in directory.stand_ins(member, queue.at, now))


def passed(case: Case, world: World) -> frozenset[str]:
    """Who is not asked once more: the owner, whoever it is handed over to, and who declined since it was taken."""
    passed_by = {*case.declined_by, *_receivers(case.hand_over)}
    queues = [queue for name in passed_by if (queue := Queue.named(name))]
    own = Queue.named(case.owner)
    owners = (one.id for one in world.directory.staff(*own)) if own else (case.owner,)
    answering = (one for queue in queues for one in _answering(case, queue, world))
    return frozenset((*owners, *passed_by, *answering))


def _receivers(hand_over: HandOver | None) -> Iterator[str]:
    while hand_over is not None:
        yield hand_over.to
        hand_over = hand_over.previous


def _to_dealer(draft: Draft, rung: int, chosen: Chosen, due: DeadlineEscalationDue, world: World) -> None:
    case, step = draft.case, world.ladder(draft.case)[rung]
    pending = HandOver(
        to=chosen.person, role=step.role, via="escalation", rung=rung, at=draft.at, giver=case.owner,
        before=case.state, rung_before=case.rung, breach=due.breach, previous=case.hand_over,
        post=world.post(case, chosen.person, step.role),
    )  # fmt: skip
    draft.set(hand_over=pending, rung=rung, state="escalated")
    draft.publish(
        CaseHandedOver, to=chosen.person, role=step.role, tier="dealer", via="escalation", rung=rung,
        deadline=due.deadline,
    )  # fmt: skip
    draft.record_history(
        "case.handed_over",
        to=chosen.person,
        via="escalation",
        deadline=due.deadline,
        step=chosen.step,
        **chosen.facts,
    )


def _to_manufacturer(
    draft: Draft, rung: int, chosen: Chosen, due: DeadlineEscalationDue, world: World
) -> None:
    """Whoever supports the case already is asked, unless it was theirs at the dealer's too.

    They have to accept that it is their turn.
    """
    support, barred = draft.case.support, passed(draft.case, world)
    if support is not None and Queue.named(support.to) is None and support.to not in barred:
        chosen = Chosen(support.to, "supporter", {"role": MANUFACTURER})
    request_support(draft, chosen, SupportRequest("escalation", due, rung), world)


def withdraw(draft: Draft, breach: UUID, deadline: str) -> None:
    """Take back the escalation that a breach caused, unless somebody has accepted it or another breach stands for it.

    One that a later escalation stands before goes without an event, since nobody is asked to accept it now.
    """
    left = tuple(each for each in draft.case.escalated_for if each != breach)
    if left and left != draft.case.escalated_for:
        _keep_for_others(draft, breach, left)
    else:
        draft.set(escalated_for=left)
        _take_back(draft, breach, deadline)


def _keep_for_others(draft: Draft, breach: UUID, left: tuple[UUID, ...]) -> None:
    """The escalation stays, for the next of the breaches that it answers."""
    hand_over, support = draft.case.hand_over, draft.case.support
    if hand_over is not None and hand_over.breach == breach:
        hand_over = hand_over.model_copy(update={"breach": left[0]})
    if support is not None and support.breach == breach:
        support = support.model_copy(update={"breach": left[0]})
    draft.set(escalated_for=left, hand_over=hand_over, support=support)


def _take_back(draft: Draft, breach: UUID, deadline: str) -> None:
    case = draft.case
    hand_over, support = case.hand_over, case.support
    if hand_over is not None and hand_over.via == "escalation" and hand_over.breach == breach:
        draft.set(hand_over=hand_over.previous, **_returned(case, hand_over))
        _publish(draft, deadline, hand_over.to, "dealer", again=_is_escalated(hand_over.previous))
    elif support is not None and support.breach == breach and support.accepted_at is None:
        state = support.before if case.state == "escalated" else case.state
        draft.set(support=support.previous, rung=support.rung_before, state=state)
        _publish(draft, deadline, support.to, "manufacturer", again=_is_requested(support.previous))
    elif hand_over is not None:
        draft.set(hand_over=_without(hand_over, breach))


def _returned(case: Case, hand_over: HandOver) -> dict[str, Any]:
    """Where a case is without this escalation: as before it, or still where a later one brought it."""
    support = case.support
    if support is not None and support.via == "escalation" and support.accepted_at is None:
        before = {"before": hand_over.before, "rung_before": hand_over.rung_before}
        return {"support": support.model_copy(update=before)}
    return {
        "rung": hand_over.rung_before,
        "state": hand_over.before if case.state == "escalated" else case.state,
    }


def _without(hand_over: HandOver, breach: UUID) -> HandOver:
    """The hand-over with the escalation of a breach taken out from beneath it."""
    under = hand_over.previous
    if under is None:
        return hand_over
    if under.breach == breach:
        left = {"previous": under.previous, "before": under.before, "rung_before": under.rung_before}
        return hand_over.model_copy(update=left)
    return hand_over.model_copy(update={"previous": _without(under, breach)})


def _is_escalated(hand_over: HandOver | None) -> bool:
    return hand_over is not None and hand_over.via == "escalation"


def _is_requested(support: Support | None) -> bool:
    return support is not None and support.accepted_at is None


def _publish(draft: Draft, deadline: str, to: str, tier: Tier, *, again: bool) -> None:
    draft.publish(CaseEscalationWithdrawn, deadline=deadline, to=to, tier=tier, again=again)
    draft.record_history("case.escalation_withdrawn", deadline=deadline, to=to)
