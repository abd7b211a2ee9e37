"""Who gets a case: on duty, least loaded, longest idle; else a deputy, a stand-in, a queue."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from schemas.directory import Person
from schemas.staffing import Directory, Queue
from schemas.vocabulary import Department, Role

LONG_AGO = datetime.min.replace(tzinfo=UTC)

Step = Literal["least loaded", "deputy", "stand-in", "supporter", "named", "owner", "queue"]


@dataclass(slots=True)
class Workload:
    """Who holds which open case, and when each was last given one. Placing a case again moves it.

    With `base` it holds what differs from that one, which stays as it is.
    """

    holders: dict[UUID, frozenset[str]] = field(default_factory=dict)
    loads: Counter[str] = field(default_factory=Counter)
    last: dict[str, datetime] = field(default_factory=dict)
    base: "Workload | None" = None

    def load(self, person: str) -> int:
        """How many open cases somebody holds."""
        return self.loads[person] + (self.base.load(person) if self.base else 0)

    def last_given(self, person: str) -> datetime:
        """When somebody was last given a case."""
        beneath = self.base.last_given(person) if self.base else LONG_AGO
        return max(self.last.get(person, LONG_AGO), beneath)

    def holders_of(self, case: UUID) -> frozenset[str]:
        """Who holds a case."""
        beneath = self.base.holders_of(case) if self.base else frozenset[str]()
        return self.holders.get(case, beneath)

    def place(self, case: UUID, people: Iterable[str], at: datetime) -> None:
        """Say who holds a case; nobody takes it off the open_cases."""
        before, after = self.holders_of(case), frozenset(people)
        if before == after:
            return
        for person in after - before:
            self.last[person] = max(at, self.last_given(person))
            self.loads[person] += 1
        for person in before - after:
            self.loads[person] -= 1
        if after or self.base:
            self.holders[case] = after
        else:
            del self.holders[case]

    def keep(self, wanted: Callable[[UUID], bool]) -> None:
        """Forget the cases that another instance looks after now."""
        for case in [case for case in self.holders if not wanted(case)]:
            self.place(case, (), LONG_AGO)

    def order(self, person: Person) -> tuple[int, datetime, str]:
        """Sorts the next to be given a case first."""
        return self.load(person.id), self.last_given(person.id), person.id


@dataclass(frozen=True, slots=True)
class Seat:
    """A role to be filled at a place, by nobody who is, or stands in for, one of `not_by`.

    Somebody of one of the `stand_ins` fills it where nobody of the role can. `without` is who goes: not they, but
    whoever stands in for them may have it.
    """

    at: str
    role: Role
    department: Department | None = None
    not_by: frozenset[str] = frozenset()
    stand_ins: tuple[Queue, ...] = ()
    without: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who fills a seat, by which step, and what was weighed: evidence for the history."""

    person: str
    step: Step
    facts: dict[str, Any]


def queued(queue: Queue) -> Chosen:
    """Nobody in person: whoever of the role comes first."""
    return Chosen(queue.name, "queue", {"role": queue.role})


@dataclass(frozen=True, slots=True)
class Roster:
    """The people and their work at one moment."""

    directory: Directory
    workload: Workload
    now: datetime

    def choose(self, seat: Seat) -> Chosen:
        """Somebody always: at least the queue of the role."""
        return self.of_role(seat) or self.stand_in(seat) or queued(Queue(seat.at, seat.role))

    def of_role(self, seat: Seat) -> Chosen | None:
        """Somebody of the role who is on duty, else the deputy of one who is not."""
        staff = self._staff(seat, Queue(seat.at, seat.role))
        if chosen := self._least_loaded(staff):
            return self._chosen(chosen, "least loaded", seat, staff)
        deputies = [one for absent in staff if (one := self._deputy(absent, seat))]
        if chosen := self._least_loaded(deputies):
            return self._chosen(chosen, "deputy", seat, deputies)
        return None

    def stand_in(self, seat: Seat) -> Chosen | None:
        """Somebody on duty of the first role that stands in for this one and has anybody."""
        for queue in seat.stand_ins:
            others = self._staff(seat, queue)
            if chosen := self._least_loaded(others):
                return self._chosen(chosen, "stand-in", seat, others)
        return None

    def _staff(self, seat: Seat, queue: Queue) -> list[Person]:
        staff = self.directory.staff(*queue, seat.department)
        return [one for one in staff if self._may(one, seat)]

    def _least_loaded(self, people: Sequence[Person]) -> Person | None:
        return min((one for one in people if not one.absent(self.now)), key=self.workload.order, default=None)

    def _deputy(self, absent: Person, seat: Seat) -> Person | None:
        """Who stands in for somebody now, if they may have the seat."""
        deputy = self.directory.on_duty(absent, seat.at, self.now)
        return deputy if deputy is not None and self._may(deputy, seat) else None

    def takes_over(self, deputy: Person, seat: Seat) -> bool:
        """Whether the deputy of one who goes can have what they had."""
        near, away = self.directory.is_near(deputy, seat.at), deputy.absent(self.now)
        return near and not away and self._may(deputy, seat)

    def _may(self, person: Person, seat: Seat) -> bool:
        """Whether "not by the same" leaves somebody the seat, judged on them and on those they stand in for."""
        if person.id == seat.without:
            return False
        return not seat.not_by or not seat.not_by & self.directory.represented(person.id, self.now)

    def _chosen(self, person: Person, step: Step, seat: Seat, among: Sequence[Person]) -> Chosen:
        facts = {"role": seat.role, "among": len(among), "load": self.workload.load(person.id)}
        return Chosen(person.id, step, facts)
