"""Tasks as the case keeps them: added, accepted, done or taken back, with what they had moved."""

from typing import Any
from uuid import UUID

from schemas.cases import (
    CaseTaskAccepted,
    CaseTaskAnswered,
    CaseTaskRefused,
    CaseTaskSent,
    CaseTaskWithdrawn,
    Withdrawn,
)
from schemas.identity import task_id
from schemas.staffing import Queue
from schemas.tasks import TaskSpec
from schemas.vocabulary import Ladder
from services.routing.domain.assignment import Chosen
from services.routing.domain.case import Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.seals import NOTHING, SealedForm
from services.routing.domain.world import World


def new(draft: Draft, spec: TaskSpec, place: Queue, chosen: Chosen, world: World, **facts: Any) -> Task:
    """A task to be asked of somebody in a role at a place."""
    case, role = draft.case, place.role
    before = sum(isinstance(event, CaseTaskSent) and event.task == spec.id for event in draft.events)
    return Task(
        task_id=task_id(draft.cause, spec.id, before), task=spec.id, to=chosen.person, role=role, place=place.at,
        where=world.policy(case).role[role].at, moves_owner=spec.moves_owner, sent_at=draft.at,
        giver=facts.pop("giver", case.owner), post=world.post(case, chosen.person, role), **facts,
    )  # fmt: skip


def add(draft: Draft, task: Task, chosen: Chosen, said: SealedForm = NOTHING) -> CaseTaskSent:
    """Ask somebody."""
    case, task = draft.case, task.model_copy(update={"values": said.values})
    asked = tuple(dict.fromkeys((*case.asked, task.place)))
    draft.set(tasks=(*case.tasks, task), asked=asked, notes=case.notes + (said.note is not None))
    event = draft.publish(
        CaseTaskSent, ladder=task.ladder, deadline=task.deadline, criteria=task.criteria,
        doubts=task.doubts, **said.facts(), **task.facts(),
    )  # fmt: skip
    facts = {"ladder": task.ladder, "deadline": task.deadline, "suspected": task.suspected}
    marks = {"criteria": list(task.criteria) or None, "doubts": list(task.doubts) or None}
    weighed = {"step": chosen.step, **chosen.facts, "role": task.role}
    draft.record_history(
        event.type, task=task.task, to=task.to, via=task.via, **facts, **marks, **weighed, **said.sealed()
    )
    return event


def ask_again(draft: Draft, task: Task) -> CaseTaskSent:
    """Ask the same person what they have not accepted yet, now because of a breach."""
    others = (one for one in draft.case.tasks if one.task_id != task.task_id)
    draft.set(tasks=(*others, task.model_copy(update={"moved_first": task.moved})))
    event = draft.publish(
        CaseTaskSent, ladder=task.ladder, deadline=task.deadline, **{**task.facts(), "via": "escalation"}
    )
    draft.record_history(event.type, task=task.task, to=task.to, via="escalation", deadline=task.deadline)
    return event


def replace(draft: Draft, task_id: UUID, **fields: Any) -> None:
    """Change fields of a task that is not done."""
    tasks = (one.model_copy(update=fields) if one.task_id == task_id else one for one in draft.case.tasks)
    draft.set(tasks=tuple(tasks))


def accept(draft: Draft, task: Task, actor: str, post: str) -> CaseTaskAccepted:
    """Somebody takes on what was asked; what moves the owner is done with that."""
    mine = task.model_copy(update={"to": actor, "post": post, "accepted": True})
    if task.moves_owner:
        _remove(draft, task)
    else:
        replace(draft, task.task_id, to=actor, post=post, accepted=True, declined=())
    event = draft.publish(CaseTaskAccepted, **mine.facts())
    draft.record_history(event.type, task=task.task, role=task.role)
    return event


def answer(draft: Draft, task: Task, said: SealedForm = NOTHING) -> CaseTaskAnswered:
    """What was asked is done."""
    _remove(draft, task)
    event = draft.publish(CaseTaskAnswered, **said.facts(), **task.facts())
    draft.record_history(event.type, task=task.task, to=task.to, **said.sealed())
    return event


def refuse(draft: Draft, task: Task, said: SealedForm) -> CaseTaskRefused:
    """Somebody declines: the case is as it was before it was asked."""
    _undo(draft, task, rungs=task.ladder is None)
    _remove(draft, task)
    note = said.note
    event = draft.publish(CaseTaskRefused, note=note and note.id, **task.facts())
    draft.record_history(event.type, task=task.task, role=task.role, **said.sealed())
    return event


def withdraw(draft: Draft, task: Task, because: Withdrawn, deadline: str | None = None) -> CaseTaskWithdrawn:
    """Nobody has to do it any more."""
    if because not in {"taken", "over"}:
        _undo(draft, task, rungs=True)
    _remove(draft, task)
    event = draft.publish(CaseTaskWithdrawn, because=because, deadline=deadline, **task.facts())
    draft.record_history(event.type, task=task.task, to=task.to, because=because, deadline=deadline)
    return event


def keep_moves(draft: Draft, task: Task, before: Case, *, went: bool) -> None:
    """Let a task remember what asking has moved, so that it can go back: to where the case was before any that waits."""
    after = draft.case
    start = next((one.moved[0] for one in before.tasks if one.moved), before.state)
    moved = (start, after.state) if went else task.moved
    rungs = {
        name: before.rungs.get(name) for name, rung in after.rungs.items() if before.rungs.get(name) != rung
    }
    replace(draft, task.task_id, moved=moved, rungs_before=rungs)


def keep_notified(draft: Draft, task: Task, ladder: Ladder, rung: int, breaches: tuple[UUID, ...]) -> None:
    """Let the case be on a rung of which whoever has accepted a task is notified, and the task remember where it was."""
    before = draft.case.rungs
    notified = task.model_copy(
        update={
            "notified_of": rung,
            "ladder": ladder,
            "breaches": breaches,
            "rungs_before": {ladder: before.get(ladder)},
        }
    )
    others = (one for one in draft.case.tasks if one.task_id != task.task_id)
    draft.set(tasks=(*others, notified), rungs={**before, ladder: rung})


def take_back_notified(draft: Draft, task: Task) -> None:
    """Let the case be where it was before whoever has accepted a task was notified of a rung."""
    task = draft.case.task(task.task_id) or task
    _undo_rungs(draft, task)
    replace(draft, task.task_id, notified_of=None, rungs_before={})


def take_back_moves(draft: Draft, task: Task) -> None:
    """Let the case be where it was before a task that waited already was asked for once more."""
    task = draft.case.task(task.task_id) or task
    _undo_rungs(draft, task)
    replace(
        draft,
        task.task_id,
        moved=task.moved_first,
        moved_first=None,
        rungs_before={},
        ladder=None,
        deadline=None,
    )
    _undo_state(draft, task)


def forget_moves(draft: Draft) -> None:
    """The case has gone on: where it was before somebody was asked, it does not go back to."""
    draft.set(
        tasks=tuple(one.model_copy(update={"moved": None, "moved_first": None}) for one in draft.case.tasks)
    )


def _undo(draft: Draft, task: Task, *, rungs: bool) -> None:
    """Take back what asking has moved."""
    task = draft.case.task(task.task_id) or task
    if rungs:
        _undo_rungs(draft, task)
    replace(draft, task.task_id, moved=None)
    _undo_state(draft, task)


def _undo_rungs(draft: Draft, task: Task) -> None:
    """Let the case be where it was on each ladder; where a later one moved it on, that goes back so far instead."""
    later = draft.case.tasks[[one.task_id for one in draft.case.tasks].index(task.task_id) + 1 :]
    for ladder, rung in task.rungs_before.items():
        mover = next((one for one in later if ladder in one.rungs_before), None)
        present = _moved_to(draft, task, ladder)
        if mover is not None and mover.rungs_before[ladder] == present:
            replace(draft, mover.task_id, rungs_before={**mover.rungs_before, ladder: rung})
        elif mover is None and draft.case.rungs.get(ladder) == present:
            others = {name: at for name, at in draft.case.rungs.items() if name != ladder}
            draft.set(rungs=others if rung is None else {**others, ladder: rung})


def _moved_to(draft: Draft, task: Task, ladder: Ladder) -> int:
    """The rung to which a task has brought the case."""
    if task.notified_of is not None:
        return task.notified_of
    spec = draft.policy.ladder.get(ladder)
    return (spec.position(task.role) if spec else None) or 0


def _undo_state(draft: Draft, task: Task) -> None:
    """Where others wait that have moved the case, it is where the last of them moved it; else where it was before all."""
    if task.moved is not None:
        others = [one.moved[1] for one in draft.case.tasks if one.moved]
        draft.move(others[-1] if others else task.moved[0])


def _remove(draft: Draft, task: Task) -> None:
    draft.set(tasks=tuple(one for one in draft.case.tasks if one.task_id != task.task_id))
