"""Every action of people, and how one is taken or refused; a new one is a file beside this and a line here."""

from uuid import UUID

from services.common.store.decision import Change, Refusal
from services.routing.domain.actions.action import Action
from services.routing.domain.actions.answering import Accept, Return
from services.routing.domain.actions.ending import Close, Resolve
from services.routing.domain.actions.judging import Confirm, JudgeNature
from services.routing.domain.actions.permission import may
from services.routing.domain.actions.progress import FollowUp, LogContact
from services.routing.domain.actions.transfer import Transfer
from services.routing.domain.case import Case
from services.routing.domain.draft import Draft
from services.routing.domain.world import World

# S0 gives review and follow-up to the CR manager, the nature to the manager; what S0 lost is origin: product (D-15).
ACTIONS: dict[str, type[Action]] = {
    action.name: action
    for action in (Accept, Return, Transfer, JudgeNature, Confirm, LogContact, FollowUp, Resolve, Close)
}
"""By the name in the interface: each class says who may, from which states, with which form, and what it does."""


def act(case: Case, action: Action, cause: UUID, world: World) -> Change[Case] | Refusal:
    """The case after an action, or the rule that forbids it: first who, then when, then what."""
    refused = may(case, action.actor, type(action), world) or _too_late(case, action)
    draft = Draft.of(case, cause, action.actor, world.now)
    refused = refused or action.apply(draft, world)
    return refused or draft.change()


def _too_late(case: Case, action: Action) -> Refusal | None:
    over = case.state not in action.from_states
    return Refusal(409, "case_over", f"the case is {case.state}") if over else None


def allowed(case: Case, actor: str, world: World) -> list[str]:
    """The names of what somebody may do with a case, whether or not its state is right for it.

    Nothing as long as the policy version it goes by is not known here: an action would have to wait for it.
    """
    if case.policy_key not in world.policies:
        return []
    return [name for name, action in ACTIONS.items() if may(case, actor, action, world) is None]
