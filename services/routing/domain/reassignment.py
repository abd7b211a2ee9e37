"""Hands over what is no longer somebody's, and alarms at queues that have no members."""

from collections.abc import Collection
from typing import get_args
from uuid import UUID

from schemas.cases import CaseReassigned, CaseUnattended, Part
from schemas.identity import reassignment_cause
from services.common.store.decision import Change
from services.routing.domain import steps, tasks
from services.routing.domain.assignment import Chosen
from services.routing.domain.case import Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.ladder import passed
from services.routing.domain.responsibilities import (
    Responsibility,
    Why,
    is_unstaffed,
    responsibilities_of,
    why_lost,
)
from services.routing.domain.world import World

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
    if change.state.is_over or not world.directory.people:
        return change
    draft = Draft.of(change.state, cause, "directory", world)
    reassign_lost(draft, PARTS, world)
    _alarm(draft, world)
    return _together(change, draft)


def reassign_lost(draft: Draft, parts: Collection[Part], world: World) -> None:
    """Give these parts of the case to others where they are no longer somebody's."""
    for lost in responsibilities_of(draft.case) if world.directory.people else ():
        if lost.part in parts and (why := why_lost(lost, world.directory)):
            task = draft.case.task(lost.task_id)
            if task is None:
                _give_owner(draft, lost, why, world)
            else:
                _give_task(draft, task, lost, why, world)


def _give_owner(draft: Draft, lost: Responsibility, why: Why, world: World) -> None:
    keeps = frozenset(task.to for task in draft.case.hand_overs)
    chosen = _successor(draft.case, lost, keeps, world)
    post = world.post(draft.case, chosen.person, lost.role)
    draft.set(owner=chosen.person, owned_at=draft.at, owner_post=post)
    _announce(draft, lost, chosen, why)


def _give_task(draft: Draft, task: Task, lost: Responsibility, why: Why, world: World) -> None:
    """What was asked is somebody else's; what they had accepted or were to judge is asked anew."""
    spec = draft.policy.task[task.task]
    if task.accepted or not spec.is_accepted:
        tasks.withdraw(draft, task, "gone")
        roles = [task.role] if spec.is_accepted else task.roles or spec.to
        carried = {name: getattr(task, name) for name in steps.CARRIED}
        chosen = steps.send(draft, spec, roles, world, **{**carried, "via": "anew"})
        draft.record_history("case.reassigned", part="task", predecessor=lost.name, to=chosen.person, why=why)
        return
    keeps = passed(draft.case, world) if task.moves_owner else frozenset(task.declined)
    chosen = _successor(draft.case, lost, keeps, world)
    tasks.replace(
        draft, task.task_id, to=chosen.person, post=world.post(draft.case, chosen.person, lost.role)
    )
    _announce(draft, lost, chosen, why)


def _announce(draft: Draft, lost: Responsibility, chosen: Chosen, why: Why) -> None:
    facts = {"part": lost.part, "to": chosen.person, "predecessor": lost.name, "role": lost.role, "why": why}
    draft.publish(CaseReassigned, **facts)
    draft.record_history("case.reassigned", step=chosen.step, **{**chosen.facts, **facts})


def _successor(case: Case, lost: Responsibility, keeps: frozenset[str], world: World) -> Chosen:
    """The deputy of who had it, else whom the rules choose for the role, whoever stands in for it, or its queue."""
    before = world.directory.people.get(lost.name)
    deputy = world.directory.person(before.deputy or "") if before else None
    not_by = keeps - {lost.name}
    if deputy and any(
        world.roster().takes_over(deputy, seat) for seat in world.seats(case, lost.role, not_by)
    ):
        return Chosen(deputy.id, "deputy", {"role": lost.role})
    return world.choose(case, lost.role, not_by | {lost.name})


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
