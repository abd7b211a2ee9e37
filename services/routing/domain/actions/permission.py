"""Who may do what with a case: by his part in it, or by his role at its shop."""

from schemas.cases import Role
from schemas.staffing import MANUFACTURER, Queue, place
from services.common.store.decision import Refusal
from services.routing.domain.actions.action import (
    Accept,
    Action,
    Close,
    FollowUp,
    HandBack,
    JudgeNature,
    LogContact,
    Resolve,
    Transfer,
)
from services.routing.domain.case import Case
from services.routing.domain.world import World

# "owner" and the like are parts in the case, the rest are roles at its shop. S0 gives review and
# follow-up to the CR manager, the nature to the manager; what S0 lost is origin: product (D-15).
# What an operator says to the customer is no contact by the department (D-8).
DEPARTMENT = frozenset({"sc_sa", "dept_manager", "dealer_cr_manager", "dealer_gm"})
MAY: dict[type[Action], frozenset[str]] = {
    Accept: frozenset({"receiver", "asked"}),
    HandBack: frozenset({"receiver", "asked", "supporter"}),
    Transfer: frozenset({"owner", "supporter", "dealer_gm"}),
    JudgeNature: frozenset({"owner as dept_manager", "owner as dealer_gm", "dealer_gm"}),
    LogContact: DEPARTMENT | {f"owner as {role}" for role in DEPARTMENT},
    FollowUp: frozenset({"owner", "operator", "dealer_cr_manager", "dealer_gm"}),
    Resolve: frozenset({"owner", "dealer_gm"}),
    Close: frozenset({"dealer_cr_manager", "owner as dealer_cr_manager"}),
}
NAMES: dict[type[Action], str] = {
    Accept: "accept",
    HandBack: "return",
    Transfer: "transfer",
    JudgeNature: "judge",
    LogContact: "contacts",
    FollowUp: "follow-ups",
    Resolve: "resolve",
    Close: "close",
}


def may(case: Case, actor: str, action: type[Action], world: World) -> Refusal | None:
    """None where he may; else what forbids it."""
    has, needed = capacities(case, actor, world), MAY[action]
    if has & needed:
        return None
    if "receiver" in has and "owner" in {each.split()[0] for each in needed}:
        return Refusal(409, "accept_first", "the case is offered to you: accept it first")
    who = " or ".join(sorted(needed))
    return Refusal(422, f"who_may_{NAMES[action]}", f"only {who} of this case may do this, not {actor}")


def allowed(case: Case, actor: str, world: World) -> list[str]:
    """The names of what somebody may do with a case, whether or not its state is right for it.

    Nothing as long as the policy version it goes by is not known here: an action would have to wait for it.
    """
    if case.policy_key not in world.policies:
        return []
    return [name for action, name in NAMES.items() if may(case, actor, action, world) is None]


def capacities(case: Case, actor: str, world: World) -> set[str]:
    """His parts in the case and the roles he fills at its shop."""
    has: set[str] = {*world.directory.stands_for(actor, case.shop, world.now)}
    if is_party(case, case.owner, case.owner_role, actor, world):
        has |= {"owner", f"owner as {case.owner_role}"}
    if is_receiver(case, actor, world):
        has.add("receiver")
    if case.support is not None and is_party(case, case.support.to, MANUFACTURER, actor, world):
        has.add("asked" if case.support.accepted_at is None else "supporter")
    return has


def acting_as(case: Case, actor: str, world: World) -> Role:
    """The role in which somebody hands the case over."""
    has = capacities(case, actor, world)
    if "owner" in has:
        return case.owner_role
    return "mfr_cr" if "supporter" in has else "dealer_gm"


def is_receiver(case: Case, actor: str, world: World) -> bool:
    """Whether the case is offered to somebody, or to whom they stand in for."""
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
