"""Who may do what with a case: by their part in it, or by a role at a place of it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from schemas.actions import OWNER, ActionSpec
from schemas.policies import RoleSpec
from schemas.staffing import Queue, holds, place
from schemas.vocabulary import Role
from services.common.store.decision import Refusal
from services.routing.domain.case import Case, Task
from services.routing.domain.sayings import Speaker
from services.routing.domain.world import World


@dataclass(frozen=True)
class Rights:
    """What somebody is in a case, and what that lets them do."""

    case: Case
    actor: str
    world: World

    @cached_property
    def speaker(self) -> Speaker:
        """Tells them what a rule forbids."""
        return Speaker.to(self.actor, self.case, self.world)

    @cached_property
    def represented(self) -> frozenset[str]:
        """They and everyone they stand in for."""
        return self.world.directory.represented(self.actor, self.world.now)

    @cached_property
    def _capacities(self) -> Mapping[str, tuple[Role, ...]]:
        """The parties that they are, each with the roles in which they then act: parts in it, and roles at its places."""
        case, seats = self.case, self.world.directory.seats(self.actor, self.world.now)
        has: dict[str, tuple[Role, ...]] = defaultdict(tuple)
        if is_party(case, case.owner, case.owner_place, self.actor, self.world):
            has |= {OWNER: (case.owner_role,), f"{OWNER}:{case.owner_role}": (case.owner_role,)}
        for task in case.tasks:
            if is_assigned(case, task, self.actor, self.world):
                has[f"task:{task.task}"] += (task.role,)
        for role in self.world.policy(case).roles:
            if Queue(place(case, role.at), role.id) in seats:
                has[role.id] = (role.id,)
        return has

    def may(self, action: ActionSpec) -> Refusal | None:
        """None where they may; else what forbids it, and who could."""
        if not self._capacities.keys() & set(action.by):
            return self._accept_first(action) or self.speaker.who_may(action)
        for name in action.not_by:
            if (done := self.case.done.get(name)) is not None and not self.represented.isdisjoint(done.by):
                return self.speaker.not_by_the_same(action, name)
        return None

    @property
    def sees_customer(self) -> bool:
        """Whether they read whose case it is: with a part in it, or in a role that does for its department."""
        roles = self.world.policy(self.case).role
        return any(
            party not in roles or (roles[party].sees_customer and self._works_in(roles[party]))
            for party in self._capacities
        )

    def _works_in(self, role: RoleSpec) -> bool:
        """Whether they, or somebody they stand in for, have a role for the department of the case."""
        directory, at = self.world.directory, place(self.case, role.at)
        return any(
            holds(one, at, role.id, self.case.department)
            and directory.acts_for(self.actor, one.id, at, self.world.now)
            for one in directory.perhaps_for(self.actor)
        )

    def roles(self, action: ActionSpec) -> tuple[Role, ...]:
        """The roles in which they act, by the parties of the action that they are, in its order."""
        given = (role for party in action.by for role in self._capacities.get(party, ()))
        return tuple(dict.fromkeys(given))

    def may_answer(self, task: Task) -> bool:
        """Whether they may reply to a task: who is asked, and of one that nobody accepts whoever could have been asked as well."""
        if is_assigned(self.case, task, self.actor, self.world):
            return True
        spec = self.world.policy(self.case).task[task.task]
        return not spec.is_accepted and any(
            self.world.directory.acts_for(self.actor, one.id, seat.at, self.world.now)
            for role in task.roles or spec.to
            for seat in self.world.seats(self.case, role)
            for one in self.world.directory.staff(seat.at, seat.role, seat.department)
        )

    def _accept_first(self, action: ActionSpec) -> Refusal | None:
        """Whoever the case is handed over to may do as its owner once they have accepted it."""
        owners = any(party.split(":")[0] == OWNER for party in action.by)
        asked = (is_assigned(self.case, task, self.actor, self.world) for task in self.case.hand_overs)
        return self.speaker.accept_first(action) if owners and any(asked) else None


def is_assigned(case: Case, task: Task, actor: str, world: World) -> bool:
    """Whether a task is somebody's, or of whom they stand in for."""
    return is_party(case, task.to, task.place, actor, world)


def is_party(case: Case, named: str, at: str, actor: str, world: World) -> bool:
    """Whether somebody is, or stands in for, the one named; a queue is its members and whoever answers for it."""
    directory, queue = world.directory, Queue.named(named)
    if queue is None:
        return directory.acts_for(actor, named, at, world.now)
    if queue in directory.seats(actor, world.now):
        return True
    line = directory.line(case, world.policy(case), queue, world.now)
    return any(one.id == actor for one in directory.attending(line, case.department, world.now))
