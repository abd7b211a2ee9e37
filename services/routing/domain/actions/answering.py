"""Accepting what was offered, or returning it with a reason."""

from schemas.cases import CaseAccepted, CaseReturned, State
from schemas.staffing import Queue
from services.routing.domain import ladder, manufacturer
from services.routing.domain.actions.action import Accept, HandBack
from services.routing.domain.actions.permission import is_receiver
from services.routing.domain.case import Case, HandOver, Support
from services.routing.domain.draft import Draft
from services.routing.domain.world import World


def accept(draft: Draft, action: Accept, world: World) -> None:
    """The offered person is the owner now; the manufacturer's person supports, the dealer keeps the lead."""
    hand_over, support = draft.case.hand_over, draft.case.support
    if hand_over is not None and is_receiver(draft.case, action.actor, world):
        _take(draft, hand_over, action.actor, world)
    elif support is not None:
        _stand_by(draft, support, action.actor, world)


def _take(draft: Draft, hand_over: HandOver, actor: str, world: World) -> None:
    state = _accepted(draft.case, hand_over, world)
    post = world.post(draft.case, actor, hand_over.role)
    draft.set(owner=actor, owner_role=hand_over.role, owned_at=draft.at, owner_post=post)
    draft.set(hand_over=None, declined_by=(), state=state)
    draft.tell(CaseAccepted, role=hand_over.role, tier="dealer")
    draft.note("case.accepted", role=hand_over.role)


def _accepted(case: Case, hand_over: HandOver, world: World) -> State:
    """Under review with the CR manager; otherwise in progress once its nature is judged."""
    if hand_over.role == world.policy(case).content.first_hand_over:
        return "in_review"
    return "transferred" if hand_over.role == "dept_manager" and not case.confirmed else "in_progress"


def _stand_by(draft: Draft, support: Support, actor: str, world: World) -> None:
    case = draft.case
    # a hand-over within the dealer keeps the case escalated until the dealer's person accepts it.
    state: State = "in_progress" if case.state == "escalated" and case.hand_over is None else case.state
    post = world.post(case, actor, manufacturer.ROLE)
    part = {"to": actor, "accepted_at": draft.at, "previous": None, "post": post, "declined": ()}
    taken = support.model_copy(update=part)
    draft.set(support=taken, state=state)
    draft.tell(CaseAccepted, role=manufacturer.ROLE, tier="manufacturer")
    draft.note("case.accepted", role=manufacturer.ROLE)


def hand_back(draft: Draft, action: HandBack, world: World) -> None:
    """The owner keeps the case; the manufacturer's side asks somebody else of its own."""
    hand_over, support = draft.case.hand_over, draft.case.support
    if hand_over is not None and is_receiver(draft.case, action.actor, world):
        # Who declines an escalation has been passed by: the next escalation goes on above him.
        passed_by = hand_over.via == "escalation" or draft.case.rung > hand_over.rung
        rung = draft.case.rung if passed_by else hand_over.rung_before
        declined_by = tuple(dict.fromkeys((*draft.case.declined_by, hand_over.to, action.actor)))
        draft.set(
            hand_over=hand_over.previous,
            rung=rung,
            state=hand_over.before,
            notes=draft.case.notes + 1,
            declined_by=declined_by,
        )
        _tell(draft, action, hand_over.role)
    elif support is not None:
        declined = dict.fromkeys((*support.declined, *_named(support.to), action.actor))
        draft.set(notes=draft.case.notes + 1)
        _tell(draft, action, manufacturer.ROLE)
        draft.set(support=support.model_copy(update={"declined": tuple(declined)}))
        colleague = manufacturer.pick(draft.case, world, ladder.passed(draft.case, world))
        manufacturer.ask(draft, colleague, manufacturer.Ground("return"), world)


def _named(to: str) -> tuple[str, ...]:
    """Who was asked in person: of a queue one member alone declines."""
    return () if Queue.named(to) else (to,)


def _tell(draft: Draft, action: HandBack, role: str) -> None:
    draft.tell(CaseReturned, role=role, reason=action.reason.id)
    draft.note("case.returned", role=role, text=str(action.reason.id), text_seal=action.reason.seal)
