"""A deadline that breaches again and again is one entry in the history, and a number that grows."""

from schemas.deadlines import DeadlineBreached
from services.routing.api.responses import case_response
from services.routing.domain.case import Case
from tests.casework import Casework


def silent(casework: Casework, case: Case, days: int, cycle: int = 1) -> tuple[Case, list[DeadlineBreached]]:
    """So many days on which nobody follows up, from a cycle on."""
    breaches = [
        casework.breached(case, "DL-06", cycle=cycle + day, repeat=day, accountable="dealer_cr_manager")
        for day in range(days)
    ]
    for breach in breaches:
        case = casework.fold(case, breach)
    return case, breaches


def entries(casework: Casework, event: str) -> list[int]:
    return [facts["cycle"] for name, facts in casework.facts if name == event]


def test_days_of_silence_are_one_entry_and_a_count_that_a_reader_sees() -> None:
    casework = Casework()
    case, _ = silent(casework, casework.receive(), days=5)
    shown = case_response(case, 1, casework.directory.people["cr-1"], casework.world())
    assert [(one["cycle"], one["repeats"]) for one in shown["breaches"]] == [(1, 4)]
    assert (case.breach_count, entries(casework, "deadline.breached")) == (5, [1])


def test_silence_after_a_follow_up_is_an_entry_of_its_own() -> None:
    casework = Casework()
    case, _ = silent(casework, casework.receive(), days=3)
    case, _ = silent(casework, case, days=2, cycle=4)
    assert [(one.cycle, one.repeats) for one in case.breaches] == [(1, 2), (4, 1)]
    assert entries(casework, "deadline.breached") == [1, 4]


def test_deadlines_are_counted_apart() -> None:
    casework = Casework()
    case, _ = silent(casework, casework.receive(), days=2)
    case = casework.fold(case, casework.breached(case, "DL-03"))
    case = casework.fold(case, casework.breached(case, "DL-06", cycle=3, repeat=2))
    assert [(one.deadline, one.repeats) for one in case.breaches] == [("DL-06", 2), ("DL-03", 0)]


def test_a_repeat_that_does_not_stand_is_counted_back_and_the_first_breach_stands() -> None:
    casework = Casework()
    case, breaches = silent(casework, casework.receive(), days=3)
    for breach in reversed(breaches[1:]):
        case = casework.fold(case, casework.withdrawn(case, breach))
    assert [(one.standing, one.repeats) for one in case.breaches] == [(True, 0)]
    assert (case.breach_count, entries(casework, "deadline.withdrawn")) == (1, [])


def test_a_first_breach_that_does_not_stand_is_an_entry_and_leaves_the_repeats_counted() -> None:
    casework = Casework()
    case, breaches = silent(casework, casework.receive(), days=3)
    case = casework.fold(case, casework.withdrawn(case, breaches[0]))
    assert [(one.standing, one.repeats) for one in case.breaches] == [(False, 2)]
    assert (case.breach_count, entries(casework, "deadline.withdrawn")) == (2, [1])


def test_a_repeat_whose_first_breach_was_never_heard_of_is_an_entry() -> None:
    casework = Casework()
    case = casework.receive()
    case = casework.fold(case, casework.breached(case, "DL-06", cycle=7, repeat=6))
    assert [(one.cycle, one.repeats) for one in case.breaches] == [(7, 0)]
    assert entries(casework, "deadline.breached") == [7]
