"""Who may do what with a case: by his part in it, or by his role at its shop."""

from schemas.cases import Role
from services.common.decision import Refusal
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
from services.routing.domain.directory import Directory

# "owner" and the like are parts in the case, the rest are roles at its shop. S0 gives review and
# follow-up to the CR manager, the nature to the manager; what S0 lost is origin: product (D-15).
MAY: dict[type[Action], frozenset[str]] = {
    Accept: frozenset({"offered", "asked"}),
    HandBack: frozenset({"offered", "asked", "supporter"}),
    Transfer: frozenset({"owner", "supporter", "dealer_gm"}),
    JudgeNature: frozenset({"owner as dept_manager", "owner as dealer_gm", "dealer_gm"}),
    LogContact: frozenset({"owner", "operator", "dealer_cr_manager", "dealer_gm"}),
    FollowUp: frozenset({"owner", "operator", "dealer_cr_manager", "dealer_gm", "supporter"}),
    Resolve: frozenset({"owner", "dealer_gm"}),
    Close: frozenset({"dealer_cr_manager"}),
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


def may(case: Case, actor: str, action: type[Action], directory: Directory) -> Refusal | None:
    """None where he may; else what forbids it."""
    has, needed = capacities(case, actor, directory), MAY[action]
    if has & needed:
        return None
    if "offered" in has and "owner" in {each.split()[0] for each in needed}:
        return Refusal(409, "accept_first", "the case is offered to you: accept it first")
    who = " or ".join(sorted(needed))
    return Refusal(422, f"who_may_{NAMES[action]}", f"only {who} of this case may do this, not {actor}")


def allowed(case: Case, actor: str, directory: Directory) -> list[str]:
    """The names of what somebody may do with a case, whether or not its state is right for it."""
    return [name for action, name in NAMES.items() if may(case, actor, action, directory) is None]


def capacities(case: Case, actor: str, directory: Directory) -> set[str]:
    """His parts in the case and his roles at its shop."""
    has: set[str] = set(directory.roles(actor, case.shop))
    if is_party(case.owner, actor, directory):
        has |= {"owner", f"owner as {case.owner_role}"}
    if case.offer is not None and is_party(case.offer.to, actor, directory):
        has.add("offered")
    if case.support is not None and is_party(case.support.to, actor, directory):
        has.add("asked" if case.support.accepted_at is None else "supporter")
    return has


def acting_as(case: Case, actor: str, directory: Directory) -> Role:
    """The role in which somebody hands the case over."""
    has = capacities(case, actor, directory)
    if "owner" in has:
        return case.owner_role
    return "mfr_cr" if "supporter" in has else "dealer_gm"


def is_party(named: str, actor: str, directory: Directory) -> bool:
    """Whether somebody is the one named; a desk is everybody of its role at its place."""
    if not named.startswith("desk:"):
        return named == actor
    _, at, role = named.split(":")
    return role in directory.roles(actor, at)
