"""Who may do what with a case: by their part in it, or by a role at a place of it."""

from collections.abc import Mapping

from schemas.actions import OWNER, ActionSpec
from schemas.staffing import Queue, place
from schemas.vocabulary import Role
from services.common.store.decision import Refusal
from services.routing.domain import sayings
from services.routing.domain.case import Case, Task
from services.routing.domain.world import World


def may(case: Case, actor: str, action: ActionSpec, world: World) -> Refusal | None:
    """None where they may; else what forbids it, and who could."""
    has = capacities(case, actor, world)
    speaker = sayings.Speaker.to(actor, case, world)
    if not has.keys() & set(action.by):
        return _accept_first(case, actor, action, world) or speaker.who_may(action)
    stood_for = world.directory.represented(actor, world.now)
    for name in action.not_by:
        if (done := case.done.get(name)) is not None and not stood_for.isdisjoint(done.by):
            return speaker.not_by_the_same(action, name)
    return None


def _accept_first(case: Case, actor: str, action: ActionSpec, world: World) -> Refusal | None:
    """Whoever the case is handed over to may do as its owner once they have accepted it."""
    owners = any(party.split(":")[0] == OWNER for party in action.by)
    if owners and any(is_assigned(case, task, actor, world) for task in case.hand_overs):
        return sayings.Speaker.to(actor, case, world).accept_first(action)
    return None


def capacities(case: Case, actor: str, world: World) -> Mapping[str, Role]:
    """What somebody is in a case, each with the role in which they then act: parts in it, and roles at its places."""
    policy, seats = world.policy(case), world.directory.seats(actor, world.now)
    has: dict[str, Role] = {}
    if is_party(case, case.owner, case.owner_place, actor, world):
        has |= {OWNER: case.owner_role, f"{OWNER}:{case.owner_role}": case.owner_role}
    has |= {f"task:{task.task}": task.role for task in case.tasks if is_assigned(case, task, actor, world)}
    return has | {role.id: role.id for role in policy.roles if Queue(place(case, role.at), role.id) in seats}


def acting_role(case: Case, actor: str, action: ActionSpec, world: World) -> Role:
    """The role in which somebody acts: by the first party of the action that they are."""
    has = capacities(case, actor, world)
    return next(has[party] for party in action.by if party in has)


def may_answer(case: Case, task: Task, actor: str, world: World) -> bool:
    """Whether somebody may reply to a task: who is asked, and of one that nobody accepts whoever could have been asked as well."""
    if is_assigned(case, task, actor, world):
        return True
    policy = world.policy(case)
    spec = policy.task[task.task]
    return not spec.is_accepted and any(
        world.directory.acts_for(actor, one.id, seat.at, world.now)
        for role in spec.to
        for seat in world.seats(case, role)
        for one in world.directory.staff(seat.at, seat.role, seat.department)
    )


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
