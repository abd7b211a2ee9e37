"""Takes an action or refuses it: first who, then when, then what."""

from uuid import UUID

from services.common.store.decision import Change, Refusal
from services.routing.domain.actions import answering, ending, nature, progress, transfer
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
from services.routing.domain.actions.permission import may
from services.routing.domain.case import ENDED, Case
from services.routing.domain.draft import Draft
from services.routing.domain.world import World


def act(case: Case, action: Action, cause: UUID, world: World) -> Change[Case] | Refusal:
    """The case after an action, or the rule that forbids it."""
    refused = may(case, action.actor, type(action), world) or _too_late(case, action)
    draft = Draft.of(case, cause, action.actor, world.now)
    refused = refused or _do(draft, action, world)
    return refused or draft.change()


def _too_late(case: Case, action: Action) -> Refusal | None:
    """What is over can only be talked about, or closed."""
    over = case.state == "closed" or (
        case.state in ENDED and not isinstance(action, LogContact | FollowUp | Close)
    )
    return Refusal(409, "case_over", f"the case is {case.state}") if over else None


def _do(draft: Draft, action: Action, world: World) -> Refusal | None:  # noqa: C901 - a table of contents
    match action:
        case Accept():
            answering.accept(draft, action, world)
        case HandBack():
            answering.hand_back(draft, action, world)
        case Transfer():
            return transfer.transfer(draft, action, world)
        case JudgeNature():
            return nature.judge_nature(draft, action, world)
        case LogContact():
            progress.log_contact(draft, action)
        case FollowUp():
            progress.follow_up(draft, action)
        case Resolve():
            return ending.resolve(draft, action)
        case Close():
            return ending.close(draft, action)
    return None
