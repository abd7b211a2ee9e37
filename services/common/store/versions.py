"""What was announced under names that stay for ever, and how a decision waits for one that is not there yet."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.common.store.decision import Wait

V = TypeVar("V")


@dataclass(slots=True)
class Versions(Generic[V]):
    """Each version by its name, ready to decide by. Nothing under a name changes, so the first of each is kept."""

    ready: dict[str, V] = field(default_factory=dict)

    def put(self, name: str, version: V) -> None:
        self.ready.setdefault(name, version)

    def take_back(self, name: str) -> None:
        """Forget a version that was removed before anything was decided by it."""
        self.ready.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self.ready

    def __getitem__(self, name: str) -> V:
        """The version of this name and never another; raises KeyError where it is not there."""
        return self.ready[name]

    def wait_for(self, name: str) -> Wait | None:
        """The decision while this version is not announced: its records wait. None where it is there."""
        return None if name in self.ready else Wait(name)
