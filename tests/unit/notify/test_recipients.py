"""Who is meant by the parties and roles that policy names."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from schemas.directory import Absence, key
from schemas.staffing import Directory
from services.notify.domain.recipients import Event, Parties
from tests.casework import gtmc
from tests.dealership import MONDAY, directory_file, person
from tests.unit.notify.events import (
    breached,
    directory,
    escalated,
    opened,
    policy,
    refused,
    rule,
    task,
    task_sent,
    warned,
)

AWAY = {"absences": (Absence(since=MONDAY - timedelta(days=1), until=MONDAY + timedelta(days=1)),)}
ALL_MANAGERS = {"dm_service": None, "dm_sales": None}


def meant(event: Event, *to: str, **changed: object) -> list[str]:
    return Parties(event, directory(**changed), gtmc().content).people(to)


def test_parties_of_the_case_are_taken_from_its_header() -> None:
    assert meant(opened(), "owner", "task:hand_over") == ["cr-1", "dm-service"]


def test_who_is_asked_by_the_tasks_of_a_kind_is_each_of_them_and_nobody_of_another_kind() -> None:
    tasks = (
        task("dm-service", "dept_manager"), task("gm-1", "dealer_gm"), task("mfr-2", "mfr_cr", "support"),
    )  # fmt: skip
    event = opened(tasks=tasks)
    assert meant(event, "task:hand_over") == ["dm-service", "gm-1"]
    assert meant(event, "task:support") == ["mfr-2"]
    assert meant(event, "task:confirm") == []


def test_who_has_accepted_a_task_that_goes_on_is_still_asked() -> None:
    assert meant(opened(tasks=(task("mfr-2", "mfr_cr", "support", accepted=True),)), "task:support") == [
        "mfr-2"
    ]


def test_nobody_is_asked_to_take_over_a_case_that_is_accepted() -> None:
    assert meant(opened(tasks=()), "task:hand_over") == []


def test_who_is_asked_by_a_task_in_a_queue_is_everyone_on_duty_in_it() -> None:
    event = opened(tasks=(task("queue:north:operator", "operator"),))
    assert meant(event, "task:hand_over") == ["op-1", "op-2"]
    assert meant(event, "task:hand_over", op_1=person("op-1", **AWAY)) == ["op-2"]


def test_who_stands_in_for_whom_a_task_asks_is_told_instead() -> None:
    absent = person("dm-service", deputy="gm-1", **AWAY)
    assert meant(opened(), "task:hand_over", dm_service=absent) == ["gm-1"]


@pytest.mark.parametrize("to", ["receiver", "task:praise", "task:", "boss", "owner:dealer_gm"])
def test_a_recipient_that_the_policy_does_not_name_is_refused(to: str) -> None:
    with pytest.raises(ValidationError) as caught:
        policy(rule("case.opened", "owner", to))
    [error] = caught.value.errors()
    assert error["loc"] == ("notices", 0, "to", 1)
    assert "task:hand_over" in error["msg"]


def test_the_subject_is_whom_the_event_names() -> None:
    assert meant(task_sent("sa-2"), "subject") == ["sa-2"]
    assert meant(escalated("gm-1", "dealer_gm"), "subject") == ["gm-1"]
    assert meant(opened(), "subject") == []


def test_the_giver_is_who_acted_and_the_owner_where_a_rule_did() -> None:
    assert meant(task_sent("sa-1", by="dm-sales"), "giver") == ["dm-sales"]
    assert meant(task_sent("sa-1", by="system"), "giver") == ["cr-1"]


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
def test_the_accountable_role_is_the_owner_the_asked_or_everyone_in_it(role: str, people: list[str]) -> None:
    assert meant(warned(role), "accountable") == people


def test_of_a_role_that_several_hand_overs_ask_the_last_asked_is_accountable() -> None:
    tasks = task("sa-1", "sc_sa"), task("sa-2", "sc_sa")
    assert meant(warned("sc_sa", tasks=tasks), "accountable") == ["sa-2"]


def test_who_is_asked_to_support_or_does_answers_for_the_manufacturer() -> None:
    accepted = task("mfr-2", "mfr_cr", "support", accepted=True)
    assert meant(warned("mfr_cr", tasks=(accepted,)), "accountable") == ["mfr-2"]
    waiting = task("mfr-2", "mfr_cr", "support")
    assert meant(warned("mfr_cr", tasks=(waiting,)), "accountable") == ["mfr-2"]
    queued = task("queue:gtmc:mfr_cr", "mfr_cr", "support")
    assert meant(warned("mfr_cr", tasks=(queued,)), "accountable") == ["mfr-1", "mfr-2"]
    tasks = accepted, task("dm-service", "dept_manager")
    assert meant(warned("dept_manager", tasks=tasks), "accountable") == ["dm-service"]


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
    assert Parties(opened(owner="op-1"), people, gtmc().content).people(["owner"]) == ["op-1"]


def test_of_a_role_only_those_on_duty_are_told() -> None:
    assert meant(opened(), "operator", op_1=person("op-1", **AWAY)) == ["op-2"]


def test_an_empty_role_falls_to_those_who_stand_in_for_it_and_in_the_end_to_the_last_resort() -> None:
    assert meant(opened(), "sc_sa", sa_1=None, sa_2=None) == ["dm-service"]
    assert meant(opened(), "dept_manager", **ALL_MANAGERS) == ["gm-1"]
    assert meant(opened(), "dealer_cr_manager", cr_1=None) == ["dm-service"]
    assert meant(opened(), "dealer_cr_manager", cr_1=None, **ALL_MANAGERS) == ["gm-1"]
    assert meant(opened(), "dealer_gm", gm_1=None) == ["mfr-1", "mfr-2"]


def test_a_desk_is_everyone_in_its_role() -> None:
    assert meant(task_sent("queue:north:operator", "operator"), "subject") == ["op-1", "op-2"]
    assert meant(task_sent("queue:gtmc:mfr_cr", "mfr_cr", "support"), "subject") == ["mfr-1", "mfr-2"]
    desk = task_sent("queue:north:dealer_gm", "dealer_gm")
    assert meant(desk, "subject", gm_1=None) == ["mfr-1", "mfr-2"]


def test_where_nobody_is_left_the_desk_itself_is_named() -> None:
    nobody = dict.fromkeys(("gm_1", "mfr_1", "mfr_2"))
    assert meant(opened(), "dealer_gm", **nobody) == ["queue:north:dealer_gm"]


def test_a_person_unknown_to_the_directory_is_not_dropped() -> None:
    assert meant(opened(owner="left-long-ago"), "owner") == ["left-long-ago"]


def test_the_owner_hears_of_a_refusal() -> None:
    assert meant(refused(by="dm-service"), "owner") == ["cr-1"]


def test_a_manufacturer_itself_is_not_its_people() -> None:
    assert meant(opened(), "manufacturer", "mfr_cr") == ["manufacturer:gtmc", "mfr-1", "mfr-2"]
    assert meant(opened(manufacturer=""), "manufacturer") == []


def test_of_a_task_that_is_asked_of_somebody_they_alone_are_accountable() -> None:
    one, other = task("sa-1", "sc_sa", "confirm"), task("sa-2", "sc_sa", "confirm")
    event = breached("TK-01", [one, other], task_id=one.task_id, accountable="sc_sa")
    assert meant(event, "accountable") == ["sa-1"]
    assert meant(event.model_copy(update={"task_id": other.task_id}), "accountable") == ["sa-2"]
    assert meant(event.model_copy(update={"task_id": None}), "accountable") == ["sa-1", "sa-2"]


def test_the_manufacturer_is_reminded_by_whom_it_asked_to_support_though_they_have_not_accepted() -> None:
    support = task("mfr-2", "mfr_cr", "support")
    event = breached("HO-02", [support], task_id=support.task_id, accountable="mfr_cr")
    assert meant(event, "accountable") == ["mfr-2"]
    queue = task("queue:gtmc:mfr_cr", "mfr_cr", "support")
    event = breached("HO-02", [queue], task_id=queue.task_id, accountable="mfr_cr")
    assert meant(event, "accountable") == ["mfr-1", "mfr-2"]


def test_of_a_task_that_is_done_the_owner_is_accountable() -> None:
    event = breached("TK-01", [], task_id=task("sa-2", "sc_sa").task_id, accountable="dealer_cr_manager")
    assert meant(event, "accountable") == ["cr-1"]


def test_of_a_task_in_a_queue_its_members_are_accountable_and_nobody_above_them() -> None:
    queue = task("queue:north:dept_manager", "dept_manager", "confirm")
    event = breached("TK-01", [queue], task_id=queue.task_id, accountable="dept_manager")
    absent = person("dm-service", **AWAY)
    assert meant(event, "accountable") == ["dm-service"]
    assert meant(event, "accountable", dm_service=absent) == ["dm-service"]
    assert meant(event, "accountable", **ALL_MANAGERS) == ["gm-1"]
