"""Accepting what was offered, or returning it with a reason."""

from schemas.cases import CaseAccepted, CaseReturned, State
from schemas.staffing import Queue
from services.routing.domain import ladder, manufacturer
from services.routing.domain.actions.action import Accept, HandBack
from services.routing.domain.actions.permission import is_offered
from services.routing.domain.case import Case, Offer, Support
from services.routing.domain.draft import Draft
from services.routing.domain.world import World


def accept(draft: Draft, action: Accept, world: World) -> None:
    """The offered person is the owner now; the manufacturer's person supports, the dealer keeps the lead."""
    offer, support = draft.case.offer, draft.case.support
    if offer is not None and is_offered(draft.case, action.actor, world):
        _take(draft, offer, action.actor, world)
    elif support is not None:
        _stand_by(draft, support, action.actor, world)


def _take(draft: Draft, offer: Offer, actor: str, world: World) -> None:
    state = _accepted(draft.case, offer, world)
    post = world.post(draft.case, actor, offer.role)
    draft.set(owner=actor, owner_role=offer.role, owned_at=draft.at, owner_post=post)
    draft.set(offer=None, passed=(), state=state)
    draft.tell(CaseAccepted, role=offer.role, tier="dealer")
    draft.note("case.accepted", role=offer.role)


def _accepted(case: Case, offer: Offer, world: World) -> State:
    """Under review with the CR manager; otherwise in progress once its nature is judged."""
    if offer.role == world.programme(case).profile.first_hand_over:
        return "in_review"
    return "transferred" if offer.role == "dept_manager" and not case.confirmed else "in_progress"


def _stand_by(draft: Draft, support: Support, actor: str, world: World) -> None:
    case = draft.case
    # An offer within the dealer keeps the case escalated until the dealer's person accepts it.
    state: State = "in_progress" if case.state == "escalated" and case.offer is None else case.state
    post = world.post(case, actor, manufacturer.ROLE)
    part = {"to": actor, "accepted_at": draft.at, "over": None, "post": post, "declined": ()}
    taken = support.model_copy(update=part)
    draft.set(support=taken, state=state)
    draft.tell(CaseAccepted, role=manufacturer.ROLE, tier="manufacturer")
    draft.note("case.accepted", role=manufacturer.ROLE)


def hand_back(draft: Draft, action: HandBack, world: World) -> None:
    """The owner keeps the case; the manufacturer's side asks somebody else of its own."""
    offer, support = draft.case.offer, draft.case.support
    if offer is not None and is_offered(draft.case, action.actor, world):
        # Who declines a climb has been passed: the next climb goes on above him.
        passed_by = offer.via == "climb" or draft.case.rung > offer.rung
        rung = draft.case.rung if passed_by else offer.rung_before
        passed = tuple(dict.fromkeys((*draft.case.passed, offer.to, action.actor)))
        draft.set(offer=offer.over, rung=rung, state=offer.before, notes=draft.case.notes + 1, passed=passed)
        _tell(draft, action, offer.role)
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
