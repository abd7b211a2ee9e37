"""The moment at which steps of a policy are taken: what has just occurred, and whether a step's condition holds."""

from dataclasses import dataclass
from typing import Any

from schemas.conditions import Condition, satisfies
from schemas.vocabulary import FormName, Role
from services.routing.domain.case import Case, Task
from services.routing.domain.seals import NOTHING, SealedForm


@dataclass(frozen=True, slots=True)
class Moment:
    """What has just occurred: an event, what somebody has filled into which form and in which roles, the task and the breach it is about."""

    event: Any = None
    said: SealedForm = NOTHING
    actor: str | None = None
    form: FormName | None = None
    roles: tuple[Role, ...] = ()
    task: Task | None = None


def holds(condition: Condition, case: Case, moment: Moment, *, earlier: bool) -> bool:
    """Whether a condition holds of a case at a moment; `earlier` says that one before it did."""
    if condition.otherwise and earlier:
        return False
    waiting = {task.task for task in case.tasks}
    return (
        (not condition.case or satisfies(condition.case, case.header))
        and satisfies(condition.event, moment.event)
        and satisfies(condition.form, moment.said.values)
        and (not condition.done or not case.done.keys().isdisjoint(condition.done))
        and case.done.keys().isdisjoint(condition.not_done)
        and (not condition.waiting or not waiting.isdisjoint(condition.waiting))
        and waiting.isdisjoint(condition.not_waiting)
    )
