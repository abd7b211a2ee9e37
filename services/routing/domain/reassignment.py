"""Hands over what is no longer somebody's, and alarms at queues that have no members."""

from collections.abc import Collection
from typing import Any, TypeVar, get_args
from uuid import UUID

from schemas.cases import CaseReassigned, CaseUnattended, Part, tier
from services.common.store.decision import Change, event_id
from services.routing.domain import ladder, manufacturer
from services.routing.domain.assignment import Chosen, Seat
from services.routing.domain.case import Case, HandOver, Support
from services.routing.domain.draft import Draft
from services.routing.domain.holding import Hold, Why, holds_of, lost, unstaffed
from services.routing.domain.world import World

H = TypeVar("H", HandOver, Support)
PARTS: tuple[Part, ...] = get_args(Part)


class Reassign:
    """The directory has changed: look whether the case is still theirs who have it."""


def reassigned(case: Case, cause: UUID, world: World) -> Change[Case] | None:
    """The case in hands that may have it; None where it is, or is over."""
    # The same directory can take the same person's case twice, or be short of the same people; the revision
    # and the number of announcements tell the two apart.
    revision = case.revisions[-1].revision if case.revisions else 0
    change = put_right(Change(case), event_id(cause, f"{revision}:{case.alarms}"), world)
    return change if change.state != case else None


def put_right(change: Change[Case], cause: UUID, world: World) -> Change[Case]:
    """What was decided, and every part of the case with somebody who may have it or who answers for its queue."""
    if change.state.state == "closed" or not world.directory.people:
        return change
    draft = Draft.of(change.state, cause, "directory", world.now)
    hand_over_lost(draft, PARTS, world)
    _alarm(draft, world)
    return _together(change, draft)


def hand_over_lost(draft: Draft, parts: Collection[Part], world: World) -> None:
    """Give these parts of the case to others where they are no longer somebody's."""
    for hold in holds_of(draft.case) if world.directory.people else ():
        if hold.part in parts and (why := lost(hold, world.directory)):
            _hand_over(draft, hold, why, world)


def _hand_over(draft: Draft, hold: Hold, why: Why, world: World) -> None:
    chosen, supporter = _successor(draft.case, hold, world), draft.case.support
    told = {"part": hold.part, "to": chosen.person, "predecessor": hold.name, "role": hold.role, "why": why}
    if hold.part == "support" and supporter is not None and supporter.accepted_at is not None:
        # Whoever follows has not accepted: they are asked anew, and so is their time to accept.
        manufacturer.ask(draft, chosen, manufacturer.Ground("support"), world)
        draft.set(support=draft.case.support and draft.case.support.model_copy(update={"previous": None}))
    else:
        draft.set(**_in_the_hands_of(draft, hold, chosen, world))
        draft.tell(CaseReassigned, tier=tier(hold.role), **told)
    draft.note("case.reassigned", step=chosen.step, **{**chosen.facts, **told})


def _in_the_hands_of(draft: Draft, hold: Hold, chosen: Chosen, world: World) -> dict[str, Any]:
    """The fields of the case that change with who has this part."""
    hand_over, support = draft.case.hand_over, draft.case.support
    post = world.post(draft.case, chosen.person, hold.role)
    mine = {"to": chosen.person, "post": post}
    match hold.part:
        case "owner":
            return {"owner": chosen.person, "owned_at": draft.at, "owner_post": post}
        case "hand_over":
            return {"hand_over": hand_over and _moved(hand_over, hold, mine)}
        case "support":
            return {"support": support and _moved(support, hold, mine)}


def _successor(case: Case, hold: Hold, world: World) -> Chosen:
    """The deputy of who had it, else whom the rules choose for the role, on the next rungs, or its queue."""
    seat = _seat(case, hold, world)
    before = world.directory.people.get(hold.name)
    deputy = world.directory.person(before.deputy or "") if before else None
    if deputy and world.roster().takes_over(deputy, seat):
        return Chosen(deputy.id, "deputy", {"role": hold.role})
    if hold.part == "support":
        return manufacturer.pick(case, world, frozenset({hold.name}))
    return world.roster().choose(seat)


def _seat(case: Case, hold: Hold, world: World) -> Seat:
    """What is to be filled: not by who had it, nor by whom another part of the case keeps from it."""
    if hold.part == "support":
        return Seat(hold.at, hold.role, not_by=manufacturer.declined(case), without=hold.name)
    hand_over_to = frozenset({case.hand_over.to} if case.hand_over else ())
    others = ladder.passed(case, world) if hold.part == "hand_over" else hand_over_to
    stand_ins = world.policy(case).stand_ins(hold.role)
    return Seat(case.shop, hold.role, case.department, others - {hold.name}, stand_ins, hold.name)


def _moved(held: H, hold: Hold, mine: dict[str, str]) -> H:
    """What was theirs is the other's now, also where a later one has put it aside."""
    over = held.previous and _moved(held.previous, hold, mine)
    return held.model_copy(update={"previous": over, **(mine if held.to == hold.name else {})})


def _alarm(draft: Draft, world: World) -> None:
    """Tell of each queue without members that holds the case, once until it has members again."""
    empty = [hold for hold in holds_of(draft.case) if unstaffed(hold, world.directory)]
    known = draft.case.unstaffed
    draft.set(unstaffed=tuple(dict.fromkeys(hold.name for hold in empty)))
    for hold in empty:
        if hold.name not in known:
            draft.set(alarms=draft.case.alarms + 1)
            draft.tell(CaseUnattended, part=hold.part, to=hold.name, role=hold.role)
            draft.note("case.unattended", part=hold.part, to=hold.name)


def _together(change: Change[Case], draft: Draft) -> Change[Case]:
    """Two decisions as one: what a person can see of both is one revision."""
    if draft.case == change.state:
        return change
    more = draft.change()
    state = more.state
    if change.visible and more.visible:
        *before, first, last = state.revisions
        fields = tuple(dict.fromkeys((*first.fields, *last.fields)))
        state = state.model_copy(update={"revisions": (*before, first.model_copy(update={"fields": fields}))})
    return Change(
        state,
        (*change.events, *more.events),
        (*change.history, *more.history),
        visible=change.visible or more.visible,
    )
