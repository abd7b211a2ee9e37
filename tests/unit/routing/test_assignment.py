"""Who gets a case: on duty, least loaded, longest idle; spread evenly whoever decides."""

import copy
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.directory import Person
from schemas.staffing import Directory, Queue
from services.routing.domain.assignment import Chosen, Roster, Seat, Workload
from services.routing.domain.open_cases import OpenCase, OpenCases
from services.routing.domain.responsibilities import Responsibility
from tests.casework import Casework
from tests.dealership import MONDAY, a_contact, directory_file, person

OPERATOR = Seat("north", "operator")


def away(name: str, **changes: Any) -> Person:
    absence = {"since": MONDAY - timedelta(days=1), "until": MONDAY + timedelta(days=1)}
    return Person.model_validate({**person(name).model_dump(), "absences": [absence], **changes})


def choose(seat: Seat, load: Workload | None = None, **changed: Person | None) -> Chosen:
    directory = Directory(directory_file(**changed).entries())
    return Roster(directory, load or Workload(), MONDAY).choose(seat)


def loaded(*people: str) -> Workload:
    """Each named once holds one case, given an hour apart in this order."""
    load = Workload()
    for hour, name in enumerate(people):
        load.place(UUID(int=hour), [name], MONDAY + timedelta(hours=hour))
    return load


def test_the_least_loaded_comes_first() -> None:
    assert choose(OPERATOR, loaded("op-1")).person == "op-2"


def test_between_equally_loaded_the_longest_idle_comes_first() -> None:
    assert choose(OPERATOR, loaded("op-2", "op-1")).person == "op-2"


def test_otherwise_the_id_decides() -> None:
    assert choose(OPERATOR).person == "op-1"


def test_somebody_absent_gets_nothing() -> None:
    assert choose(OPERATOR, op_1=away("op-1")).person == "op-2"


def test_somebody_is_back_at_the_end_of_his_absence() -> None:
    back = {"absences": [{"since": MONDAY - timedelta(days=1), "until": MONDAY}]}
    assert choose(OPERATOR, op_1=away("op-1", **back)).person == "op-1"


def test_a_manager_of_another_department_is_not_meant() -> None:
    assert choose(Seat("north", "dept_manager", "sales")).person == "dm-sales"
    assert choose(Seat("north", "dealer_cr_manager", "sales")).person == "cr-1"


def test_the_deputy_of_somebody_absent_comes_before_a_stand_in() -> None:
    seat = Seat("north", "dealer_cr_manager", stand_ins=(Queue("north", "dealer_gm"),))
    chosen = choose(seat, cr_1=away("cr-1", deputy="op-2"))
    assert (chosen.person, chosen.step) == ("op-2", "deputy")


def test_a_deputy_who_is_absent_himself_is_passed_over() -> None:
    seat = Seat("north", "dealer_cr_manager", stand_ins=(Queue("north", "dealer_gm"),))
    chosen = choose(seat, cr_1=away("cr-1", deputy="op-2"), op_2=away("op-2"))
    assert (chosen.person, chosen.step) == ("gm-1", "stand-in")


def test_with_nobody_at_all_the_desk_of_the_role_gets_it() -> None:
    chosen = choose(OPERATOR, op_1=away("op-1"), op_2=away("op-2"))
    assert (chosen.person, chosen.step) == ("queue:north:operator", "queue")


def test_placing_a_case_again_moves_it() -> None:
    load, case = Workload(), uuid4()
    for holder in ("op-1", "op-2", "op-2"):
        load.place(case, [holder], MONDAY)
    assert (load.loads["op-1"], load.loads["op-2"]) == (0, 1)
    load.place(case, [], MONDAY)
    assert load.loads["op-2"] == 0


def test_decisions_of_one_batch_see_each_other() -> None:
    casework = Casework()
    owners = Counter(casework.receive().owner for _ in range(11))
    assert max(owners.values()) - min(owners.values()) <= 1


@pytest.mark.parametrize("instances", [1, 2, 3])
def test_several_instances_spread_cases_evenly(instances: int) -> None:
    """Each sees only what it looks after itself."""
    services = [
        Casework(open_cases=OpenCases(lambda case, own=own: case.int % instances == own))  # type: ignore[misc]
        for own in range(instances)
    ]
    owners: Counter[str] = Counter()
    for _ in range(60):
        contact = a_contact()
        owners[services[contact.case_id.int % instances].receive(contact).owner] += 1
    assert max(owners.values()) - min(owners.values()) <= instances + 1


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("abc"))), max_size=40))
def test_the_workload_is_what_its_holders_say(steps: list[tuple[int, set[str]]]) -> None:
    load, model = Workload(), dict[int, set[str]]()
    for case, people in steps:
        load.place(UUID(int=case), people, MONDAY)
        model[case] = people
    for name in "abc":
        assert load.loads[name] == sum(name in people for people in model.values())


@given(*[st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("abc"))), max_size=20)] * 2)
def test_what_is_not_written_yet_counts_above_what_is_and_leaves_it_as_it_was(
    written: list[tuple[int, set[str]]], decided: list[tuple[int, set[str]]]
) -> None:
    base, model = Workload(), dict[int, set[str]]()
    for case, people in written:
        base.place(UUID(int=case), people, MONDAY)
    before, load = copy.deepcopy(base), Workload(base=base)
    for case, people in decided:
        load.place(UUID(int=case), people, MONDAY)
    model.update([*written, *decided])
    for name in "abc":
        assert load.load(name) == sum(name in people for people in model.values())
    assert base == before


def test_open_cases_are_only_those_that_the_instance_looks_after() -> None:
    mine = {UUID(int=1), UUID(int=2)}
    open_cases = OpenCases(lambda case: case in mine)
    for case in (1, 2, 3):
        held = tuple(
            Responsibility("owner", name, "north", "operator", "", "after_sales", announced=False)
            for name in ("op-1", "queue:north:operator")
        )
        open_cases.put(OpenCase(UUID(int=case), 1, MONDAY, held, (MONDAY,)))
    assert open_cases.workload.loads == Counter({"op-1": 2})
    mine.remove(UUID(int=2))
    open_cases.forget_others()
    assert open_cases.workload.loads["op-1"] == 1
    assert open_cases.unanswered(MONDAY) == 0
    assert open_cases.unanswered(MONDAY + timedelta(seconds=1)) == 1


def test_what_was_written_before_and_is_read_after_does_not_count() -> None:
    open_cases = OpenCases(lambda _case: True)
    for revision, name in ((2, "op-2"), (1, "op-1")):
        held = Responsibility("owner", name, "north", "operator", "", "after_sales", announced=False)
        open_cases.put(OpenCase(UUID(int=1), revision, MONDAY, (held,)))
    assert open_cases.workload.holders_of(UUID(int=1)) == frozenset({"op-2"})
