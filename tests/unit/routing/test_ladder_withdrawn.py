"""What is left of the ladder when breaches turn out not to stand, one after the other."""

from schemas.cases import CaseTaskWithdrawn
from schemas.deadlines import DeadlineBreached
from services.routing.domain.case import Case
from tests.casework import Casework
from tests.dealership import a_contact

FIRE = "车子突然起火冒烟,必须给我一个说法"
UP = ("DL-01", "HO-01", "HO-01")


def withdrawal(casework: Casework) -> CaseTaskWithdrawn:
    return next(event for event in reversed(casework.events()) if isinstance(event, CaseTaskWithdrawn))


def seat(case: Case) -> tuple[list[str], int, str]:
    """Who is asked to take the case over, the rung it is on, and its state."""
    return [task.to for task in case.hand_overs], case.rungs.get("handling", 0), case.state


def left(case: Case) -> tuple[object, ...]:
    return {task.task_id: task for task in case.tasks}, case.rungs, case.state


def test_two_escalations_taken_back_in_turn_leave_what_was_asked_first_as_it_was() -> None:
    casework = Casework()
    first = casework.receive()
    once, lower = casework.breach(first, "DL-01")
    case, upper = casework.breach(once, "HO-01")
    case = casework.fold(case, casework.withdrawn(case, upper))
    assert (left(case), withdrawal(casework).to) == (left(once), "gm-1")
    case = casework.fold(case, casework.withdrawn(case, lower))
    assert (left(case), withdrawal(casework).to) == (left(first), "dm-service")


def test_the_lower_of_two_escalations_is_taken_back_by_itself() -> None:
    casework = Casework()
    first = casework.receive()
    case, lower = casework.breach(first, "DL-01")
    case, upper = casework.breach(case, "DL-03")
    case = casework.fold(case, casework.withdrawn(case, lower))
    assert seat(case) == (["cr-1", "gm-1"], 2, "escalated")
    case = casework.fold(case, casework.withdrawn(case, upper))
    assert left(case) == left(first)


def test_what_was_found_by_the_upper_of_two_escalations_is_answered_by_it_when_the_lower_falls() -> None:
    casework = Casework()
    case, lower = casework.breach(casework.receive(), "DL-01")
    case, upper = casework.breach(case, "HO-01")
    found = casework.breached(case, "DL-03")
    due = casework.escalation_due(case, found)
    casework.later(seconds=1)
    for event in (found, casework.withdrawn(case, lower), due):
        case = casework.fold(case, event)
    assert (seat(case), case.tasks[-1].breaches) == ((["cr-1", "gm-1"], 2, "escalated"), (upper.id, found.id))


def test_a_grave_case_keeps_the_manufacturer_when_its_escalation_is_taken_back() -> None:
    casework = Casework()
    case = casework.receive()
    for deadline in UP:
        case, breach = casework.breach(case, deadline)
    case = casework.receive(a_contact(FIRE, case_id=case.id), case)
    case = casework.fold(case, casework.withdrawn(case, breach))
    [support] = case.tasks_of("support")
    assert (support.via, case.rungs) == ("assignment", {"handling": 2})


def test_a_request_to_the_manufacturer_that_an_escalation_repeated_is_still_to_be_accepted() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    asked = case.tasks_of("support")
    for deadline in UP:
        before = case
        case, breach = casework.breach(case, deadline)
    assert (len(case.tasks_of("support")), case.rungs) == (1, {"handling": 3})
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.tasks_of("support"), left(case)) == (asked, left(before))
    assert "case.task_withdrawn" not in casework.types(), "nobody is told that it is taken back: it is not"


def two_of_a_pass(casework: Casework) -> tuple[Case, Case, list[DeadlineBreached]]:
    first = casework.receive()
    casework.later(hours=24)
    breaches = [casework.breached(first, deadline) for deadline in ("DL-01", "DL-03")]
    due = [casework.escalation_due(first, breach) for breach in breaches]
    casework.later(seconds=1)
    case = first
    for event in (*breaches, *due):
        case = casework.fold(case, event)
    return first, case, breaches


def test_an_escalation_stays_while_another_breach_of_its_pass_stands() -> None:
    casework = Casework()
    first, case, breaches = two_of_a_pass(casework)
    case = casework.fold(case, casework.withdrawn(case, breaches[0]))
    assert seat(case) == (["cr-1", "dm-service"], 1, "escalated")
    case = casework.fold(case, casework.withdrawn(case, breaches[1]))
    assert (left(case), case.breach_count) == (left(first), 0)


def test_an_escalation_stays_when_a_breach_that_did_not_cause_it_falls() -> None:
    casework = Casework()
    first, case, breaches = two_of_a_pass(casework)
    case = casework.fold(case, casework.withdrawn(case, breaches[1]))
    assert seat(case) == (["cr-1", "dm-service"], 1, "escalated")
    case = casework.fold(case, casework.withdrawn(case, breaches[0]))
    assert left(case) == left(first)


def test_a_breach_escalates_after_one_of_its_pass_was_taken_back() -> None:
    casework = Casework()
    case = casework.receive()
    casework.later(hours=24)
    breaches = [casework.breached(case, deadline) for deadline in ("DL-01", "DL-03")]
    due = [casework.escalation_due(case, breach) for breach in breaches]
    casework.later(seconds=1)
    for event in (*breaches, due[0], casework.withdrawn(case, breaches[0]), due[1]):
        case = casework.fold(case, event)
    assert seat(case) == (["cr-1", "dm-service"], 1, "escalated")


def supported(casework: Casework) -> Case:
    """A case one rung below the manufacturer, who has accepted to support it."""
    case = casework.receive(a_contact(FIRE))
    [support] = case.tasks_of("support")
    case = casework.reply(case, support.to, "accept", "support")
    for deadline in UP[:2]:
        case, _ = casework.breach(case, deadline)
    return case


def test_a_rung_of_which_whoever_supports_already_is_notified_is_taken_back() -> None:
    casework = Casework()
    before = supported(casework)
    case, breach = casework.breach(before, "HO-01")
    assert (case.rungs, casework.types()[-1]) == ({"handling": 3}, "case.escalated")
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.rungs, case.passes) == (before.rungs, before.passes)
    assert case.tasks_of("support")[0].accepted


def test_a_rung_of_which_they_are_notified_stays_while_another_breach_of_its_pass_stands() -> None:
    casework = Casework()
    before = supported(casework)
    found = casework.breached(before, "DL-03")
    due = casework.escalation_due(before, found)
    case, breach = casework.breach(before, "HO-01")
    for event in (found, due):
        case = casework.fold(case, event)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert case.rungs == {"handling": 3}
    case = casework.fold(case, casework.withdrawn(case, found))
    assert case.rungs == before.rungs


def test_a_lower_rung_taken_back_lets_the_one_of_which_they_are_notified_go_back_behind_it() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    [support] = case.tasks_of("support")
    case = first = casework.reply(case, support.to, "accept", "support")
    case, _ = casework.breach(case, UP[0])
    before = case.rungs
    case, lower = casework.breach(case, UP[1])
    case, upper = casework.breach(case, UP[2])
    case = casework.fold(case, casework.withdrawn(case, lower))
    assert case.rungs == {"handling": 3}
    case = casework.fold(case, casework.withdrawn(case, upper))
    assert case.rungs == before != first.rungs
