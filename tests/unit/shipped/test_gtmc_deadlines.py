"""How long everybody has in gtmc, from the receipt of a complaint to its end."""

import pytest

from tests.memory_stage import MemoryStage, opened
from tests.requirements.rows import shows

DAY = 24 * 60
RETURN = "这车我不要了,给我退车。"


def at_the_manager(**contact: str) -> MemoryStage:
    stage = opened("gtmc", "tianhe.op", **contact)
    stage.reply("tianhe.cr", "accept", "hand_over")
    stage.act(
        "tianhe.cr", "transfer", shop="tianhe", role="dept_manager", person="tianhe.service", note="请对应"
    )
    return stage


@pytest.mark.parametrize(
    ("deadline", "accountable", "minutes"),
    [
        shows("ICROP-28", "policy:gtmc/deadlines/DL-01/limit/elapsed_minutes", "DL-01", "operator", 59),
        shows("ICROP-28", "policy:gtmc/deadlines/DL-01/accountable", "DL-01", "operator", 59),
        shows("ICROP-73", "policy:gtmc/deadlines/DL-02/limit/elapsed_minutes", "DL-02", "dealer_cr_manager", 120),
        shows("ICROP-74", "policy:gtmc/deadlines/DL-03/limit/elapsed_minutes", "DL-03", "dealer_cr_manager", DAY - 1),
        shows("ICROP-74", "policy:gtmc/deadlines/DL-03/accountable", "DL-03", "dealer_cr_manager", DAY - 1),
        shows("ICROP-81", "policy:gtmc/deadlines/DL-05/limit/elapsed_minutes", "DL-05", "dealer_cr_manager", 7 * DAY),
        shows("ICROP-99", "policy:gtmc/deadlines/DL-04/limit/elapsed_minutes", "DL-04", "dept_manager", 120),
        shows("ICROP-99", "policy:gtmc/deadlines/DL-04/accountable", "DL-04", "dept_manager", 120),
    ],
)  # fmt: skip
def test_a_general_complaint_has_these_deadlines_and_whoever_answers_for_them(
    deadline: str, accountable: str, minutes: int
) -> None:
    stage = at_the_manager()
    running = stage.case.deadlines[deadline]
    assert (running.due_at - stage.case.opened_at).total_seconds() / 60 == minutes
    assert running.accountable == accountable


@pytest.mark.parametrize(
    ("narrative", "level"),
    [
        shows("ICROP-80", "policy:gtmc/deadlines/DL-06/limit/elapsed_minutes", "车自燃了。", "major"),
        shows("ICROP-80", "policy:gtmc/deadlines/DL-06/applies/severity/major", "车自燃了。", "major"),
        shows(
            "ICROP-82", "policy:gtmc/deadlines/DL-06/applies/severity/major_preliminary", RETURN, "major_preliminary"
        ),
    ],
)  # fmt: skip
def test_what_is_major_or_nearly_so_is_looked_after_every_day(narrative: str, level: str) -> None:
    stage = opened("gtmc", "tianhe.op", narrative=narrative)
    assert stage.case.severity == level
    assert (stage.due_in("DL-06"), "DL-05" in stage.case.deadlines) == (DAY, False)


@pytest.mark.parametrize(
    ("narrative", "deadline", "days"),
    [
        shows("ICROP-79 ICROP-81", "policy:gtmc/deadlines/DL-05/recurring", "空调有异响。", "DL-05", 7),
        shows("ICROP-79", "policy:gtmc/deadlines/DL-05/restart", "空调有异响。", "DL-05", 7),
        shows("ICROP-79 ICROP-80", "policy:gtmc/deadlines/DL-06/recurring", "车自燃了。", "DL-06", 1),
    ],
)
def test_the_cr_manager_looks_after_a_case_again_and_again(narrative: str, deadline: str, days: int) -> None:
    stage = opened("gtmc", "tianhe.op", narrative=narrative)
    stage.later(days=days, hours=-1)
    stage.act("tianhe.cr", "follow_up")
    assert stage.due_in(deadline) == days * DAY
    stage.later(days=2 * days, hours=1)
    [breach] = [each for each in stage.case.breaches if each.deadline == deadline]
    assert (breach.accountable, breach.repeats) == ("dealer_cr_manager", 1)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        shows("ICROP-74", "policy:gtmc/deadlines/DL-03/stop/case.acted/where/role", "tianhe.cr", "running"),
        shows("ICROP-74", "policy:gtmc/deadlines/DL-03/stop/1", "tianhe.service", "met"),
    ],
)
def test_only_the_departments_own_contact_ends_the_day(who: str, status: str) -> None:
    stage = at_the_manager()
    stage.act(who, "contact")
    assert stage.case.deadlines["DL-03"].status == status


@pytest.mark.shows("ICROP-75", dies_with="policy:gtmc/notices/contact-due-soon/to/dept_manager")
def test_a_department_that_has_not_called_the_customer_is_reminded() -> None:
    stage = at_the_manager()
    stage.reply("tianhe.service", "accept", "hand_over")
    stage.later(hours=19)
    stage.told.clear()
    stage.later(hours=1)
    assert {"tianhe.cr due_soon", "tianhe.service due_soon"} <= set(stage.told)
