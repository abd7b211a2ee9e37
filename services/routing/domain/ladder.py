"""A breach climbs one rung; a breach that does not stand takes back a climb nobody accepted."""

from uuid import UUID

from schemas.cases import CaseClimbWithdrawn, CaseHandedOver, Tier
from schemas.deadlines import DeadlineClimbDue
from services.common.decision import Change
from services.routing.domain import manufacturer
from services.routing.domain.assignment import Chosen, Seat
from services.routing.domain.case import ENDED, Case, Offer, Support
from services.routing.domain.draft import Draft
from services.routing.domain.programme import Programme
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
    if world.programme(case).profile.ladder[rung].tier == "manufacturer":
        _to_manufacturer(draft, rung, chosen, due)
    else:
        _to_dealer(draft, rung, chosen, due, world.programme(case))
    return draft.change()


def _same_pass(case: Case, due: DeadlineClimbDue) -> bool:
    """What was found due no later than the last climb is answered by it: one rung, not two."""
    return bool(case.climbed_for) and case.climbed_at is not None and due.occurred_at <= case.climbed_at


def _fallen(case: Case, breach: UUID) -> bool:
    return any(each.id == breach and not each.standing for each in case.breaches)


def _next(case: Case, due: DeadlineClimbDue, world: World) -> tuple[int, Chosen] | None:
    """The next rung on duty, else the desk of the next rung; counted from who missed the time."""
    programme, roster = world.programme(case), world.roster()
    missed = programme.rung(due.accountable) or 0
    seats = [(at, _seat(case, programme, at)) for at, _ in programme.above(max(case.rung, missed))]
    for at, seat in seats:
        if chosen := roster.person(seat):
            return at, chosen
    return (seats[0][0], roster.choose(seats[0][1])) if seats else None


def _seat(case: Case, programme: Programme, rung: int) -> Seat:
    step = programme.profile.ladder[rung]
    if step.tier == "manufacturer":
        return Seat(case.manufacturer or case.shop, step.role)
    return Seat(case.shop, step.role, case.department, frozenset({case.owner}))


def _to_dealer(draft: Draft, rung: int, chosen: Chosen, due: DeadlineClimbDue, programme: Programme) -> None:
    case, step = draft.case, programme.profile.ladder[rung]
    offered = Offer(
        to=chosen.person, role=step.role, via="climb", rung=rung, at=draft.at, giver=case.owner,
        before=case.state, rung_before=case.rung, breach=due.breach, over=case.offer,
    )  # fmt: skip
    draft.set(offer=offered, rung=rung, state="escalated")
    draft.tell(
        CaseHandedOver, to=chosen.person, role=step.role, tier="dealer", via="climb", rung=rung,
        clock=due.clock,
    )  # fmt: skip
    draft.note(
        "case.handed_over", to=chosen.person, via="climb", clock=due.clock, step=chosen.step, **chosen.facts
    )


def _to_manufacturer(draft: Draft, rung: int, chosen: Chosen, due: DeadlineClimbDue) -> None:
    """Whoever supports the case already is the one asked; he has to accept that it is his turn."""
    support = draft.case.support
    if support is not None and not support.to.startswith("desk:"):
        chosen = Chosen(support.to, "supporter", {"role": manufacturer.ROLE})
    manufacturer.ask(draft, chosen, manufacturer.Ground("climb", due, rung))


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
        state = offer.before if case.state == "escalated" else case.state
        draft.set(offer=offer.over, rung=offer.rung_before, state=state)
        _tell(draft, clock, offer.to, "dealer", again=_climbed(offer.over))
    elif support is not None and support.breach == breach and support.accepted_at is None:
        state = support.before if case.state == "escalated" else case.state
        draft.set(support=support.over, rung=support.rung_before, state=state)
        _tell(draft, clock, support.to, "manufacturer", again=_asked(support.over))
    elif offer is not None:
        draft.set(offer=_without(offer, breach))


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
