"""A story of a case of which somebody is asked things, several at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from schemas.cases import OpenTask
from schemas.deadline_spec import DeadlineSpec
from tests.unit.sla.story import Story, a_policy

FIRST, SECOND = UUID(int=1), UUID(int=2)
WHERE: Mapping[str, Mapping[str, Any]] = {
    "hand_over": {"role": "dept_manager", "to": "dm-1", "place": "s1", "where": "shop", "moves_owner": True},
    "support": {"role": "mfr_cr", "to": "mfr-1", "place": "m1", "where": "manufacturer"},
    "confirm": {"role": "dept_manager", "to": "dm-1", "place": "s1", "where": "shop"},
}
"""Of whom each kind of task is asked where a test says nothing else."""


@dataclass
class Asking:
    """The header of every event shows the tasks that are not done by then, as a case's does."""

    story: Story
    tasks: dict[UUID, OpenTask] = field(default_factory=dict)

    def sent(self, number: UUID, minute: float, task: str = "confirm", **fields: Any) -> list[str]:
        """Somebody is asked; `fields` are of the task."""
        asked = OpenTask.model_validate({"task_id": number, "task": task, **WHERE[task], **fields})
        self.tasks[number] = asked
        return self.happens("task_sent", minute, asked)

    def accepted(self, number: UUID, minute: float) -> list[str]:
        """Somebody accepts what is asked; a task that moves the owner is done by that."""
        task = self.tasks[number] = self.tasks[number].model_copy(update={"accepted": True})
        if task.moves_owner:
            del self.tasks[number]
        return self.happens("task_accepted", minute, task)

    def ended(self, number: UUID, minute: float, how: str = "task_answered", **fields: Any) -> list[str]:
        """What is asked is done, declined or taken back."""
        return self.happens(how, minute, self.tasks.pop(number), **fields)

    def happens(self, kind: str, minute: float, task: OpenTask | None = None, **fields: Any) -> list[str]:
        """An event of one of the tasks, or of the case."""
        own = task.model_dump() if task else {}
        return self.story.happens(kind, minute, header_tasks=tuple(self.tasks.values()), **(own | fields))

    def due(self, number: UUID, deadline: str = "C") -> float | None:
        return self.story.due_in(f"{deadline}:{number}")

    def status(self, number: UUID, deadline: str = "C") -> str:
        return self.story.status(f"{deadline}:{number}")


def an_asking_case(*deadlines: DeadlineSpec) -> Asking:
    """A case that was opened on Monday at 09:00, with these deadlines."""
    story = Story(a_policy(*deadlines))
    story.happens("opened", 0)
    return Asking(story)
