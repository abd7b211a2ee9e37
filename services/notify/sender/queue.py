"""What is waiting to be tried, earliest first; holds hints only, the document decides."""

import heapq
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """A delivery to look at, at `at` monotonic seconds; `tries` counts the looks before."""

    at: float
    delivery: UUID
    partition: int
    tries: int = 0


@dataclass(slots=True)
class Queue:
    """No delivery stands in it twice."""

    _heap: list[Item] = field(default_factory=list)
    _known: set[UUID] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._heap)

    def __contains__(self, delivery: UUID) -> bool:
        return delivery in self._known

    def add(self, item: Item) -> None:
        if item.delivery not in self._known:
            self._known.add(item.delivery)
            heapq.heappush(self._heap, item)

    def wait(self, now: float) -> float | None:
        """Seconds until the earliest is due, never negative; None when nothing waits."""
        return max(0.0, self._heap[0].at - now) if self._heap else None

    def pop(self) -> Item:
        item = heapq.heappop(self._heap)
        self._known.remove(item.delivery)
        return item

    def partitions(self) -> set[int]:
        return {item.partition for item in self._heap}

    def drop(self, partitions: set[int]) -> None:
        """Forget what other instances now look after."""
        self._heap = [item for item in self._heap if item.partition not in partitions]
        heapq.heapify(self._heap)
        self._known = {item.delivery for item in self._heap}
