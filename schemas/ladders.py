"""The ladders of a policy: who is told, or asked to take over, when something is not done in time."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

from schemas.base import Bilingual, Identifier, Strict
from schemas.faults import FILLED, once
from schemas.vocabulary import Role, TaskKind


class Rung(Strict):
    """A step of a ladder: a role, and the task by which it is asked; without one it is only told."""

    role: Role
    task: TaskKind | None = None


class LadderSpec(Strict):
    """A ladder, lowest rung first."""

    id: Identifier
    title: Bilingual
    source: str
    rungs: Annotated[tuple[Rung, ...], FILLED, once("role")]

    @property
    def asks(self) -> bool:
        """Whether somebody is asked by it; one that does not only tells."""
        return bool(self._tasks)

    def asks_by(self, task: TaskKind) -> bool:
        """Whether one of its rungs asks by such a task."""
        return task in self._tasks

    def position(self, role: Role) -> int | None:
        """The place of a role on the ladder, if it has one."""
        return self._places.get(role)

    @cached_property
    def _tasks(self) -> frozenset[TaskKind]:
        return frozenset(rung.task for rung in self.rungs if rung.task)

    @cached_property
    def _places(self) -> Mapping[Role, int]:
        return {rung.role: at for at, rung in enumerate(self.rungs)}
