"""What is left of the ladder when breaches turn out not to stand, one after the other."""

from schemas.cases import CaseClimbWithdrawn
from schemas.deadlines import DeadlineBreached
from services.routing.domain.case import Case
from tests.casework import Casework
from tests.dealership import a_contact

FIRE = "车子突然起火冒烟,必须给我一个说法"


def withdrawal(casework: Casework) -> CaseClimbWithdrawn:
    return next(event for event in reversed(casework.events()) if isinstance(event, CaseClimbWithdrawn))


def seat(case: Case) -> tuple[str | None, int, str]:
    return case.offer.to if case.offer else None, case.rung, case.state


def test_two_climbs_taken_back_in_turn_leave_the_first_offer_as_it_was() -> None:
    casework = Casework()
    first = casework.hear()
    case, lower = casework.breach(first, "DL-01")
    case, upper = casework.breach(case, "HO-01")
    case = casework.fold(case, casework.withdrawn(case, upper))
    assert (seat(case), withdrawal(casework).again) == (("dm-service", 1, "escalated"), True)
    case = casework.fold(case, casework.withdrawn(case, lower))
    assert (case.offer, seat(case), withdrawal(casework).again) == (first.offer, seat(first), False)


def test_a_climb_put_aside_does_not_come_back_when_its_breach_has_fallen() -> None:
    casework = Casework()
    first = casework.hear()
    case, lower = casework.breach(first, "DL-01")
    case, upper = casework.breach(case, "DL-03")
    case = casework.fold(case, casework.withdrawn(case, lower))
    assert seat(case) == ("gm-1", 2, "escalated")
    case = casework.fold(case, casework.withdrawn(case, upper))
    assert (case.offer, seat(case)) == (first.offer, seat(first))


def test_a_grave_case_keeps_the_manufacturer_when_its_climb_is_taken_back() -> None:
    casework = Casework()
    case = casework.hear()
    for clock in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, clock)
    case = casework.hear(a_contact(FIRE, case_id=case.id), case)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert case.support is not None
    assert (case.support.via, case.rung) == ("support", 2)


def test_a_request_to_the_manufacturer_that_a_climb_repeated_is_still_to_be_accepted() -> None:
    casework = Casework()
    case = casework.hear(a_contact(FIRE))
    asked = case.support
    for clock in ("DL-01", "HO-01", "HO-01"):
        case, breach = casework.breach(case, clock)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.support, withdrawal(casework).again) == (asked, True)


def two_of_one_pass(casework: Casework) -> tuple[Case, Case, list[DeadlineBreached]]:
    first = casework.hear()
    casework.later(hours=24)
    breaches = [casework.breached(first, clock) for clock in ("DL-01", "DL-03")]
    due = [casework.climb_due(first, breach) for breach in breaches]
    casework.later(seconds=1)
    case = first
    for event in (*breaches, *due):
        case = casework.fold(case, event)
    return first, case, breaches


def test_a_climb_stays_while_another_breach_of_its_pass_stands() -> None:
    casework = Casework()
    first, case, breaches = two_of_one_pass(casework)
    case = casework.fold(case, casework.withdrawn(case, breaches[0]))
    assert seat(case) == ("dm-service", 1, "escalated")
    case = casework.fold(case, casework.withdrawn(case, breaches[1]))
    assert (case.offer, seat(case), case.broken) == (first.offer, seat(first), 0)


def test_a_climb_stays_when_a_breach_that_did_not_cause_it_falls() -> None:
    casework = Casework()
    first, case, breaches = two_of_one_pass(casework)
    case = casework.fold(case, casework.withdrawn(case, breaches[1]))
    assert seat(case) == ("dm-service", 1, "escalated")
    case = casework.fold(case, casework.withdrawn(case, breaches[0]))
    assert (case.offer, seat(case)) == (first.offer, seat(first))


def test_a_breach_climbs_after_one_of_its_pass_was_taken_back() -> None:
    casework = Casework()
    case = casework.hear()
    casework.later(hours=24)
    breaches = [casework.breached(case, clock) for clock in ("DL-01", "DL-03")]
    due = [casework.climb_due(case, breach) for breach in breaches]
    casework.later(seconds=1)
    for event in (*breaches, due[0], casework.withdrawn(case, breaches[0]), due[1]):
        case = casework.fold(case, event)
    assert seat(case) == ("dm-service", 1, "escalated")
