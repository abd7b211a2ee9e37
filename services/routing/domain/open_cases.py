"""What an instance keeps in memory of the open cases it looks after: who holds them, what is due."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.cases import Part
from schemas.staffing import Directory, Queue
from services.routing.domain.assignment import Workload
from services.routing.domain.case import Case
from services.routing.domain.responsibilities import (
    Responsibility,
    is_misplaced,
    is_unstaffed,
    responsibilities_of,
)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Who holds a case, and its running due times; of one that is closed, nobody and none."""

    id: UUID
    revision: int
    at: datetime
    responsibilities: tuple[Responsibility, ...] = ()
    running: tuple[datetime, ...] = ()
    policy_key: str = ""

    @classmethod
    def of(cls, case: Case) -> "OpenCase":
        if case.is_over:
            return cls(case.id, case.revision, case.updated_at)
        running = (deadline.due_at for deadline in case.deadlines.values() if deadline.status == "running")
        return cls(
            case.id,
            case.revision,
            case.updated_at,
            responsibilities_of(case),
            tuple(running),
            case.policy_key,
        )

    def people(self) -> Iterator[str]:
        """Who holds it in person."""
        return (one.name for one in self.responsibilities if Queue.named(one.name) is None)


@dataclass(slots=True)
class OpenCases:
    """Kept by what the instance has written; `is_mine` says which cases it looks after.

    Each instance balances only what it looks after, and decisions that are under way do not know of one another: the
    spread between equals stays within one per instance and, while a batch is decided, one per lane of it.
    """

    is_mine: Callable[[UUID], bool]
    workload: Workload = field(default_factory=Workload)
    cases: dict[UUID, OpenCase] = field(default_factory=dict)

    def put(self, case: OpenCase) -> None:
        """Remember how a case was written; what was written before it may be read after it."""
        present = self.cases.get(case.id)
        if not self.is_mine(case.id) or (present and present.revision > case.revision):
            return
        self.workload.place(case.id, case.people(), case.at)
        if case.responsibilities:
            self.cases[case.id] = case
        else:
            self.cases.pop(case.id, None)

    def tentative(self) -> Workload:
        """The workload for decisions that are not written yet: what they change stays in it."""
        return Workload(base=self.workload)

    def place(self, case: Case, workload: Workload) -> None:
        """Let a workload know who holds a case after a decision."""
        if self.is_mine(case.id):
            workload.place(case.id, OpenCase.of(case).people(), case.updated_at)

    def misplaced(self, directory: Directory) -> list[UUID]:
        """Cases that are somebody's no longer, or in a queue without members."""
        return [case.id for case in self.cases.values() if is_misplaced(case.responsibilities, directory)]

    def unstaffed(self, directory: Directory) -> Counter[Part]:
        """Cases in queues without members, by the part that the queue has in them."""
        return Counter(one.part for one in self._responsibilities() if is_unstaffed(one, directory))

    def _responsibilities(self) -> Iterable[Responsibility]:
        return (one for case in self.cases.values() for one in case.responsibilities)

    def forget_others(self) -> None:
        """Forget what another instance looks after now."""
        self.workload.keep(self.is_mine)
        self.cases = {name: case for name, case in self.cases.items() if self.is_mine(name)}

    def unanswered(self, since: datetime) -> int:
        """How many deadlines passed before `since` of which no breach or stop was reported."""
        return sum(due < since for case in self.cases.values() for due in case.running)
