"""What is left of the ladder when breaches turn out not to stand, one after the other."""

from schemas.cases import CaseEscalationWithdrawn
from schemas.deadlines import DeadlineBreached
from services.routing.domain.case import Case
from tests.casework import Casework
from tests.dealership import a_contact

FIRE = "车子突然起火冒烟,必须给我一个说法"


def withdrawal(casework: Casework) -> CaseEscalationWithdrawn:
    return next(event for event in reversed(casework.events()) if isinstance(event, CaseEscalationWithdrawn))


def seat(case: Case) -> tuple[str | None, int, str]:
    return case.hand_over.to if case.hand_over else None, case.rung, case.state


def test_two_escalates_taken_back_in_turn_leave_the_first_offer_as_it_was() -> None:
    casework = Casework()
    first = casework.receive()
    case, lower = casework.breach(first, "DL-01")
    case, upper = casework.breach(case, "HO-01")
    case = casework.fold(case, casework.withdrawn(case, upper))
    assert (seat(case), withdrawal(casework).again) == (("dm-service", 1, "escalated"), True)
    case = casework.fold(case, casework.withdrawn(case, lower))
    assert (case.hand_over, seat(case), withdrawal(casework).again) == (first.hand_over, seat(first), False)


def test_a_escalation_put_aside_does_not_come_back_when_its_breach_has_fallen() -> None:
    casework = Casework()
    first = casework.receive()
    case, lower = casework.breach(first, "DL-01")
    case, upper = casework.breach(case, "DL-03")
    case = casework.fold(case, casework.withdrawn(case, lower))
    assert seat(case) == ("gm-1", 2, "escalated")
    case = casework.fold(case, casework.withdrawn(case, upper))
    assert (case.hand_over, seat(case)) == (first.hand_over, seat(first))


def test_a_grave_case_keeps_the_manufacturer_when_its_escalation_is_taken_back() -> None:
    casework = Casework()
    case = casework.receive()
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, deadline)
    case = casework.receive(a_contact(FIRE, case_id=case.id), case)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert case.support is not None
    assert (case.support.via, case.rung) == ("support", 2)


def test_a_request_to_the_manufacturer_that_a_escalation_repeated_is_still_to_be_accepted() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    asked = case.support
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, deadline)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.support, withdrawal(casework).again) == (asked, True)


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


def test_a_escalation_stays_while_another_breach_of_its_pass_stands() -> None:
    casework = Casework()
    first, case, breaches = two_of_a_pass(casework)
    case = casework.fold(case, casework.withdrawn(case, breaches[0]))
    assert seat(case) == ("dm-service", 1, "escalated")
    case = casework.fold(case, casework.withdrawn(case, breaches[1]))
    assert (case.hand_over, seat(case), case.breach_count) == (first.hand_over, seat(first), 0)


def test_a_escalation_stays_when_a_breach_that_did_not_cause_it_falls() -> None:
    casework = Casework()
    first, case, breaches = two_of_a_pass(casework)
    case = casework.fold(case, casework.withdrawn(case, breaches[1]))
    assert seat(case) == ("dm-service", 1, "escalated")
    case = casework.fold(case, casework.withdrawn(case, breaches[0]))
    assert (case.hand_over, seat(case)) == (first.hand_over, seat(first))


def test_a_breach_escalates_after_one_of_its_pass_was_taken_back() -> None:
    casework = Casework()
    case = casework.receive()
    casework.later(hours=24)
    breaches = [casework.breached(case, deadline) for deadline in ("DL-01", "DL-03")]
    due = [casework.escalation_due(case, breach) for breach in breaches]
    casework.later(seconds=1)
    for event in (*breaches, due[0], casework.withdrawn(case, breaches[0]), due[1]):
        case = casework.fold(case, event)
    assert seat(case) == ("dm-service", 1, "escalated")
