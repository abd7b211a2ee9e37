"""No decision publishes two events under one id: the second would never go out, and its readers would wait for it."""

from collections.abc import Callable, Iterable, Sequence
from uuid import uuid4

import pytest

from schemas.base import Message
from services.common.store.decision import Cause, Change, Outgoing
from services.common.store.document import Document
from services.routing.domain.acting import Act
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from services.routing.domain.replies import TaskReply, Verb
from tests.casework import Casework, gtmc
from tests.dealership import MONDAY, a_contact, directory_file
from tests.unit.routing.test_reassignment import FIRE, reload

EVERYBODY = tuple(one.id for one in directory_file().people)


def supported(casework: Casework) -> Case:
    """A case in review whose supporter has accepted, and who has since left."""
    case = casework.receive(a_contact(FIRE))
    [support], [offer] = case.tasks_of("support"), case.hand_overs
    case = casework.reply(case, support.to, "accept", "support")
    case = casework.reply(case, offer.to, "accept")
    reload(casework, without=[support.to])
    return case


def distinct(change: Change[Case]) -> Sequence[str]:
    """The types of what is published, after a look at the ids."""
    ids = [event.id for event in change.events]
    assert len(set(ids)) == len(ids)
    return [event.message.type for event in change.events if isinstance(event, Outgoing)]  # type: ignore[attr-defined]


Asked = Callable[[Casework, Case, str], Iterable[Act | TaskReply]]


def _act(action: str, **form: str) -> Asked:
    return lambda casework, case, actor: [casework.request(case, actor, action, **form)]


def _reply(verb: Verb) -> Asked:
    """To what is asked, the newest of each kind."""
    return lambda casework, case, actor: [
        casework.replied(case, actor, verb, kind) for kind in sorted({task.task for task in case.tasks})
    ]


TO_MANAGER = {"shop": "north", "role": "dept_manager", "person": "dm-service"}
ASKED: dict[str, Asked] = {
    "transfer": _act("transfer", **TO_MANAGER),
    "judge": _act("judge", severity="major", reason="…"),
    "contact": _act("contact"),
    "try_to_reach": _act("try_to_reach"),
    "follow_up": _act("follow_up"),
    "resolve": _act("resolve"),
    "close": _act("close"),
    "accept": _reply("accept"),
    "answer": _reply("answer"),
    "refuse": _reply("refuse"),
}


def in_state(case: Case, state: str) -> Case:
    return case.model_copy(update={"state": state, "stage": gtmc().content.state[state].stage})


def test_every_action_of_the_policy_is_tried() -> None:
    assert gtmc().content.action.keys() <= ASKED.keys()


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("state", ["in_review", "in_progress", "resolved", "hand_over"])
def test_what_anybody_does_after_the_supporter_left(asked: str, state: str) -> None:
    casework = Casework()
    case = supported(casework)
    if state == "hand_over":
        case = casework.act(case, case.owner, "transfer", **TO_MANAGER)
    else:
        case = in_state(case, state)
    for actor in EVERYBODY:
        for message in ASKED[asked](casework, case, actor):
            decision = casework.decide(case, case.id, message)
            if isinstance(decision, Change):
                distinct(decision)


def test_a_transfer_after_the_supporter_left_asks_the_next_and_offers_too() -> None:
    casework = Casework()
    case = supported(casework)
    decision = casework.decide(case, case.id, casework.request(case, case.owner, "transfer", **TO_MANAGER))
    assert isinstance(decision, Change)
    assert [task.task for task in decision.state.tasks] == ["hand_over", "support"]
    assert distinct(decision).count("case.task_sent") == 4


def test_escalations_after_the_supporter_left() -> None:
    casework = Casework()
    case = supported(casework)
    for deadline in ("DL-01", "HO-01", "DL-02"):
        task = case.hand_overs[-1].task_id if deadline == "HO-01" else None
        breach = casework.breached(case, deadline, task_id=task)
        for message in (breach, casework.escalation_due(case, breach)):
            casework.later(hours=1)
            decision = casework.decide(case, case.id, message)
            if isinstance(decision, Change):
                distinct(decision)
                case = decision.state
    assert any(task.breaches for task in case.tasks)


@pytest.mark.parametrize("gone", ["supporter", "owner", "both"])
def test_a_closed_case_that_the_customer_speaks_of_again(gone: str) -> None:
    casework = Casework()
    case = in_state(supported(casework), "closed").model_copy(update={"ended_at": MONDAY})
    [support] = case.tasks_of("support")
    names = {"supporter": [support.to], "owner": [case.owner], "both": [support.to, case.owner]}
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
    action = casework.request(case, case.owner, "transfer", **TO_MANAGER)
    first, second = (decide(case, Cause(case.id, cause, action), casework.world()) for _ in range(2))
    assert first == second
