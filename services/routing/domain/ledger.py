"""What an instance keeps in memory of the open cases it looks after: who holds them, what is due."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.routing.domain.assignment import Workload
from services.routing.domain.case import Case


@dataclass(slots=True)
class Ledger:
    """Kept by the instance's own decisions; `mine` says which cases those are.

    Each instance balances only what it looks after, so that the spread between equals stays within
    one per instance however many there are.
    """

    mine: Callable[[UUID], bool]
    workload: Workload = field(default_factory=Workload)
    due: dict[UUID, tuple[datetime, ...]] = field(default_factory=dict)

    def follow(self, case: Case) -> None:
        """Note where a case stands after a decision."""
        running = [each.due_at for each in case.promises.values() if each.status == "running"]
        self.note(case.id, case.parties(), case.updated_at, () if case.state == "closed" else running)

    def note(self, case: UUID, parties: Iterable[str], at: datetime, running: Iterable[datetime]) -> None:
        """Note who holds a case and the due times that are running."""
        if not self.mine(case):
            return
        self.workload.place(case, (name for name in parties if not name.startswith("desk:")), at)
        self.due[case] = tuple(running)
        if not self.due[case]:
            del self.due[case]

    def keep(self) -> None:
        """Forget what another instance looks after now."""
        self.workload.keep(self.mine)
        self.due = {case: due for case, due in self.due.items() if self.mine(case)}

    def unanswered(self, since: datetime) -> int:
        """Clocks whose due time passed before `since` and of which nothing was heard."""
        return sum(at < since for due in self.due.values() for at in due)
