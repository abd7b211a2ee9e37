"""Who may do what with a case: by their part in it, or by their role at its shop."""

from schemas.cases import Role
from schemas.staffing import MANUFACTURER, Queue, place
from services.common.store.decision import Refusal
from services.routing.domain.actions.action import Action
from services.routing.domain.case import Case, Task
from services.routing.domain.tasks import find_task, may_answer
from services.routing.domain.world import World


def may(case: Case, actor: str, action: type[Action], world: World) -> Refusal | None:
    """None where they may; else what forbids it."""
    has, needed = capacities(case, actor, world), action.by
    if has & needed:
        return None
    if "receiver" in has and "owner" in {who.split()[0] for who in needed}:
        return Refusal(409, "accept_first", "the case is handed over to you: accept it first")
    who = " or ".join(sorted(needed))
    return Refusal(422, f"who_may_{action.name}", f"only {who} of this case may do this, not {actor}")


def capacities(case: Case, actor: str, world: World) -> set[str]:
    """Somebody's parts in the case and the roles they fill at its shop."""
    has: set[str] = {*world.directory.stands_for(actor, case.shop, world.now)}
    if is_party(case, case.owner, case.owner_role, actor, world):
        has |= {"owner", f"owner as {case.owner_role}"}
    if is_receiver(case, actor, world):
        has.add("receiver")
    if case.support is not None and is_party(case, case.support.to, MANUFACTURER, actor, world):
        has.add("asked" if case.support.accepted_at is None else "supporter")
    if (task := find_task(case, "confirm")) is not None and _may_confirm(case, task, actor, world):
        has.add("confirmer")
    return has


def acting_as(case: Case, actor: str, world: World) -> Role:
    """The role in which somebody hands the case over."""
    has = capacities(case, actor, world)
    if "owner" in has:
        return case.owner_role
    return "mfr_cr" if "supporter" in has else "dealer_gm"


def _may_confirm(case: Case, task: Task, actor: str, world: World) -> bool:
    return is_party(case, task.to, task.role, actor, world) or may_answer(case, task, actor, world)


def is_receiver(case: Case, actor: str, world: World) -> bool:
    """Whether the case is handed over to somebody, or to whom they stand in for."""
    return case.hand_over is not None and is_party(case, case.hand_over.to, case.hand_over.role, actor, world)


def is_party(case: Case, named: str, role: Role, actor: str, world: World) -> bool:
    """Whether somebody is, or stands in for, the one named; a queue is its members and whoever answers for it."""
    directory, queue = world.directory, Queue.named(named)
    if queue is None:
        return directory.acts_for(actor, named, place(case, role), world.now)
    if queue in directory.seats(actor, world.now):
        return True
    line = directory.line(case, world.ladder(case), queue, world.now)
    return any(one.id == actor for one in directory.attending(line, case.department, world.now))
