"""What a decision may look at besides the case itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
        spec = self.policy(case).role[role]
        department = None if spec.at in {"manufacturer", "region"} else case.department
        return [
            Seat(queue.at, queue.role, department, not_by, self._near(case, spec.stand_ins, queue))
            for queue in self.queues(case, role)
        ]

    def _near(self, case: Case, roles: Iterable[Role], queue: Queue) -> tuple[Queue, ...]:
        """Those who stand in for a role, where they work for the case."""
        policy = self.policy(case)
        return tuple(
            one for role in roles if (one := Queue(place(case, policy.role[role].at), role)) != queue
        )

    def person(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> Chosen | None:
        """Somebody of a role who is on duty, or whose deputy is; nobody who stands in for the role as such."""
        roster = self.roster()
        chosen = (roster.of_role(seat) for seat in self.seats(case, role, not_by))
        return next(filter(None, chosen), None)

    def stand_in(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> Chosen | None:
        """Somebody who stands in for a role as such."""
        roster = self.roster()
        chosen = (roster.stand_in(seat) for seat in self.seats(case, role, not_by))
        return next(filter(None, chosen), None)

    def queue(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> Chosen:
        """The queue of a role: the first in which there are others than those of `not_by`."""
        queues = self.queues(case, role)
        others = (
            queue for queue in queues if any(one.id not in not_by for one in self.directory.staff(*queue))
        )
        return queued(next(others, queues[0]))

    def choose(self, case: Case, role: Role, not_by: frozenset[str] = frozenset()) -> Chosen:
        """Somebody always: a person of the role, one who stands in for it, or its queue."""
        person = self.person(case, role, not_by) or self.stand_in(case, role, not_by)
        return person or self.queue(case, role, not_by)

    def first(self, case: Case, roles: Sequence[Role], not_by: frozenset[str]) -> tuple[Role, Chosen]:
        """Whom of several roles to ask, each before the next; where nobody is on duty, the queue of the first."""
        for find in (self.person, self.stand_in):
            for role in roles:
                if (chosen := find(case, role, not_by)) is not None:
                    return role, chosen
        return roles[0], self.queue(case, roles[0], not_by)

    def post(self, case: Case, name: str, role: Role) -> str:
        """The post under which what a role has in a case is somebody's: of that role, or that stands in for it."""
        seats = self.seats(case, role)
        near = [stand_in for seat in seats for stand_in in seat.stand_ins]
        return self.directory.post(
            name, [*(Queue(seat.at, seat.role) for seat in seats), *near], case.department
        )
