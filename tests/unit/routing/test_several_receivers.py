"""An escalation asks somebody more to take a case over: whoever accepts first owns it, and nobody else is asked any more."""

import pytest

from schemas.cases import CaseTaskWithdrawn
from services.routing.domain import replies
from services.routing.domain.case import Case
from tests.asking import replied, reply, task_to
from tests.casework import Casework

ASKED = ["cr-1", "dm-service", "gm-1"]
STATES = {"cr-1": "in_review", "dm-service": "transferred", "gm-1": "in_progress"}


def escalated(casework: Casework) -> Case:
    """A case that the CR manager, the manager and the general manager are asked to take over."""
    case = casework.receive()
    for deadline in ("DL-01", "HO-01"):
        case, _ = casework.breach(case, deadline)
    return case


def receivers(case: Case) -> list[str]:
    return [task.to for task in case.hand_overs]


def withdrawals(casework: Casework) -> list[tuple[str, str]]:
    events = (event for event in casework.events() if isinstance(event, CaseTaskWithdrawn))
    return [(event.to, event.because) for event in events]


def test_all_wait_at_once_and_each_may_accept_or_refuse_what_is_asked_of_them() -> None:
    casework = Casework()
    case = escalated(casework)
    assert receivers(case) == ASKED
    for name in ASKED:
        allowed = replies.allowed(case, name, casework.world())
        assert allowed == {task_to(case, name).task_id: ["accept", "refuse"]}
    assert replies.allowed(case, case.owner, casework.world()) == {}


@pytest.mark.parametrize("first", ASKED)
def test_whoever_accepts_first_is_the_owner_and_the_others_are_asked_no_more(first: str) -> None:
    casework = Casework()
    case = reply(casework, escalated(casework), first, "accept")
    assert (case.owner, case.hand_overs, case.state) == (first, [], STATES[first])
    assert withdrawals(casework) == [(name, "taken") for name in ASKED if name != first]
    assert casework.types()[-1] == "case.task_accepted"


def test_what_somebody_else_has_taken_cannot_be_taken_any_more() -> None:
    casework = Casework()
    case = escalated(casework)
    late = replied(casework, case, "gm-1", "accept")
    case = reply(casework, case, "dm-service", "accept")
    refusal = casework.refused(case, late)
    assert (refusal.status, refusal.rule) == (409, "task_done")


def test_the_time_of_what_nobody_is_asked_any_more_escalates_nothing() -> None:
    casework = Casework()
    case = escalated(casework)
    late = task_to(case, "gm-1")
    case = reply(casework, case, "dm-service", "accept")
    breach = casework.breached(case, "HO-01", task_id=late.task_id, accountable="dealer_gm")
    case = casework.fold(case, breach)
    due = casework.escalation_due(case, breach).model_copy(update={"task_id": late.task_id})
    assert casework.decide(case, case.id, due) is None


@pytest.mark.parametrize("name", ASKED)
def test_a_refusal_leaves_those_who_are_asked_as_well(name: str) -> None:
    casework = Casework()
    before = escalated(casework)
    case = reply(casework, before, name, "refuse")
    assert receivers(case) == [one for one in ASKED if one != name]
    assert (case.owner, case.declined_by) == (before.owner, (name,))
    assert case.state == "escalated"


def test_when_all_have_refused_the_owner_keeps_it_and_it_is_as_before_anybody_was_asked() -> None:
    casework = Casework()
    case = before = escalated(casework)
    for name in ASKED:
        case = reply(casework, case, name, "refuse")
    assert (case.owner, case.tasks, case.state) == (before.owner, (), "registered")
    assert case.rungs == before.rungs, "whoever has declined is passed by"
    case, _ = casework.breach(case, "DL-03")
    assert ([task.to for task in case.tasks_of("support")], case.hand_overs) == (["mfr-1"], [])


def test_a_hand_over_by_name_takes_the_place_of_all_that_wait() -> None:
    casework = Casework()
    case = escalated(casework)
    case = casework.act(case, "gm-1", "transfer", shop="north", role="sc_sa", person="sa-1")
    assert receivers(case) == ["sa-1"]
    assert withdrawals(casework) == [(name, "replaced") for name in ASKED]
    assert (case.rungs, case.state) == ({"handling": 0}, "registered")


def test_resolving_takes_back_what_nobody_has_accepted() -> None:
    casework = Casework()
    case = reply(casework, casework.receive(), "cr-1", "accept")
    case = casework.act(case, "cr-1", "contact")
    for deadline in ("DL-02", "HO-01"):
        case, _ = casework.breach(case, deadline, accountable="dealer_cr_manager")
    assert receivers(case) == ["dm-service", "gm-1"]
    case = casework.act(case, "cr-1", "resolve")
    assert (case.hand_overs, case.state, case.owner) == ([], "resolved", "cr-1")
    assert withdrawals(casework) == [("dm-service", "over"), ("gm-1", "over")]
