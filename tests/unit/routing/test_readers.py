"""Whose cases somebody sees: those of his places and his own, nobody else's."""

from datetime import timedelta

import pytest

from schemas.directory import Person, Post
from schemas.staffing import Directory
from schemas.vocabulary import Department
from tests.casework import Casework
from tests.dealership import a_contact, directory_file, person
from tests.suspicions import suspected, use_judgements


def away(casework: Casework, deputy: str) -> Person:
    absence = {"since": casework.now, "until": casework.now + timedelta(days=1)}
    return Person.model_validate({**person("cr-1").model_dump(), "absences": [absence], "deputy": deputy})


def test_people_see_the_cases_of_their_shop() -> None:
    casework = Casework()
    case = casework.receive()
    assert [
        name for name in ("sa-1", "cr-south", "mfr-1", "a-stranger") if casework.may_read(name, case)
    ] == ["sa-1"]


def test_a_deputy_from_another_shop_sees_what_they_are_asked_and_keep_what_they_took() -> None:
    casework = Casework()
    casework.directory = Directory(directory_file(cr_1=away(casework, "cr-south")).entries())
    case = casework.receive()
    assert [task.to for task in case.hand_overs] == ["cr-south"]
    assert casework.may_read("cr-south", case)
    case = casework.reply(case, "cr-south", "accept")
    casework.later(days=2)
    assert casework.may_read("cr-south", case)
    assert not casework.may_read("gm-south", case)


def test_a_case_of_a_shop_nobody_knows_is_seen_by_the_only_manufacturer() -> None:
    casework = Casework()
    case = casework.receive(a_contact(shop="nowhere"))
    assert case.tasks_of("support")[0].to in {"mfr-1", "mfr-2"}
    assert [name for name in ("mfr-1", "mfr-2", "gm-1") if casework.may_read(name, case)] == [
        "mfr-1",
        "mfr-2",
    ]


@pytest.mark.parametrize(
    ("on_duty", "department", "seen"),
    [
        ("dm_service", "after_sales", False),
        ("dm_service", "sales", True),
        ("dm_sales", "sales", False),
        ("dm_sales", "after_sales", True),
    ],
)
def test_a_reader_of_last_resort_sees_of_a_queue_what_nobody_of_its_department_attends(
    on_duty: str, department: Department, *, seen: bool
) -> None:
    others = {"dm_service", "dm_sales"} - {on_duty}
    casework = Casework(directory=Directory(directory_file(**dict.fromkeys(others)).entries()))
    case = casework.receive(a_contact(department=department))
    [task] = case.tasks
    queued = task.model_copy(update={"to": "queue:north:dept_manager", "role": "dept_manager"})
    assert casework.may_read("mfr-1", case.model_copy(update={"tasks": (queued,)})) is seen


@pytest.mark.parametrize("department", ["sales", None])
def test_a_reader_of_last_resort_sees_what_is_in_a_queue_that_never_had_members(
    department: Department | None,
) -> None:
    """Also where no post at all names the case's department."""
    elsewhere = (Post(at="south", role="dept_manager", department=department),)
    gone = dict.fromkeys(("cr_1", "cr_south", "gm_1", "dm_service", "sa_1", "sa_2"))
    staff = directory_file(dm_sales=person("dm-sales", posts=elsewhere), **gone)
    casework = Casework(directory=Directory(staff.entries()))
    case = casework.receive()
    assert [task.to for task in case.tasks] == ["queue:north:dealer_cr_manager"]
    assert casework.may_read("mfr-1", case)


def test_a_deputy_from_another_shop_sees_what_they_are_asked_to_confirm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_judgements(monkeypatch)
    casework = Casework()
    manager = person("dm-service").model_dump() | away(casework, "cr-south").model_dump(
        include={"absences", "deputy"}
    )
    people = directory_file(dm_service=Person.model_validate(manager))
    casework.directory = Directory(people.entries())
    case, task = suspected(casework)
    assert task.to == "cr-south"
    assert [name for name in ("cr-south", "gm-south") if casework.may_read(name, case)] == ["cr-south"]
