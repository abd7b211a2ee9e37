"""Hands over what is no longer somebody's, and alarms at queues that have no members."""

from collections.abc import Collection
from typing import Any, TypeVar, get_args
from uuid import UUID

from schemas.cases import CaseReassigned, CaseUnattended, Part, tier
from schemas.identity import reassignment_cause
from services.common.store.decision import Change
from services.routing.domain.assignment import Chosen, Seat
from services.routing.domain.case import Case, HandOver, Support
from services.routing.domain.confirmation import ask_others
from services.routing.domain.draft import Draft
from services.routing.domain.ladder import passed
from services.routing.domain.manufacturer_support import (
    SupportRequest,
    choose_supporter,
    declined_support,
    request_support,
)
from services.routing.domain.responsibilities import (
    Responsibility,
    Why,
    is_unstaffed,
    responsibilities_of,
    why_lost,
)
from services.routing.domain.world import World

H = TypeVar("H", HandOver, Support)
PARTS: tuple[Part, ...] = get_args(Part)


class Reassign:
    """The directory has changed: look whether the case is still theirs who have it."""


def reassign(case: Case, cause: UUID, world: World) -> Change[Case] | None:
    """The case with people who may have it; None where it is theirs already, or over."""
    # The same directory can take the same person's case twice, or be short of the same people; the revision
    # and the number of announcements tell the two apart.
    change = keep_responsible(Change(case), reassignment_cause(cause, case.revision, case.alarms), world)
    return change if change.state != case else None


def keep_responsible(change: Change[Case], cause: UUID, world: World) -> Change[Case]:
    """What was decided, and every part of the case with somebody who may have it or who answers for its queue."""
    if change.state.state == "closed" or not world.directory.people:
        return change
    draft = Draft.of(change.state, cause, "directory", world.now)
    reassign_lost(draft, PARTS, world)
    _alarm(draft, world)
    return _together(change, draft)


def reassign_lost(draft: Draft, parts: Collection[Part], world: World) -> None:
    """Give these parts of the case to others where they are no longer somebody's."""
    for lost in responsibilities_of(draft.case) if world.directory.people else ():
        if lost.part in parts and (why := why_lost(lost, world.directory)):
            if lost.part == "task":
                ask_others(draft, lost.name, world)
            else:
                _reassign(draft, lost, why, world)


def _reassign(draft: Draft, lost: Responsibility, why: Why, world: World) -> None:
    chosen, supporter = _successor(draft.case, lost, world), draft.case.support
    facts = {"part": lost.part, "to": chosen.person, "predecessor": lost.name, "role": lost.role, "why": why}
    if lost.part == "support" and supporter is not None and supporter.accepted_at is not None:
        # Whoever follows has not accepted: they are asked anew, and so is their time to accept.
        request_support(draft, chosen, SupportRequest("support"), world)
        draft.set(support=draft.case.support and draft.case.support.model_copy(update={"previous": None}))
    else:
        draft.set(**_given_to(draft, lost, chosen, world))
        draft.publish(CaseReassigned, tier=tier(lost.role), **facts)
    draft.record_history("case.reassigned", step=chosen.step, **{**chosen.facts, **facts})


def _given_to(draft: Draft, lost: Responsibility, chosen: Chosen, world: World) -> dict[str, Any]:
    """The fields of the case that change with who has this part."""
    hand_over, support = draft.case.hand_over, draft.case.support
    post = world.post(draft.case, chosen.person, lost.role)
    mine = {"to": chosen.person, "post": post}
    match lost.part:
        case "owner":
            return {"owner": chosen.person, "owned_at": draft.at, "owner_post": post}
        case "hand_over":
            return {"hand_over": hand_over and _moved(hand_over, lost, mine)}
        case _:
            return {"support": support and _moved(support, lost, mine)}


def _successor(case: Case, lost: Responsibility, world: World) -> Chosen:
    """The deputy of who had it, else whom the rules choose for the role, on the next rungs, or its queue."""
    seat = _seat(case, lost, world)
    before = world.directory.people.get(lost.name)
    deputy = world.directory.person(before.deputy or "") if before else None
    if deputy and world.roster().takes_over(deputy, seat):
        return Chosen(deputy.id, "deputy", {"role": lost.role})
    if lost.part == "support":
        return choose_supporter(case, world, frozenset({lost.name}))
    return world.roster().choose(seat)


def _seat(case: Case, lost: Responsibility, world: World) -> Seat:
    """What is to be filled: not by who had it, nor by whom another part of the case keeps from it."""
    if lost.part == "support":
        return Seat(lost.at, lost.role, not_by=declined_support(case), without=lost.name)
    hand_over_to = frozenset({case.hand_over.to} if case.hand_over else ())
    others = passed(case, world) if lost.part == "hand_over" else hand_over_to
    stand_ins = world.policy(case).stand_ins(lost.role)
    return Seat(case.shop, lost.role, case.department, others - {lost.name}, stand_ins, lost.name)


def _moved(part: H, lost: Responsibility, mine: dict[str, str]) -> H:
    """What was theirs is the other's now, also where a later one stands before it."""
    previous = part.previous and _moved(part.previous, lost, mine)
    return part.model_copy(update={"previous": previous, **(mine if part.to == lost.name else {})})


def _alarm(draft: Draft, world: World) -> None:
    """Announce each queue without members that holds the case, once until it has members again."""
    empty = [one for one in responsibilities_of(draft.case) if is_unstaffed(one, world.directory)]
    announced = draft.case.unstaffed
    draft.set(unstaffed=tuple(dict.fromkeys(queue.name for queue in empty)))
    for queue in empty:
        if queue.name not in announced:
            draft.set(alarms=draft.case.alarms + 1)
            draft.publish(CaseUnattended, part=queue.part, to=queue.name, role=queue.role)
            draft.record_history("case.unattended", part=queue.part, to=queue.name)


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
