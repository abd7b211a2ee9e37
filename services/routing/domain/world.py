"""What a decision may look at besides the case itself."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.directory import Person
from schemas.policies import Policy
from schemas.staffing import Directory, Queue, place
from schemas.vocabulary import Role
from services.routing.domain.assignment import Chosen, Roster, Seat, Workload, queued
from services.routing.domain.case import Case
from services.routing.domain.policies import Policies


@dataclass(frozen=True, slots=True)
class World:
    """The directory, the policies and the workload at one moment."""

    directory: Directory
    policies: Policies
    workload: Workload
    now: datetime

    def policy(self, case: Case) -> Policy:
        """The policy version by which a case is decided."""
        return self.policies[case.policy_key].content

    def roster(self) -> Roster:
        return Roster(self.directory, self.workload, self.now)

    def queues(self, case: Case, role: Role) -> list[Queue]:
        """Whom a role means for a case, in turn: its own place; of the last resort, everyone who reads what nobody else does."""
        policy = self.policy(case)
        spec = policy.role[role]
        own = Queue(place(case, spec.at), role)
        if role != policy.last_resort:
            return [own]
        return self.directory.readers(case.manufacturer, role) or [Queue(own.at or case.shop, role)]

    def seats(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> list[Seat]:
        """The seats of a role for a case, to be filled by none of `not_by`."""
        roles = self.policy(case).role
        spec = roles[role]
        department = None if spec.at in {"manufacturer", "region"} else case.department
        near = [Queue(place(case, roles[one].at), one) for one in spec.stand_ins]
        return [
            Seat(queue.at, queue.role, department, not_by, tuple(one for one in near if one != queue))
            for queue in self.queues(case, role)
        ]

    def staff(self, case: Case, role: Role) -> list[Person]:
        """Everybody of a role for a case, on duty or not."""
        staff = self.directory.staff
        return [one for seat in self.seats(case, role) for one in staff(seat.at, seat.role, seat.department)]

    def person(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> Chosen | None:
        """Somebody of a role who is on duty, or whose deputy is; nobody who stands in for the role as such."""
        return _first(self.roster().of_role, self.seats(case, role, not_by))

    def queue(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> Chosen:
        """The queue of a role: the first in which there are others than those of `not_by`."""
        queues = self.queues(case, role)
        others = (
            queue for queue in queues if any(one.id not in not_by for one in self.directory.staff(*queue))
        )
        return queued(next(others, queues[0]))

    def choose(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> Chosen:
        """Somebody always: a person of the role, one who stands in for it, or its queue."""
        return self.first(case, [role], not_by)[1]

    def first(
        self, case: Case, roles: Sequence[Role], not_by: frozenset[str] = frozenset()
    ) -> tuple[Role, Chosen]:
        """Whom of several roles to ask, each before the next; where nobody is on duty, the queue of the first."""
        found = self.present(case, roles, not_by)
        return found or (roles[0], self.queue(case, roles[0], not_by))

    def present(
        self, case: Case, roles: Sequence[Role], not_by: frozenset[str] = frozenset()
    ) -> tuple[Role, Chosen] | None:
        """Somebody of the first role that has a person on duty, else somebody who stands in for one."""
        roster, seats = self.roster(), [(role, self.seats(case, role, not_by)) for role in roles]
        for fill in (roster.of_role, roster.stand_in):
            for role, of_role in seats:
                if (chosen := _first(fill, of_role)) is not None:
                    return role, chosen
        return None

    def post(self, case: Case, name: str, role: Role) -> str:
        """The post under which what a role has in a case is somebody's: of that role, or that stands in for it."""
        seats = self.seats(case, role)
        near = [stand_in for seat in seats for stand_in in seat.stand_ins]
        return self.directory.post(
            name, [*(Queue(seat.at, seat.role) for seat in seats), *near], case.department
        )


def _first(fill: Callable[[Seat], Chosen | None], seats: Iterable[Seat]) -> Chosen | None:
    return next(filter(None, map(fill, seats)), None)
