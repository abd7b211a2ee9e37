"""A breach climbs one rung; a breach that does not stand takes back what nobody accepted."""

from datetime import timedelta

import pytest

from schemas.cases import CaseClimbWithdrawn, CaseHandedOver
from schemas.staffing import Directory
from services.common.decision import Cause, Change
from services.routing.domain.actions.action import Accept, HandBack, Transfer
from services.routing.domain.case import Case
from services.routing.domain.deciding import NoSuchCaseError, decide
from tests.casework import Casework, words
from tests.dealership import a_contact, directory_file

FIRE = "车子突然起火冒烟,必须给我一个说法"
MANAGER = {"accountable": "dept_manager"}


def climbed(case: Case) -> tuple[str, int]:
    assert case.offer is not None
    return case.offer.to, case.rung


def test_a_breach_is_offered_to_the_next_rung_and_the_owner_stays() -> None:
    casework = Casework()
    first = casework.hear()
    case, _ = casework.breach(first, "DL-01")
    assert climbed(case) == ("dm-service", 1)
    assert (case.owner, case.state, case.broken) == (first.owner, "escalated", 1)
    offered = casework.events()[-1]
    assert isinstance(offered, CaseHandedOver)
    assert (offered.via, offered.clock, offered.by) == ("climb", "DL-01", "ladder")


def test_each_breach_climbs_one_rung_until_the_top() -> None:
    casework = Casework()
    case = casework.hear()
    seats = []
    for clock in ("DL-01", "HO-01", "HO-01", "HO-01"):
        case, _ = casework.breach(case, clock)
        seats.append((case.rung, case.offer and case.offer.to, case.support and case.support.to))
    assert seats == [
        (1, "dm-service", None), (2, "gm-1", None), (3, "gm-1", "mfr-1"), (3, "gm-1", "mfr-1"),
    ]  # fmt: skip


def test_two_breaches_of_one_pass_climb_one_rung() -> None:
    casework = Casework()
    case = casework.hear()
    casework.later(hours=24)
    first, second = casework.breached(case, "DL-01"), casework.breached(case, "DL-03")
    due = [casework.climb_due(case, breach) for breach in (first, second)]
    casework.later(seconds=1)
    for event in (first, second, due[0]):
        case = casework.fold(case, event)
    told = len(casework.told)
    case = casework.fold(case, due[1])
    assert (case.rung, len(casework.told)) == (1, told)


def test_a_climb_counts_from_who_missed_the_time() -> None:
    casework = Casework()
    case = casework.act(casework.hear(), Accept(actor="cr-1"))
    hand = Transfer(actor="cr-1", shop="north", role="dept_manager", person="dm-service", note=words())
    case, _ = casework.breach(casework.act(case, hand), "DL-04", **MANAGER)
    assert climbed(case) == ("gm-1", 2)


def test_a_manufacturer_that_does_not_answer_moves_nobody_at_the_dealer() -> None:
    casework = Casework()
    case = casework.hear(a_contact(FIRE))
    case, _ = casework.breach(case, "HO-02", accountable="mfr_cr")
    assert (case.rung, case.broken) == (0, 1)
    assert case.offer is not None
    assert case.offer.to == "cr-1"


def test_a_rung_with_nobody_on_duty_is_passed_over() -> None:
    casework = Casework()
    casework.directory = Directory(directory_file(dm_service=None).entries())
    case, _ = casework.breach(casework.hear(), "DL-01")
    assert climbed(case) == ("gm-1", 2)


def test_with_nobody_above_at_all_the_next_rungs_desk_gets_it() -> None:
    casework = Casework()
    nobody = directory_file(dm_service=None, gm_1=None, mfr_1=None, mfr_2=None)
    casework.directory = Directory(nobody.entries())
    case, _ = casework.breach(casework.hear(), "DL-01")
    assert climbed(case) == ("desk:north:dept_manager", 1)


def test_past_the_general_manager_the_manufacturer_is_asked_and_the_dealer_leads_on() -> None:
    casework = Casework()
    case = casework.hear()
    for clock in ("DL-01", "HO-01", "HO-01"):
        case, _ = casework.breach(case, clock)
    assert case.support is not None
    assert (case.support.to, case.support.via) == ("mfr-1", "climb")
    assert casework.types("escalations") == ["case.handed_over"]
    case = casework.act(case, Accept(actor="mfr-1"))
    assert case.owner.startswith("op-")


def test_whoever_declines_a_climb_is_passed_by_the_next_one() -> None:
    casework = Casework()
    case, _ = casework.breach(casework.hear(), "DL-01")
    case = casework.act(case, HandBack(actor="dm-service", reason=words()))
    assert climbed(case) == ("cr-1", 1)
    case, _ = casework.breach(case, "HO-01")
    assert climbed(case) == ("gm-1", 2)


def test_a_climb_whose_breach_does_not_stand_is_taken_back() -> None:
    casework = Casework()
    before = casework.hear()
    case, breach = casework.breach(before, "DL-01")
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.offer, case.rung, case.state, case.broken) == (before.offer, 0, "registered", 0)
    taken = casework.events()[-1]
    assert isinstance(taken, CaseClimbWithdrawn)
    assert (taken.clock, taken.to, taken.header.offered_to) == ("DL-01", "dm-service", "cr-1")


def test_a_climb_that_was_accepted_is_not_taken_back() -> None:
    casework = Casework()
    case, breach = casework.breach(casework.hear(), "DL-01")
    case = casework.act(case, Accept(actor="dm-service"))
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.owner, case.broken) == ("dm-service", 0)
    assert casework.types()[-1] == "case.accepted"


def test_a_climb_to_the_manufacturer_is_taken_back_too() -> None:
    casework = Casework()
    case = casework.hear()
    for clock in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, clock)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.support, case.rung) == (None, 2)
    assert casework.types("escalations")[-1] == "case.climb_withdrawn"


def test_a_breach_withdrawn_before_it_climbed_does_not_climb() -> None:
    casework = Casework()
    case = casework.hear()
    breach = casework.breached(case, "DL-01")
    case = casework.fold(casework.fold(case, breach), casework.withdrawn(case, breach))
    casework.later(minutes=1)
    assert casework.decide(case, case.id, casework.climb_due(case, breach)) is None


def test_due_times_are_folded_for_readers_without_telling_anybody() -> None:
    casework = Casework()
    case = casework.hear()
    told = len(casework.told)
    due = casework.now + timedelta(hours=1)
    folded = casework.fold(case, casework.started(case, "DL-01", due_at=due))
    assert (folded.promises["DL-01"].due_at, folded.next_due) == (due, due)
    assert len(casework.told) == told
    assert folded.revised == case.revised, "a due time must not make anybody's action stale"


def test_a_breach_is_something_to_decide_on() -> None:
    casework = Casework()
    case = casework.hear()
    folded = casework.fold(case, casework.breached(case, "DL-01"))
    assert folded.revised[-1].fields == ("broken",)


def test_the_next_round_of_a_recurring_clock_takes_the_place_of_the_last() -> None:
    casework = Casework()
    case = casework.hear()
    case = casework.fold(case, casework.breached(case, "DL-05"))
    case = casework.fold(case, casework.started(case, "DL-05", cycle=2))
    assert (case.promises["DL-05"].cycle, case.promises["DL-05"].status) == (2, "running")
    assert len(case.breaches) == 1


def test_what_is_told_of_a_case_never_opened_is_nothing_to_guess_about() -> None:
    casework = Casework()
    case = casework.hear()
    with pytest.raises(NoSuchCaseError):
        decide(None, Cause(case.id, case.id, casework.started(case, "DL-01")), casework.world())


def test_a_resolved_case_climbs_no_more() -> None:
    casework = Casework()
    case = casework.hear().model_copy(update={"state": "resolved"})
    breach = casework.breached(case, "DL-05")
    assert casework.decide(case, case.id, casework.climb_due(case, breach)) is None


def test_a_decision_repeated_is_the_same_decision() -> None:
    casework = Casework()
    case = casework.hear()
    cause = Cause(case.id, case.id, casework.climb_due(case, casework.breached(case, "DL-01")))
    first, second = (decide(case, cause, casework.world()) for _ in range(2))
    assert isinstance(first, Change)
    assert first == second


def test_news_of_a_round_that_is_over_leave_the_present_one_alone() -> None:
    casework = Casework()
    case = casework.hear()
    breach = casework.breached(case, "DL-05")
    case = casework.fold(casework.fold(case, breach), casework.started(case, "DL-05", cycle=2))
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.promises["DL-05"].cycle, case.promises["DL-05"].status, case.broken) == (2, "running", 0)


def test_a_transfer_that_takes_the_place_of_a_climb_and_is_declined_leaves_nothing_escalated() -> None:
    casework = Casework()
    case = casework.act(casework.hear(), Accept(actor="cr-1"))
    for clock in ("DL-03", "HO-01"):
        case, _ = casework.breach(case, clock, accountable="dealer_cr_manager")
    hand = Transfer(actor="cr-1", shop="north", role="dept_manager", person="dm-sales", note=words())
    case = casework.act(casework.act(case, hand), HandBack(actor="dm-sales", reason=words()))
    assert (case.offer, case.state) == (None, "in_review")
