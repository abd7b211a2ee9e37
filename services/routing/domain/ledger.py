"""What an instance keeps in memory of the open cases it looks after: who holds them, what is due."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from schemas.cases import Part
from schemas.staffing import Directory, Queue
from services.routing.domain.assignment import Workload
from services.routing.domain.case import Case
from services.routing.domain.holding import Hold, holds_of, misplaced, unstaffed

T = TypeVar("T")


@dataclass(slots=True)
class Ledger:
    """Kept by the instance's own decisions; `mine` says which cases those are.

    Each instance balances only what it looks after, so that the spread between equals stays within
    one per instance however many there are.
    """

    mine: Callable[[UUID], bool]
    workload: Workload = field(default_factory=Workload)
    due: dict[UUID, tuple[datetime, ...]] = field(default_factory=dict)
    holds: dict[UUID, tuple[Hold, ...]] = field(default_factory=dict)

    def follow(self, case: Case) -> None:
        """Note where a case stands as it was written."""
        running = [each.due_at for each in case.deadlines.values() if each.status == "running"]
        over = case.state == "closed"
        self.note(case.id, () if over else holds_of(case), case.updated_at, () if over else running)

    def tentative(self) -> Workload:
        """The workload for decisions that are not written yet: what they change stays in it."""
        return Workload(base=self.workload)

    def place(self, case: Case, workload: Workload) -> None:
        """Let a workload know who holds a case after a decision."""
        if self.mine(case.id):
            holds = () if case.state == "closed" else holds_of(case)
            workload.place(case.id, _people(holds), case.updated_at)

    def note(self, case: UUID, holds: Sequence[Hold], at: datetime, running: Iterable[datetime]) -> None:
        """Note who holds a case and the due times that are running."""
        if not self.mine(case):
            return
        self.workload.place(case, _people(holds), at)
        self._keep(self.holds, case, tuple(holds))
        self._keep(self.due, case, tuple(running))

    @staticmethod
    def _keep(kept: dict[UUID, tuple[T, ...]], case: UUID, what: tuple[T, ...]) -> None:
        if what:
            kept[case] = what
        else:
            kept.pop(case, None)

    def misplaced(self, directory: Directory) -> list[UUID]:
        """Cases that are somebody's no longer, or in a queue without members."""
        return [case for case, holds in self.holds.items() if misplaced(holds, directory)]

    def unstaffed(self, directory: Directory) -> Counter[Part]:
        """Cases in queues without members, by the part that the queue has in them."""
        every = (hold for holds in self.holds.values() for hold in holds)
        return Counter(hold.part for hold in every if unstaffed(hold, directory))

    def keep(self) -> None:
        """Forget what another instance looks after now."""
        self.workload.keep(self.mine)
        self.due = {case: due for case, due in self.due.items() if self.mine(case)}
        self.holds = {case: holds for case, holds in self.holds.items() if self.mine(case)}

    def unanswered(self, since: datetime) -> int:
        """Deadlines whose due time passed before `since` and of which nothing was heard."""
        return sum(at < since for due in self.due.values() for at in due)


def _people(holds: Iterable[Hold]) -> Iterator[str]:
    return (hold.name for hold in holds if Queue.named(hold.name) is None)
