"""The schedule: which cases are to be looked at next, by partition. It holds hints; the documents decide."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID


class ScheduledCase(NamedTuple):
    """A case to look at once `due`, scheduled `since`, both in milliseconds since 1970 UTC."""

    case: UUID
    partition: int
    due: int
    since: int
    armed: int


@dataclass(slots=True)
class Schedule:
    """One heap per partition. An entry that was replaced stays in its heap until it comes up.

    `assigned` are the partitions of this process, `behind` those of them that have not caught up since they came.
    """

    heaps: dict[int, list[tuple[int, UUID]]] = field(default_factory=dict)
    cases: dict[UUID, ScheduledCase] = field(default_factory=dict)
    assigned: set[int] = field(default_factory=set)
    behind: set[int] = field(default_factory=set)
    armed: int = 0

    def assign(self, partitions: set[int]) -> None:
        """Take over these partitions, with no case scheduled yet."""
        self.revoke(partitions)
        self.assigned |= partitions
        self.behind |= partitions

    def revoke(self, partitions: set[int]) -> None:
        """Drop these partitions with their cases: another process has them."""
        for partition in partitions:
            self.heaps.pop(partition, None)
        self.assigned -= partitions
        self.behind -= partitions
        for case in [case for case, entry in self.cases.items() if entry.partition in partitions]:
            self.remove(case)

    def put(self, entry: ScheduledCase) -> None:
        """Schedule a case anew; cases of partitions that are not assigned are left to others."""
        if entry.partition not in self.assigned:
            return
        before = self.cases.get(entry.case)
        self.cases[entry.case] = entry
        self.armed += entry.armed - (before.armed if before else 0)
        if before is None or before.due != entry.due:
            heapq.heappush(self.heaps.setdefault(entry.partition, []), (entry.due, entry.case))

    def remove(self, case: UUID) -> None:
        """Schedule a case no more."""
        if (before := self.cases.pop(case, None)) is not None:
            self.armed -= before.armed

    def next_due(self, partition: int) -> int | None:
        """When the next case of a partition is due."""
        heap = self.heaps.get(partition, [])
        while heap and not self._is_current(*heap[0]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def take(self, upto: Mapping[int, int], most: int) -> list[ScheduledCase]:
        """The cases due in each partition up to its moment, oldest first and each once, taken out of the heaps."""
        # A case that was put off and brought forward again stands in its heap twice.
        taken: dict[UUID, ScheduledCase] = {}
        heads = [(due, p) for p in upto if (due := self.next_due(p)) is not None and due <= upto[p]]
        heapq.heapify(heads)
        while heads and len(taken) < most:
            _, partition = heads[0]
            case = heapq.heappop(self.heaps[partition])[1]
            taken[case] = self.cases[case]
            due = self.next_due(partition)
            if due is not None and due <= upto[partition]:
                heapq.heapreplace(heads, (due, partition))
            else:
                heapq.heappop(heads)
        return list(taken.values())

    def count_overdue(self, now: int) -> int:
        """How many cases should have been looked at."""
        return sum(entry.due <= now for entry in self.cases.values())

    def _is_current(self, due: int, case: UUID) -> bool:
        entry = self.cases.get(case)
        return entry is not None and entry.due == due
