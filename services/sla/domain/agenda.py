"""Which cases are to be looked at next, by partition: hints in memory, the documents decide."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID


class Appointment(NamedTuple):
    """A case to look at; `due` and `since`, when that became known, in milliseconds since 1970 UTC."""

    case: UUID
    partition: int
    due: int
    since: int
    armed: int


@dataclass(slots=True)
class Agenda:
    """One heap per partition. An entry that was replaced stays in its heap until it surfaces.

    `held` are the partitions that came; `behind` those of them that have not caught up since.
    """

    heaps: dict[int, list[tuple[int, UUID]]] = field(default_factory=dict)
    known: dict[UUID, Appointment] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    behind: set[int] = field(default_factory=set)
    armed: int = 0

    def enter(self, partitions: set[int]) -> None:
        """These partitions are ours to look after, and nothing is known of them yet."""
        self.leave(partitions)
        self.held |= partitions
        self.behind |= partitions

    def put(self, appointment: Appointment) -> None:
        """Replace what is known of a case; those of other partitions are others' to look after."""
        if appointment.partition not in self.held:
            return
        before = self.known.get(appointment.case)
        self.known[appointment.case] = appointment
        self.armed += appointment.armed - (before.armed if before else 0)
        if before is None or before.due != appointment.due:
            heap = self.heaps.setdefault(appointment.partition, [])
            heapq.heappush(heap, (appointment.due, appointment.case))

    def forget(self, case: UUID) -> None:
        """Nothing of the case runs any more."""
        if (before := self.known.pop(case, None)) is not None:
            self.armed -= before.armed

    def leave(self, partitions: set[int]) -> None:
        """Others look after these partitions now."""
        for partition in partitions:
            self.heaps.pop(partition, None)
        self.held -= partitions
        self.behind -= partitions
        for case in [case for case, one in self.known.items() if one.partition in partitions]:
            self.forget(case)

    def next_due(self, partition: int) -> int | None:
        """The earliest appointment of a partition."""
        heap = self.heaps.get(partition, [])
        while heap and not self._holds(heap[0]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def take(self, upto: Mapping[int, int], most: int) -> list[Appointment]:
        """The oldest appointments due in each partition up to its moment, taken out of the heaps."""
        taken: list[Appointment] = []
        heads = [(due, p) for p in upto if (due := self.next_due(p)) is not None and due <= upto[p]]
        heapq.heapify(heads)
        while heads and len(taken) < most:
            _, partition = heads[0]
            taken.append(self.known[heapq.heappop(self.heaps[partition])[1]])
            due = self.next_due(partition)
            if due is not None and due <= upto[partition]:
                heapq.heapreplace(heads, (due, partition))
            else:
                heapq.heappop(heads)
        return taken

    def overdue(self, now: int) -> int:
        """How many cases should have been looked at."""
        return sum(one.due <= now for one in self.known.values())

    def _holds(self, entry: tuple[int, UUID]) -> bool:
        one = self.known.get(entry[1])
        return one is not None and one.due == entry[0]
