"""A breach escalates one rung; a breach that does not stand takes back what nobody accepted."""

from datetime import timedelta

import pytest

from schemas.cases import CaseTaskSent, CaseTaskWithdrawn
from schemas.staffing import Directory
from services.common.store.decision import Cause, Change
from services.routing.domain.case import Case
from services.routing.domain.decide import NoSuchCaseError, decide
from tests.asking import reply
from tests.casework import Casework
from tests.dealership import a_contact, directory_file

FIRE = "车子突然起火冒烟,必须给我一个说法"
MANAGER = {"accountable": "dept_manager"}


def escalated(case: Case) -> tuple[str, int]:
    """Who was asked last to take the case over, and the rung that it is on."""
    return case.hand_overs[-1].to, case.rungs["handling"]


def supporters(case: Case) -> list[str]:
    return [task.to for task in case.tasks_of("support")]


def test_a_breach_asks_the_next_rung_and_the_owner_stays() -> None:
    casework = Casework()
    first = casework.receive()
    case, _ = casework.breach(first, "DL-01")
    assert escalated(case) == ("dm-service", 1)
    assert (case.owner, case.state, case.breach_count) == (first.owner, "escalated", 1)
    asked = casework.events()[-1]
    assert isinstance(asked, CaseTaskSent)
    assert (asked.via, asked.ladder, asked.deadline) == ("escalation", "handling", "DL-01")
    assert asked.by == "ladder"


def test_each_breach_escalates_one_rung_until_the_top() -> None:
    casework = Casework()
    case = casework.receive()
    seats = []
    for deadline in ("DL-01", "HO-01", "HO-01", "HO-01"):
        case, _ = casework.breach(case, deadline)
        seats.append((*escalated(case), supporters(case)))
    assert seats == [
        ("dm-service", 1, []), ("gm-1", 2, []), ("gm-1", 3, ["mfr-1"]), ("gm-1", 3, ["mfr-1"]),
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
    assert (case.rungs, len(casework.sent)) == ({"handling": 1}, published)
    assert case.hand_overs[-1].breaches == (first.id, second.id)


def test_an_escalation_counts_from_who_missed_the_time() -> None:
    casework = Casework()
    case = casework.reply(casework.receive(), "cr-1", "accept")
    case = casework.act(case, "cr-1", "transfer", shop="north", role="dept_manager", person="dm-service")
    case, _ = casework.breach(case, "DL-04", **MANAGER)
    assert escalated(case) == ("gm-1", 2)


def test_a_manufacturer_that_does_not_answer_moves_nobody_at_the_dealer() -> None:
    casework = Casework()
    first = casework.receive(a_contact(FIRE))
    case, _ = casework.breach(first, "HO-02", accountable="mfr_cr")
    assert (case.rungs, case.breach_count, case.tasks) == (first.rungs, 1, first.tasks)


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
    [support] = case.tasks_of("support")
    assert (support.to, support.via) == ("mfr-1", "escalation")
    assert casework.types("escalations") == ["case.task_sent"]
    case = casework.reply(case, "mfr-1", "accept", "support")
    assert case.owner.startswith("op-")
    assert case.tasks_of("support")[0].accepted


def test_whoever_declines_an_escalation_is_passed_by_the_next_one() -> None:
    casework = Casework()
    case, _ = casework.breach(casework.receive(), "DL-01")
    case = casework.reply(case, "dm-service", "refuse")
    assert escalated(case) == ("cr-1", 1)
    case, _ = casework.breach(case, "HO-01")
    assert escalated(case) == ("gm-1", 2)


def test_an_escalation_whose_breach_does_not_stand_is_taken_back() -> None:
    casework = Casework()
    before = casework.receive()
    case, breach = casework.breach(before, "DL-01")
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.tasks, case.rungs, case.state) == (before.tasks, before.rungs, "registered")
    assert case.breach_count == 0
    taken = casework.events()[-1]
    assert isinstance(taken, CaseTaskWithdrawn)
    assert (taken.deadline, taken.to, taken.because) == ("DL-01", "dm-service", "not_late")
    assert [task.to for task in taken.header.tasks] == ["cr-1"]


def test_an_escalation_that_was_accepted_is_not_taken_back() -> None:
    casework = Casework()
    case, breach = casework.breach(casework.receive(), "DL-01")
    case = casework.reply(case, "dm-service", "accept")
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.owner, case.rungs, case.breach_count) == ("dm-service", {"handling": 1}, 0)
    assert casework.types()[-1] == "case.task_accepted"


def test_support_that_was_accepted_is_not_taken_back_either() -> None:
    casework = Casework()
    case = casework.receive()
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, deadline)
    case = casework.reply(case, "mfr-1", "accept", "support")
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (supporters(case), case.rungs) == (["mfr-1"], {"handling": 3})


def test_an_escalation_to_the_manufacturer_is_taken_back_too() -> None:
    casework = Casework()
    case = casework.receive()
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, deadline)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (supporters(case), case.rungs) == ([], {"handling": 2})
    assert casework.types("escalations")[-1] == "case.task_withdrawn"


def test_a_breach_withdrawn_before_it_escalated_does_not_escalate() -> None:
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


@pytest.mark.parametrize(("state", "stage"), [("resolved", "closing"), ("closed", "over")])
def test_a_case_that_is_handled_no_more_escalates_no_more(state: str, stage: str) -> None:
    casework = Casework()
    case = casework.receive().model_copy(update={"state": state, "stage": stage})
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
    deadline = case.deadlines["DL-05"]
    assert (deadline.cycle, deadline.status, case.breach_count) == (2, "running", 0)


def late(casework: Casework) -> Case:
    """A case of the CR manager's, who let time pass: the manager and the general manager are asked."""
    case = casework.reply(casework.receive(), "cr-1", "accept")
    for deadline in ("DL-03", "HO-01"):
        case, _ = casework.breach(case, deadline, accountable="dealer_cr_manager")
    return case


def test_whoever_is_late_does_not_end_an_escalation_by_handing_the_case_on() -> None:
    casework = Casework()
    case = before = late(casework)
    case = casework.act(case, "cr-1", "transfer", shop="north", role="dept_manager", person="dm-sales")
    assert [task.to for task in case.hand_overs] == ["dm-service", "gm-1", "dm-sales"]
    refused = casework.reply(case, "dm-sales", "refuse")
    assert [task.to for task in refused.hand_overs] == ["dm-service", "gm-1"]
    assert (refused.state, refused.rungs) == (before.state, before.rungs)


def test_who_was_asked_above_stays_asked_when_the_one_handed_on_to_accepts() -> None:
    casework = Casework()
    case = casework.act(
        late(casework), "cr-1", "transfer", shop="north", role="dept_manager", person="dm-sales"
    )
    case = reply(casework, case, "dm-sales", "accept")
    assert (case.owner, [task.to for task in case.hand_overs]) == ("dm-sales", ["gm-1"])
    assert case.rungs == {"handling": 2}
    case = casework.reply(case, "gm-1", "accept")
    assert (case.owner, case.hand_overs) == ("gm-1", [])


def test_whoever_is_asked_above_ends_an_escalation_by_handing_the_case_on() -> None:
    casework = Casework()
    case = casework.act(late(casework), "gm-1", "transfer", shop="north", role="sc_sa", person="sa-1")
    assert [task.to for task in case.hand_overs] == ["sa-1"]
