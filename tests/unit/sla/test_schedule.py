"""The schedule: what is due next in each partition, each case once."""

import pytest

from services.sla.domain.schedule import Schedule, ScheduledCase
from tests.unit.sla.watch import case


@pytest.fixture
def schedule() -> Schedule:
    schedule = Schedule()
    schedule.assign({0, 1, 2})
    return schedule


def an_entry(number: int, due: int, partition: int = 0, armed: int = 1) -> ScheduledCase:
    return ScheduledCase(case(number), partition, due, 0, armed)


def test_all_that_is_due_in_a_partition_is_taken_oldest_first_up_to_its_moment(schedule: Schedule) -> None:
    for number, partition, due in ((1, 0, 30), (2, 0, 10), (3, 0, 20), (4, 1, 15), (5, 2, 5)):
        schedule.put(ScheduledCase(case(number), partition, due, 0, 1))
    assert [one.due for one in schedule.take({0: 20, 1: 20}, 10)] == [10, 15, 20]
    assert (schedule.next_due(0), schedule.next_due(1), schedule.next_due(2)) == (30, None, 5)


def test_no_more_is_taken_than_is_asked_for(schedule: Schedule) -> None:
    for number, due in ((1, 30), (2, 10), (3, 20)):
        schedule.put(an_entry(number, due))
    assert [entry.due for entry in schedule.take({0: 100}, 2)] == [10, 20]
    assert [entry.due for entry in schedule.take({0: 100}, 2)] == [30]
    assert schedule.take({0: 100}, 2) == []


def test_a_case_that_was_put_off_is_due_later_only(schedule: Schedule) -> None:
    schedule.put(an_entry(1, 10))
    schedule.put(an_entry(1, 30))
    assert schedule.next_due(0) == 30
    assert schedule.take({0: 29}, 10) == []


def test_a_case_that_was_brought_forward_is_taken_once(schedule: Schedule) -> None:
    schedule.put(an_entry(1, 30))
    schedule.put(an_entry(1, 10))
    assert [entry.due for entry in schedule.take({0: 50}, 10)] == [10]
    assert schedule.next_due(0) is None


@pytest.mark.parametrize("dues", [(10, 10), (10, 30, 10)])
def test_a_case_that_is_due_again_when_it_was_before_is_taken_once(
    schedule: Schedule, dues: tuple[int, ...]
) -> None:
    for due in dues:
        schedule.put(an_entry(1, due))
    assert [entry.due for entry in schedule.take({0: 50}, 10)] == [10]


def test_what_was_removed_is_due_no_more(schedule: Schedule) -> None:
    schedule.put(an_entry(1, 10))
    schedule.put(an_entry(2, 20))
    schedule.remove(case(1))
    schedule.remove(case(3))
    assert (schedule.next_due(0), schedule.armed) == (20, 1)


def test_armed_deadlines_are_counted_as_they_are_now(schedule: Schedule) -> None:
    schedule.put(an_entry(1, 10, armed=3))
    schedule.put(an_entry(2, 20, partition=1, armed=2))
    schedule.put(an_entry(1, 10, armed=1))
    assert schedule.armed == 3
    schedule.revoke({1})
    assert schedule.armed == 1


def test_a_case_of_a_partition_that_is_not_assigned_is_left_to_others(schedule: Schedule) -> None:
    schedule.revoke({1})
    schedule.put(an_entry(1, 10, partition=1))
    assert (schedule.cases, schedule.next_due(1), schedule.armed) == ({}, None, 0)


def test_a_partition_that_leaves_takes_its_cases_along(schedule: Schedule) -> None:
    schedule.put(an_entry(1, 10))
    schedule.put(an_entry(2, 20, partition=1))
    schedule.revoke({0})
    assert (schedule.assigned, schedule.behind) == ({1, 2}, {1, 2})
    assert (list(schedule.cases), list(schedule.heaps)) == ([case(2)], [1])


def test_a_partition_that_comes_again_is_behind_with_nothing_scheduled(schedule: Schedule) -> None:
    schedule.put(an_entry(1, 10))
    schedule.behind.clear()
    schedule.assign({0})
    assert (schedule.assigned, schedule.behind) == ({0, 1, 2}, {0})
    assert (schedule.cases, schedule.next_due(0)) == ({}, None)


def test_a_case_is_overdue_from_its_due_time_on(schedule: Schedule) -> None:
    for number, due in ((1, 10), (2, 20), (3, 30)):
        schedule.put(an_entry(number, due))
    assert schedule.count_overdue(20) == 2
