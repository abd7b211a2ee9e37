"""Every time that a queue runs out of members it is told, once each time."""

from uuid import UUID

import pytest

from schemas.cases import CaseUnattended
from schemas.directory import Person
from schemas.identity import reassigning_cause
from schemas.staffing import Directory
from services.common.store.decision import Change
from services.routing.domain.case import Case
from services.routing.domain.reassignment import reassign
from services.routing.domain.responsibilities import ResponsibleFields, is_misplaced, responsibilities_of
from services.routing.store.cases import FIELDS
from tests.casework import Casework
from tests.dealership import directory_file, person


def load(casework: Casework, *, operators: bool) -> None:
    """Nobody who could stand in for an operator, and an operator or none."""
    staff: dict[str, Person | None] = dict.fromkeys(("op_1", "op_2", "dm_service", "dm_sales", "gm_1"))
    if operators:
        staff["op_1"] = person("op-1")
    casework.directory = Directory(directory_file(**staff).entries())


def look(casework: Casework, case: Case) -> tuple[Case, list[UUID]]:
    """The case after a pass over it, as the service decides it, and the alarms that went out."""
    if not is_misplaced(responsibilities_of(case), casework.directory):
        return case, []
    change = reassign(case, reassigning_cause(case.id), casework.world())
    if change is None:
        return case, []
    assert isinstance(change, Change)
    messages = [event.message for event in change.events]  # type: ignore[union-attr]
    return change.state, [one.id for one in messages if isinstance(one, CaseUnattended)]


@pytest.mark.parametrize("times", [2, 4])
def test_a_queue_that_is_emptied_again_is_told_again(times: int) -> None:
    casework = Casework()
    load(casework, operators=False)
    case = casework.receive()
    assert (case.owner, case.unstaffed) == ("queue:north:operator", ("queue:north:operator",))
    published: list[UUID] = []
    for _ in range(times):
        load(casework, operators=True)
        case, alarms = look(casework, case)
        assert (case.owner, case.unstaffed, alarms) == ("queue:north:operator", (), [])
        load(casework, operators=False)
        case, alarms = look(casework, case)
        assert (case.unstaffed, len(alarms)) == (("queue:north:operator",), 1)
        published += alarms
    assert len(set(published)) == times


def test_a_queue_that_stays_as_it_is_needs_no_look() -> None:
    casework = Casework()
    load(casework, operators=False)
    case = casework.receive()
    assert not is_misplaced(responsibilities_of(case), casework.directory)
    load(casework, operators=True)
    case, _ = look(casework, case)
    assert not is_misplaced(responsibilities_of(case), casework.directory)


def test_what_rests_in_the_store_is_judged_like_the_case() -> None:
    casework = Casework()
    load(casework, operators=False)
    case = casework.receive()
    assert {f"state.{name}" for name in ("department", "unstaffed")} <= set(FIELDS)
    resting = ResponsibleFields.model_validate(
        case.model_dump(mode="json", include=set(ResponsibleFields.model_fields))
    )
    assert responsibilities_of(resting) == responsibilities_of(case)
