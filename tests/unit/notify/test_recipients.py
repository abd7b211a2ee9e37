"""Who is meant by the parties and roles that policy names."""

from datetime import timedelta

import pytest

from schemas.cases import OpenTask
from schemas.directory import Absence, key
from schemas.staffing import Directory
from services.notify.domain.recipients import Event, Parties
from tests.dealership import MONDAY, directory_file, person
from tests.unit.notify.events import EVENT, breached, directory, handed_over, opened, policy, returned, warned

AWAY = {"absences": (Absence(since=MONDAY - timedelta(days=1), until=MONDAY + timedelta(days=1)),)}
LADDER = policy().ladder
ALL_MANAGERS = {"dm_service": None, "dm_sales": None}


def meant(event: Event, *to: str, **changed: object) -> list[str]:
    return Parties(event, directory(**changed), LADDER).people(to)  # type: ignore[arg-type]


def test_parties_of_the_case_are_taken_from_its_header() -> None:
    assert meant(opened(), "owner", "receiver") == ["cr-1", "dm-service"]


def test_nobody_is_offered_a_case_that_is_accepted() -> None:
    assert meant(opened(hand_over_to=None), "receiver") == []


def test_the_subject_is_whom_the_event_names() -> None:
    assert meant(handed_over("sa-2"), "subject") == ["sa-2"]
    assert meant(opened(), "subject") == []


def test_the_giver_is_who_acted_and_the_owner_where_a_rule_did() -> None:
    assert meant(handed_over("sa-1", by="dm-sales"), "giver") == ["dm-sales"]
    assert meant(handed_over("sa-1", by="system"), "giver") == ["cr-1"]


def test_a_person_who_is_meant_twice_is_named_once() -> None:
    assert meant(warned("dealer_cr_manager"), "owner", "accountable", "dealer_cr_manager") == ["cr-1"]


@pytest.mark.parametrize(
    ("role", "people"),
    [
        ("dealer_cr_manager", ["cr-1"]),
        ("dept_manager", ["dm-service"]),
        ("operator", ["op-1", "op-2"]),
        ("mfr_cr", ["mfr-1", "mfr-2"]),
    ],
)
def test_the_accountable_role_is_the_owner_the_offered_or_everyone_in_it(
    role: str, people: list[str]
) -> None:
    assert meant(warned(role), "accountable") == people


def test_the_manufacturer_is_reminded_by_whom_it_asked_to_support() -> None:
    assert meant(warned("mfr_cr", support_to="mfr-2"), "accountable") == ["mfr-2"]
    assert meant(warned("mfr_cr", support_to="queue:gtmc:mfr_cr"), "accountable") == ["mfr-1", "mfr-2"]
    assert meant(warned("dept_manager", support_to="mfr-2"), "accountable") == ["dm-service"]


def test_a_role_is_held_by_those_of_the_department() -> None:
    assert meant(opened(department="sales"), "dept_manager") == ["dm-sales"]
    assert meant(opened(), "dept_manager") == ["dm-service"]


def test_an_absent_person_is_stood_in_for_by_his_deputy() -> None:
    absent = person("cr-1", deputy="gm-1", **AWAY)
    assert meant(opened(), "owner", cr_1=absent) == ["gm-1"]
    assert meant(opened(), "dealer_cr_manager", cr_1=absent) == ["gm-1"]


def test_an_absent_person_without_a_deputy_is_told_all_the_same() -> None:
    assert meant(opened(), "owner", cr_1=person("cr-1", **AWAY)) == ["cr-1"]


def test_deputies_who_stand_in_for_each_other_end() -> None:
    one, other = person("op-1", deputy="op-2", **AWAY), person("op-2", deputy="op-1", **AWAY)
    people = Directory({key(entry): entry for entry in (*directory_file().entries(), one, other)}.values())
    assert Parties(opened(owner="op-1"), people, LADDER).people(["owner"]) == ["op-1"]


def test_of_a_role_only_those_on_duty_are_told() -> None:
    assert meant(opened(), "operator", op_1=person("op-1", **AWAY)) == ["op-2"]


def test_an_empty_role_falls_to_the_rungs_above() -> None:
    assert meant(opened(), "sc_sa", sa_1=None, sa_2=None) == ["dm-service"]
    assert meant(opened(), "dept_manager", **ALL_MANAGERS) == ["gm-1"]
    assert meant(opened(), "dealer_cr_manager", cr_1=None) == ["gm-1"]
    assert meant(opened(), "dealer_gm", gm_1=None) == ["mfr-1", "mfr-2"]


def test_a_desk_is_everyone_in_its_role() -> None:
    assert meant(handed_over("queue:north:operator"), "subject") == ["op-1", "op-2"]
    assert meant(handed_over("queue:gtmc:mfr_cr"), "subject") == ["mfr-1", "mfr-2"]
    assert meant(handed_over("queue:north:dealer_gm"), "subject", gm_1=None) == ["mfr-1", "mfr-2"]


def test_where_nobody_is_left_the_desk_itself_is_named() -> None:
    nobody = dict.fromkeys(("gm_1", "mfr_1", "mfr_2"))
    assert meant(opened(), "dealer_gm", **nobody) == ["queue:north:dealer_gm"]


def test_a_person_unknown_to_the_directory_is_not_dropped() -> None:
    assert meant(opened(owner="left-long-ago"), "owner") == ["left-long-ago"]


def test_the_owner_hears_of_a_return() -> None:
    assert meant(returned(by="dm-service"), "owner") == ["cr-1"]


def test_a_manufacturer_itself_is_not_its_people() -> None:
    assert meant(opened(), "manufacturer", "mfr_cr") == ["manufacturer:gtmc", "mfr-1", "mfr-2"]
    assert meant(opened(manufacturer=""), "manufacturer") == []


def test_of_a_task_that_is_asked_of_somebody_they_alone_are_accountable() -> None:
    task = OpenTask(task_id=EVENT, task="confirm", to="sa-2", role="sc_sa")
    event = breached("TK-01", task_id=EVENT, accountable="sc_sa")
    event = event.model_copy(update={"header": event.header.model_copy(update={"tasks": (task,)})})
    assert meant(event, "accountable") == ["sa-2"]
    other = event.model_copy(update={"task_id": None})
    assert meant(other, "accountable") == ["sa-1", "sa-2"]


def test_of_a_task_in_a_queue_its_members_are_accountable_and_nobody_above_them() -> None:
    queue = "queue:north:dept_manager"
    task = OpenTask(task_id=EVENT, task="confirm", to=queue, role="dept_manager")
    event = breached("TK-01", task_id=EVENT, accountable="dept_manager")
    event = event.model_copy(update={"header": event.header.model_copy(update={"tasks": (task,)})})
    absent = person("dm-service", **AWAY)
    assert meant(event, "accountable") == ["dm-service"]
    assert meant(event, "accountable", dm_service=absent) == ["dm-service"]
    assert meant(event, "accountable", **ALL_MANAGERS) == ["gm-1"]
