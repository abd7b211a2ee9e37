"""Accepting a hand-over or a request for support, or returning it with a reason."""

from collections.abc import Mapping
from typing import Any

from schemas.cases import CaseAccepted, CaseReturned, State
from schemas.staffing import MANUFACTURER, Queue
from services.routing.domain.actions.action import Action, Form, Text
from services.routing.domain.actions.permission import is_receiver
from services.routing.domain.case import Case, HandOver, Support
from services.routing.domain.draft import Draft
from services.routing.domain.ladder import passed
from services.routing.domain.manufacturer_support import SupportRequest, choose_supporter, request_support
from services.routing.domain.seals import Sealed
from services.routing.domain.world import World


class AcceptForm(Form):
    """Nothing needs to be said."""

    def action(self, actor: str, texts: Sealed) -> Action:  # noqa: ARG002
        return Accept(actor=actor)


class Accept(Action):
    """Take the case over; or stand by as the manufacturer's person, while the dealer keeps the lead."""

    name = "accept"
    form = AcceptForm
    by = frozenset({"receiver", "asked"})

    def apply(self, draft: Draft, world: World) -> None:
        hand_over, support = draft.case.hand_over, draft.case.support
        if hand_over is not None and is_receiver(draft.case, self.actor, world):
            _take_over(draft, hand_over, self.actor, world)
        elif support is not None:
            _stand_by(draft, support, self.actor, world)


def _take_over(draft: Draft, hand_over: HandOver, actor: str, world: World) -> None:
    state = _accepted(draft.case, hand_over, world)
    post = world.post(draft.case, actor, hand_over.role)
    draft.set(owner=actor, owner_role=hand_over.role, owned_at=draft.at, owner_post=post)
    draft.set(hand_over=None, declined_by=(), state=state)
    draft.publish(CaseAccepted, role=hand_over.role, tier="dealer")
    draft.record_history("case.accepted", role=hand_over.role)


def _accepted(case: Case, hand_over: HandOver, world: World) -> State:
    """Under review with the CR manager; otherwise in progress once its nature is judged."""
    if hand_over.role == world.policy(case).content.first_hand_over:
        return "in_review"
    return "transferred" if hand_over.role == "dept_manager" and not case.confirmed else "in_progress"


def _stand_by(draft: Draft, support: Support, actor: str, world: World) -> None:
    case = draft.case
    # A hand-over within the dealer keeps the case escalated until the dealer's person accepts it.
    state: State = "in_progress" if case.state == "escalated" and case.hand_over is None else case.state
    post = world.post(case, actor, MANUFACTURER)
    part = {"to": actor, "accepted_at": draft.at, "previous": None, "post": post, "declined": ()}
    draft.set(support=support.model_copy(update=part), state=state)
    draft.publish(CaseAccepted, role=MANUFACTURER, tier="manufacturer")
    draft.record_history("case.accepted", role=MANUFACTURER)


class ReturnForm(Form):
    reason: Text

    def texts(self) -> Mapping[str, Any]:
        return {"reason": self.reason}

    def action(self, actor: str, texts: Sealed) -> Action:
        return Return(actor=actor, reason=texts)


class Return(Action):
    """Decline: the owner keeps the case; the manufacturer's side asks somebody else of its own."""

    name = "return"
    form = ReturnForm
    by = frozenset({"receiver", "asked", "supporter"})

    reason: Sealed

    def apply(self, draft: Draft, world: World) -> None:
        hand_over, support = draft.case.hand_over, draft.case.support
        if hand_over is not None and is_receiver(draft.case, self.actor, world):
            _decline_hand_over(draft, hand_over, self)
        elif support is not None:
            _decline_support(draft, support, self, world)


def _decline_hand_over(draft: Draft, hand_over: HandOver, action: Return) -> None:
    # Who declines an escalation has been passed by: the next escalation goes on above them.
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
    _publish(draft, action, hand_over.role)


def _decline_support(draft: Draft, support: Support, action: Return, world: World) -> None:
    # Of a queue one member alone declines.
    in_person = () if Queue.named(support.to) else (support.to,)
    declined = dict.fromkeys((*support.declined, *in_person, action.actor))
    draft.set(notes=draft.case.notes + 1)
    _publish(draft, action, MANUFACTURER)
    draft.set(support=support.model_copy(update={"declined": tuple(declined)}))
    colleague = choose_supporter(draft.case, world, passed(draft.case, world))
    request_support(draft, colleague, SupportRequest("return"), world)


def _publish(draft: Draft, action: Return, role: str) -> None:
    draft.publish(CaseReturned, role=role, reason=action.reason.id)
    draft.record_history("case.returned", role=role, text=str(action.reason.id), text_seal=action.reason.seal)
