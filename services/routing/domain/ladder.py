"""A breach climbs one rung; a breach that does not stand takes back a climb nobody accepted."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from schemas.cases import CaseClimbWithdrawn, CaseHandedOver, Tier
from schemas.deadlines import DeadlineClimbDue
from schemas.staffing import Queue
from services.common.decision import Change
from services.routing.domain import manufacturer
from services.routing.domain.assignment import Chosen, Seat, queued
from services.routing.domain.case import ENDED, Case, Offer, Support
from services.routing.domain.draft import Draft
from services.routing.domain.world import World


def climb(case: Case, due: DeadlineClimbDue, cause: UUID, world: World) -> Change[Case] | None:
    """Offer the case to the next rung; None at the top or when over."""
    if case.state in ENDED or _fallen(case, due.breach):
        return None
    draft = Draft.of(case, cause, "ladder", world.now)
    if _same_pass(case, due):
        draft.set(climbed_for=(*case.climbed_for, due.breach))
        return draft.change()
    found = _next(case, due, world)
    if found is None:
        return None
    rung, chosen = found
    draft.set(climbed_at=world.now, climbed_for=(due.breach,))
    if world.ladder(case)[rung].tier == "manufacturer":
        _to_manufacturer(draft, rung, chosen, due, world)
    else:
        _to_dealer(draft, rung, chosen, due, world)
    return draft.change()


def _same_pass(case: Case, due: DeadlineClimbDue) -> bool:
    """What was found due no later than the last climb is answered by it: one rung, not two."""
    return bool(case.climbed_for) and case.climbed_at is not None and due.occurred_at <= case.climbed_at


def _fallen(case: Case, breach: UUID) -> bool:
    return any(each.id == breach and not each.standing for each in case.breaches)


def _next(case: Case, due: DeadlineClimbDue, world: World) -> tuple[int, Chosen] | None:
    """The next rung with somebody on duty who has not let it pass, else one whose queue has others.

    Counted from who missed the time.
    """
    programme, barred = world.programme(case), passed(case, world)
    rungs = programme.above(max(case.rung, programme.rung(due.accountable) or 0))
    seats = [(at, Seat(case.shop, rung.role, case.department, barred)) for at, rung in rungs]
    for (at, seat), (_, rung) in zip(seats, rungs, strict=True):
        dealer = rung.tier == "dealer"
        chosen = world.roster().person(seat) if dealer else manufacturer.person(case, world, barred)
        if chosen is not None:
            return at, chosen
    return _queue(case, seats, world) if rungs else None


def _queue(case: Case, seats: Sequence[tuple[int, Seat]], world: World) -> tuple[int, Chosen]:
    """The first queue for which only others answer, one with members before one without; else the highest."""
    barred = seats[0][1].not_by
    asked = manufacturer.queue(case, world, barred)
    queues = [
        (at, asked if seat.role == manufacturer.ROLE else Queue(seat.at, seat.role)) for at, seat in seats
    ]
    others = [(at, queue) for at, queue in queues if barred.isdisjoint(_answering(case, queue, world))]
    at, queue = next((one for one in others if world.directory.staff(*one[1])), (others or queues[-1:])[0])
    return at, queued(queue)


def _answering(case: Case, queue: Queue, world: World) -> Iterator[str]:
    """Whoever would be told of a case in a queue, and may take it."""
    directory, now = world.directory, world.now
    line = directory.line(case, world.ladder(case), queue, now)
    for member in (*directory.staff(*queue), *directory.attending(line, case.department, now)):
        yield from (one.id for one in directory.stand_ins(member, queue.at, now))


def passed(case: Case, world: World) -> frozenset[str]:
    """Who is not offered it once more: the owner, whoever it is offered to, and who declined since it was taken."""
    offered = {*case.passed, *_offered(case.offer)}
    queues = [queue for name in offered if (queue := Queue.named(name))]
    own = Queue.named(case.owner)
    owners = (one.id for one in world.directory.staff(*own)) if own else (case.owner,)
    answering = (one for queue in queues for one in _answering(case, queue, world))
    return frozenset((*owners, *offered, *answering))


def _offered(offer: Offer | None) -> Iterator[str]:
    while offer is not None:
        yield offer.to
        offer = offer.over


def _to_dealer(draft: Draft, rung: int, chosen: Chosen, due: DeadlineClimbDue, world: World) -> None:
    case, step = draft.case, world.ladder(draft.case)[rung]
    offered = Offer(
        to=chosen.person, role=step.role, via="climb", rung=rung, at=draft.at, giver=case.owner,
        before=case.state, rung_before=case.rung, breach=due.breach, over=case.offer,
        post=world.post(case, chosen.person, step.role),
    )  # fmt: skip
    draft.set(offer=offered, rung=rung, state="escalated")
    draft.tell(
        CaseHandedOver, to=chosen.person, role=step.role, tier="dealer", via="climb", rung=rung,
        clock=due.clock,
    )  # fmt: skip
    draft.note(
        "case.handed_over", to=chosen.person, via="climb", clock=due.clock, step=chosen.step, **chosen.facts
    )


def _to_manufacturer(draft: Draft, rung: int, chosen: Chosen, due: DeadlineClimbDue, world: World) -> None:
    """Whoever supports the case already is the one asked, unless it was theirs at the dealer's too.

    They have to accept that it is their turn.
    """
    support, barred = draft.case.support, passed(draft.case, world)
    if support is not None and Queue.named(support.to) is None and support.to not in barred:
        chosen = Chosen(support.to, "supporter", {"role": manufacturer.ROLE})
    manufacturer.ask(draft, chosen, manufacturer.Ground("climb", due, rung), world)


def withdraw(draft: Draft, breach: UUID, clock: str) -> None:
    """Take back the climb that a breach caused, unless somebody has accepted it or another breach stands for it.

    One that a later climb had put aside goes without a word, since it is offered to nobody now.
    """
    left = tuple(each for each in draft.case.climbed_for if each != breach)
    if left and left != draft.case.climbed_for:
        _answer(draft, breach, left)
    else:
        draft.set(climbed_for=left)
        _take_back(draft, breach, clock)


def _answer(draft: Draft, breach: UUID, left: tuple[UUID, ...]) -> None:
    """The climb stays, for the next of the breaches that it answers."""
    offer, support = draft.case.offer, draft.case.support
    if offer is not None and offer.breach == breach:
        offer = offer.model_copy(update={"breach": left[0]})
    if support is not None and support.breach == breach:
        support = support.model_copy(update={"breach": left[0]})
    draft.set(climbed_for=left, offer=offer, support=support)


def _take_back(draft: Draft, breach: UUID, clock: str) -> None:
    case = draft.case
    offer, support = case.offer, case.support
    if offer is not None and offer.via == "climb" and offer.breach == breach:
        draft.set(offer=offer.over, **_returned(case, offer))
        _tell(draft, clock, offer.to, "dealer", again=_climbed(offer.over))
    elif support is not None and support.breach == breach and support.accepted_at is None:
        state = support.before if case.state == "escalated" else case.state
        draft.set(support=support.over, rung=support.rung_before, state=state)
        _tell(draft, clock, support.to, "manufacturer", again=_asked(support.over))
    elif offer is not None:
        draft.set(offer=_without(offer, breach))


def _returned(case: Case, offer: Offer) -> dict[str, Any]:
    """Where a case is without this climb: as before it, or still where a later one brought it."""
    support = case.support
    if support is not None and support.via == "climb" and support.accepted_at is None:
        before = {"before": offer.before, "rung_before": offer.rung_before}
        return {"support": support.model_copy(update=before)}
    return {"rung": offer.rung_before, "state": offer.before if case.state == "escalated" else case.state}


def _without(offer: Offer, breach: UUID) -> Offer:
    """The offer with the climb of a breach taken out from beneath it."""
    under = offer.over
    if under is None:
        return offer
    if under.breach == breach:
        left = {"over": under.over, "before": under.before, "rung_before": under.rung_before}
        return offer.model_copy(update=left)
    return offer.model_copy(update={"over": _without(under, breach)})


def _climbed(offer: Offer | None) -> bool:
    return offer is not None and offer.via == "climb"


def _asked(support: Support | None) -> bool:
    return support is not None and support.accepted_at is None


def _tell(draft: Draft, clock: str, to: str, tier: Tier, *, again: bool) -> None:
    draft.tell(CaseClimbWithdrawn, clock=clock, to=to, tier=tier, again=again)
    draft.note("case.climb_withdrawn", clock=clock, to=to)
