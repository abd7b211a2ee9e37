"""A breach escalates one rung; a breach that does not stand takes back what nobody accepted."""

from datetime import timedelta

import pytest

from schemas.cases import CaseEscalationWithdrawn, CaseHandedOver
from schemas.staffing import Directory
from services.common.store.decision import Cause, Change
from services.routing.domain.actions.answering import Accept, Return
from services.routing.domain.actions.transfer import Transfer
from services.routing.domain.case import Case
from services.routing.domain.decide import NoSuchCaseError, decide
from tests.casework import Casework, sealed
from tests.dealership import a_contact, directory_file

FIRE = "车子突然起火冒烟,必须给我一个说法"
MANAGER = {"accountable": "dept_manager"}


def escalated(case: Case) -> tuple[str, int]:
    assert case.hand_over is not None
    return case.hand_over.to, case.rung


def test_a_breach_is_offered_to_the_next_rung_and_the_owner_stays() -> None:
    casework = Casework()
    first = casework.receive()
    case, _ = casework.breach(first, "DL-01")
    assert escalated(case) == ("dm-service", 1)
    assert (case.owner, case.state, case.breach_count) == (first.owner, "escalated", 1)
    offered = casework.events()[-1]
    assert isinstance(offered, CaseHandedOver)
    assert (offered.via, offered.deadline, offered.by) == ("escalation", "DL-01", "ladder")


def test_each_breach_escalates_one_rung_until_the_top() -> None:
    casework = Casework()
    case = casework.receive()
    seats = []
    for deadline in ("DL-01", "HO-01", "HO-01", "HO-01"):
        case, _ = casework.breach(case, deadline)
        seats.append((case.rung, case.hand_over and case.hand_over.to, case.support and case.support.to))
    assert seats == [
        (1, "dm-service", None), (2, "gm-1", None), (3, "gm-1", "mfr-1"), (3, "gm-1", "mfr-1"),
    ]  # fmt: skip


def test_two_breaches_of_one_pass_escalate_one_rung() -> None:
    casework = Casework()
    case = casework.receive()
    casework.later(hours=24)
    first, second = casework.breached(case, "DL-01"), casework.breached(case, "DL-03")
    due = [casework.escalation_due(case, breach) for breach in (first, second)]
    casework.later(seconds=1)
    for event in (first, second, due[0]):
        case = casework.fold(case, event)
    published = len(casework.sent)
    case = casework.fold(case, due[1])
    assert (case.rung, len(casework.sent)) == (1, published)


def test_a_escalation_counts_from_who_missed_the_time() -> None:
    casework = Casework()
    case = casework.act(casework.receive(), Accept(actor="cr-1"))
    hand = Transfer(actor="cr-1", shop="north", role="dept_manager", person="dm-service", note=sealed())
    case, _ = casework.breach(casework.act(case, hand), "DL-04", **MANAGER)
    assert escalated(case) == ("gm-1", 2)


def test_a_manufacturer_that_does_not_answer_moves_nobody_at_the_dealer() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    case, _ = casework.breach(case, "HO-02", accountable="mfr_cr")
    assert (case.rung, case.breach_count) == (0, 1)
    assert case.hand_over is not None
    assert case.hand_over.to == "cr-1"


def test_a_rung_with_nobody_on_duty_is_passed_over() -> None:
    casework = Casework()
    casework.directory = Directory(directory_file(dm_service=None).entries())
    case, _ = casework.breach(casework.receive(), "DL-01")
    assert escalated(case) == ("gm-1", 2)


def test_with_nobody_above_at_all_the_next_rungs_desk_gets_it() -> None:
    casework = Casework()
    nobody = directory_file(dm_service=None, gm_1=None, mfr_1=None, mfr_2=None)
    casework.directory = Directory(nobody.entries())
    case, _ = casework.breach(casework.receive(), "DL-01")
    assert escalated(case) == ("queue:north:dept_manager", 1)


def test_past_the_general_manager_the_manufacturer_is_asked_and_the_dealer_leads_on() -> None:
    casework = Casework()
    case = casework.receive()
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, _ = casework.breach(case, deadline)
    assert case.support is not None
    assert (case.support.to, case.support.via) == ("mfr-1", "escalation")
    assert casework.types("escalations") == ["case.handed_over"]
    case = casework.act(case, Accept(actor="mfr-1"))
    assert case.owner.startswith("op-")


def test_whoever_declines_a_escalation_is_passed_by_the_next_one() -> None:
    casework = Casework()
    case, _ = casework.breach(casework.receive(), "DL-01")
    case = casework.act(case, Return(actor="dm-service", reason=sealed()))
    assert escalated(case) == ("cr-1", 1)
    case, _ = casework.breach(case, "HO-01")
    assert escalated(case) == ("gm-1", 2)


def test_a_escalation_whose_breach_does_not_stand_is_taken_back() -> None:
    casework = Casework()
    before = casework.receive()
    case, breach = casework.breach(before, "DL-01")
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.hand_over, case.rung, case.state, case.breach_count) == (
        before.hand_over,
        0,
        "registered",
        0,
    )
    taken = casework.events()[-1]
    assert isinstance(taken, CaseEscalationWithdrawn)
    assert (taken.deadline, taken.to, taken.header.hand_over_to) == ("DL-01", "dm-service", "cr-1")


def test_a_escalation_that_was_accepted_is_not_taken_back() -> None:
    casework = Casework()
    case, breach = casework.breach(casework.receive(), "DL-01")
    case = casework.act(case, Accept(actor="dm-service"))
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.owner, case.breach_count) == ("dm-service", 0)
    assert casework.types()[-1] == "case.accepted"


def test_a_escalation_to_the_manufacturer_is_taken_back_too() -> None:
    casework = Casework()
    case = casework.receive()
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, deadline)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.support, case.rung) == (None, 2)
    assert casework.types("escalations")[-1] == "case.escalation_withdrawn"


def test_a_breach_withdrawn_before_it_escalated_does_not_escalation() -> None:
    casework = Casework()
    case = casework.receive()
    breach = casework.breached(case, "DL-01")
    case = casework.fold(casework.fold(case, breach), casework.withdrawn(case, breach))
    casework.later(minutes=1)
    assert casework.decide(case, case.id, casework.escalation_due(case, breach)) is None


def test_due_times_are_folded_for_readers_without_telling_anybody() -> None:
    casework = Casework()
    case = casework.receive()
    published = len(casework.sent)
    due = casework.now + timedelta(hours=1)
    folded = casework.fold(case, casework.started(case, "DL-01", due_at=due))
    assert (folded.deadlines["DL-01"].due_at, folded.next_due) == (due, due)
    assert len(casework.sent) == published
    assert folded.revisions == case.revisions, "a due time must not make anybody's action stale"


def test_a_breach_is_something_to_decide_on() -> None:
    casework = Casework()
    case = casework.receive()
    folded = casework.fold(case, casework.breached(case, "DL-01"))
    assert folded.revisions[-1].fields == ("breach_count",)


def test_the_next_round_of_a_recurring_deadline_takes_the_place_of_the_last() -> None:
    casework = Casework()
    case = casework.receive()
    case = casework.fold(case, casework.breached(case, "DL-05"))
    case = casework.fold(case, casework.started(case, "DL-05", cycle=2))
    assert (case.deadlines["DL-05"].cycle, case.deadlines["DL-05"].status) == (2, "running")
    assert len(case.breaches) == 1


def test_what_is_told_of_a_case_never_opened_is_nothing_to_guess_about() -> None:
    casework = Casework()
    case = casework.receive()
    with pytest.raises(NoSuchCaseError):
        decide(None, Cause(case.id, case.id, casework.started(case, "DL-01")), casework.world())


def test_a_resolved_case_escalates_no_more() -> None:
    casework = Casework()
    case = casework.receive().model_copy(update={"state": "resolved"})
    breach = casework.breached(case, "DL-05")
    assert casework.decide(case, case.id, casework.escalation_due(case, breach)) is None


def test_a_decision_repeated_is_the_same_decision() -> None:
    casework = Casework()
    case = casework.receive()
    cause = Cause(case.id, case.id, casework.escalation_due(case, casework.breached(case, "DL-01")))
    first, second = (decide(case, cause, casework.world()) for _ in range(2))
    assert isinstance(first, Change)
    assert first == second


def test_news_of_a_round_that_is_over_leave_the_present_one_alone() -> None:
    casework = Casework()
    case = casework.receive()
    breach = casework.breached(case, "DL-05")
    case = casework.fold(casework.fold(case, breach), casework.started(case, "DL-05", cycle=2))
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.deadlines["DL-05"].cycle, case.deadlines["DL-05"].status, case.breach_count) == (
        2,
        "running",
        0,
    )


def test_a_transfer_that_takes_the_place_of_a_escalate_and_is_declined_leaves_nothing_escalated() -> None:
    casework = Casework()
    case = casework.act(casework.receive(), Accept(actor="cr-1"))
    for deadline in ("DL-03", "HO-01"):
        case, _ = casework.breach(case, deadline, accountable="dealer_cr_manager")
    hand = Transfer(actor="cr-1", shop="north", role="dept_manager", person="dm-sales", note=sealed())
    case = casework.act(casework.act(case, hand), Return(actor="dm-sales", reason=sealed()))
    assert (case.hand_over, case.state) == (None, "in_review")
