"""No decision publishes two events under one id: the second would never go out, and its readers would wait for it."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest

from schemas.base import Message
from services.common.store.decision import Cause, Change, Outgoing
from services.common.store.document import Document
from services.routing.domain.actions.action import Action
from services.routing.domain.actions.answering import Accept, Return
from services.routing.domain.actions.ending import Close, Resolve
from services.routing.domain.actions.judging import JudgeNature
from services.routing.domain.actions.progress import FollowUp, LogContact
from services.routing.domain.actions.transfer import Transfer
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from tests.casework import Casework, sealed
from tests.dealership import MONDAY, a_contact, directory_file
from tests.unit.routing.test_reassignment import FIRE, reload

EVERYBODY = tuple(one.id for one in directory_file().people)


def supported(casework: Casework) -> Case:
    """A case in review whose supporter has accepted, and who has since left."""
    case = casework.receive(a_contact(FIRE))
    assert case.support is not None
    supporter = case.support.to
    case = casework.act(case, Accept(actor=supporter))
    assert case.hand_over is not None
    case = casework.act(case, Accept(actor=case.hand_over.to))
    reload(casework, without=[supporter])
    return case


def distinct(change: Change[Case]) -> Sequence[str]:
    """The types of what is published, after a look at the ids."""
    ids = [event.id for event in change.events]
    assert len(set(ids)) == len(ids)
    return [event.message.type for event in change.events if isinstance(event, Outgoing)]  # type: ignore[attr-defined]


def _transfer(actor: str) -> Action:
    return Transfer(actor=actor, shop="north", role="dept_manager", person="dm-service", note=sealed())


ACTIONS: dict[str, Callable[[str], Action]] = {
    "transfer": _transfer,
    "judge": lambda actor: JudgeNature(actor=actor, severity="major", reason=sealed()),
    "contact": lambda actor: LogContact(actor=actor, note=sealed()),
    "follow-up": lambda actor: FollowUp(actor=actor, note=sealed()),
    "resolve": lambda actor: Resolve(actor=actor, note=sealed()),
    "close": lambda actor: Close(actor=actor, note=sealed()),
    "accept": lambda actor: Accept(actor=actor),
    "return": lambda actor: Return(actor=actor, reason=sealed()),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", ["in_review", "in_progress", "resolved", "hand_over"])
def test_an_action_of_anybody_after_the_supporter_left(action: str, state: str) -> None:
    casework = Casework()
    case = supported(casework)
    if state == "hand_over":
        case = casework.act(case, _transfer(case.owner))
    else:
        case = case.model_copy(update={"state": state})
    for actor in EVERYBODY:
        decision = casework.decide(case, case.id, ACTIONS[action](actor))
        if isinstance(decision, Change):
            distinct(decision)


def test_a_transfer_after_the_supporter_left_asks_the_next_and_offers_too() -> None:
    casework = Casework()
    case = supported(casework)
    decision = casework.decide(case, case.id, _transfer(case.owner))
    assert isinstance(decision, Change)
    assert distinct(decision).count("case.handed_over") == 4


def test_a_escalation_after_the_supporter_left() -> None:
    casework = Casework()
    case = supported(casework)
    for deadline in ("DL-01", "HO-01", "DL-02"):
        breach = casework.breached(case, deadline)
        for message in (breach, casework.escalation_due(case, breach)):
            casework.later(hours=1)
            decision = casework.decide(case, case.id, message)
            if isinstance(decision, Change):
                distinct(decision)
                case = decision.state
    assert case.escalated_for


@pytest.mark.parametrize("gone", ["supporter", "owner", "both"])
def test_a_closed_case_that_the_customer_speaks_of_again(gone: str) -> None:
    casework = Casework()
    case = supported(casework).model_copy(update={"state": "closed", "closed_at": MONDAY})
    assert case.support is not None
    names = {"supporter": [case.support.to], "owner": [case.owner], "both": [case.support.to, case.owner]}
    reload(casework, without=names[gone])
    case = casework.receive(a_contact("又起火了", case_id=case.id), case)
    ids = [event.id for event in casework.events()]
    assert len(set(ids)) == len(ids)


def test_a_decision_with_two_events_under_one_id_is_not_taken() -> None:
    casework, document, cause = Casework(), Document[Case](uuid4()), uuid4()
    case = casework.receive()

    def twice(_state: Case | None, _cause: Cause[Message]) -> Change[Case]:
        return Change(case, (event, event))

    event = Outgoing("cases", casework.events()[0])
    outcome = document.take(Cause(document.key, cause, event.message), twice, MONDAY)
    assert (outcome.kind, document.outbox.events, document.state) == ("failed", [], None)
    assert "each has one id" in str(outcome.error)


def test_the_same_cause_decides_the_same_events() -> None:
    casework = Casework()
    case, cause = supported(casework), uuid4()
    action = _transfer(case.owner)
    first, second = (decide(case, Cause(case.id, cause, action), casework.world()) for _ in range(2))
    assert first == second
