"""Which deadlines a case has: one of each specification, of those per task one for each of these tasks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

from schemas.cases import CaseEvent, CaseHeader, CaseRebased, CaseSnapshot, OpenTask, TaskMessage
from schemas.deadline_spec import DeadlineSpec
from schemas.identity import deadline_name
from schemas.policies import Policy
from services.sla.domain.state import DeadlineState

DeadlineStates = Mapping[str, DeadlineState]


class Instance(NamedTuple):
    """A deadline of a case, or of one task of it."""

    spec: DeadlineSpec
    task_id: UUID | None = None

    @property
    def name(self) -> str:
        """What it is called among the deadlines of its case."""
        return deadline_name(self.spec.id, self.task_id)

    def task(self, header: CaseHeader) -> OpenTask | None:
        """Its task, as long as that is not answered."""
        return header.task(self.task_id)


def list_instances(policy: Policy, deadlines: DeadlineStates) -> Iterator[Instance]:
    """Those that there are, in the order of the policy."""
    for spec in policy.deadlines:
        if spec.per_task is not None:
            yield from (Instance(spec, task) for task in _tasks_of(spec, deadlines))
        elif spec.id in deadlines:
            yield Instance(spec)


def affected_by(event: CaseEvent, policy: Policy, deadlines: DeadlineStates) -> Iterator[Instance]:
    """Those to which an event may mean something, also such as it would begin."""
    for spec in policy.deadlines:
        if spec.per_task is None:
            yield Instance(spec)
        elif not isinstance(event, TaskMessage):
            tasks = dict.fromkeys((*_tasks_of(spec, deadlines), *_described(spec, event)))
            yield from (Instance(spec, task) for task in tasks)
        elif event.task == spec.per_task:
            yield Instance(spec, event.task_id)


def _tasks_of(spec: DeadlineSpec, deadlines: DeadlineStates) -> Iterable[UUID]:
    tasks = dict.fromkeys(state.task_id for state in deadlines.values() if state.task_id is not None)
    return (task for task in tasks if Instance(spec, task).name in deadlines)


def _described(spec: DeadlineSpec, event: CaseEvent) -> Iterable[UUID]:
    """The open tasks of which a snapshot speaks."""
    tasks = event.header.tasks if isinstance(event, CaseSnapshot | CaseRebased) else ()
    return (one.task_id for one in tasks if one.task == spec.per_task)
