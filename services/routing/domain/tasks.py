"""Tasks: something is asked of a person, and answered or withdrawn; what a kind asks has a file of its own."""

from collections.abc import Sequence
from typing import Any

from schemas.cases import CaseTaskAnswered, CaseTaskSent, CaseTaskWithdrawn, Role, TaskKind, Withdrawn
from schemas.staffing import place
from services.routing.domain.assignment import Chosen, Seat
from services.routing.domain.case import Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.world import World


def find_task(case: Case, kind: TaskKind) -> Task | None:
    """The open task of a kind."""
    return next((task for task in case.tasks if task.task == kind), None)


def first_on_duty(case: Case, roles: Sequence[Role], world: World) -> tuple[Role, Chosen] | None:
    """Whom to ask: somebody of the first of the roles of which anybody, or their deputy, is on duty."""
    roster = world.roster()
    chosen = ((role, roster.person(Seat(place(case, role), role, case.department))) for role in roles)
    return next(((role, person) for role, person in chosen if person is not None), None)


def may_answer(case: Case, task: Task, actor: str, world: World) -> bool:
    """Whether somebody could have been asked as well: they have a role of the task, or stand in for who has it."""
    spec = world.policy(case).task(task.task)
    staff = (
        (place(case, role), one)
        for role in (spec.to if spec else ())
        for one in world.directory.staff(place(case, role), role, case.department)
    )
    return any(world.directory.acts_for(actor, one.id, at, world.now) for at, one in staff)


def send(draft: Draft, task: Task, chosen: Chosen) -> None:
    """Ask somebody."""
    draft.set(tasks=(*draft.case.tasks, task))
    draft.publish(CaseTaskSent, criteria=task.criteria, doubts=task.doubts, **_facts(task))
    draft.record_history(
        "case.task_sent",
        task=task.task,
        to=task.to,
        step=chosen.step,
        suspected=task.suspected,
        criteria=list(task.criteria),
        doubts=list(task.doubts),
        **chosen.facts,
    )


def answer(draft: Draft, task: Task) -> None:
    """The task is done."""
    _remove(draft, task)
    draft.publish(CaseTaskAnswered, **_facts(task))
    draft.record_history("case.task_answered", task=task.task, to=task.to)


def withdraw(draft: Draft, task: Task, because: Withdrawn) -> None:
    """Nobody has to answer the task any more."""
    _remove(draft, task)
    draft.publish(CaseTaskWithdrawn, because=because, **_facts(task))
    draft.record_history("case.task_withdrawn", task=task.task, to=task.to, because=because)


def _remove(draft: Draft, task: Task) -> None:
    draft.set(tasks=tuple(one for one in draft.case.tasks if one.task_id != task.task_id))


def _facts(task: Task) -> dict[str, Any]:
    return dict(task.public())
