"""What was announced under names that stay for ever, and how a decision waits for one that is not there yet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.common.store.decision import Wait

A = TypeVar("A")
V = TypeVar("V")


@dataclass(slots=True)
class Versions(Generic[A, V]):
    """Each announced version by its name, as `prepare` makes it ready to decide by.

    What stands under a name never changes, so that the first of each is kept.
    """

    prepare: Callable[[A], V]
    ready: dict[str, V] = field(default_factory=dict)

    def take(self, name: str, announced: A | None) -> None:
        """Keep what was announced, raising what `prepare` does; None takes it back before anything went by it."""
        if announced is None:
            self.ready.pop(name, None)
        elif name not in self.ready:
            self.ready[name] = self.prepare(announced)

    def __contains__(self, name: object) -> bool:
        return name in self.ready

    def __getitem__(self, name: str) -> V:
        return self.ready[name]

    def wait_for(self, name: str) -> Wait | None:
        """The decision where this version is not announced yet: its records wait for it. None where it is."""
        return None if name in self.ready else Wait(name)
