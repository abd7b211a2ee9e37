"""What is not certain is confirmed by a person: who is asked, and what their answer does."""

import pytest

from schemas.cases import CaseTaskSent, CaseTaskWithdrawn
from services.routing.domain.actions.ending import Resolve
from services.routing.domain.actions.judging import JudgeNature
from services.routing.domain.actions.progress import LogContact
from services.routing.domain.actions.table import allowed
from tests.casework import Casework, sealed
from tests.dealership import a_contact
from tests.suspicions import (
    COURT,
    FIRE,
    ODD,
    SMOKE,
    again,
    confirm,
    suspected,
    task_of,
    use_judgements,
    without,
)


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    use_judgements(monkeypatch)


def test_what_is_certain_asks_nobody() -> None:
    case = Casework().receive(a_contact(FIRE))
    assert (case.severity, case.suspected, case.tasks) == ("major", None, ())


def test_what_is_suspected_opens_as_what_is_certain_and_asks_the_manager_of_the_department() -> None:
    casework = Casework()
    case, task = suspected(casework)
    assert (case.severity, case.suspected, case.criteria, case.support) == ("general", "major", ("G1",), None)
    assert (task.to, task.role, task.safety, task.criteria) == ("dm-service", "dept_manager", True, ("M1",))
    assert casework.types() == ["case.opened", "case.handed_over", "case.task_sent"]
    opened, _, sent = casework.events()
    assert (opened.header.severity, opened.header.suspected) == ("general", "major")
    assert isinstance(sent, CaseTaskSent)
    assert (sent.to, sent.criteria, sent.doubts) == ("dm-service", ("M1",), ("pattern_alone",))
    assert [one.task_id for one in sent.header.tasks] == [task.task_id]


def test_the_contact_keeps_where_it_is_said_and_why_it_is_doubtful() -> None:
    case, _ = suspected(Casework())
    [contact] = case.contacts
    assert [(one.criterion, one.start, one.end, one.certain) for one in contact.signals] == [
        ("M1", 0, 2, False)
    ]
    assert (contact.severity, contact.suspected, contact.doubts) == ("general", "major", ("pattern_alone",))


@pytest.mark.parametrize(
    ("absent", "asked"),
    [
        ((), ("dm-service", "dept_manager")),
        (("dm-service",), ("cr-1", "dealer_cr_manager")),
        (("dm-service", "cr-1"), ("gm-1", "dealer_gm")),
    ],
)
def test_the_first_on_duty_of_the_roles_is_asked(absent: tuple[str, ...], asked: tuple[str, str]) -> None:
    _, task = suspected(without(*absent))
    assert (task.to, task.role) == asked


def test_the_manager_of_the_other_department_is_not_asked() -> None:
    casework = Casework()
    case = casework.receive(a_contact(SMOKE, department="sales"))
    assert task_of(case).to == "dm-sales"


def test_a_person_confirms_what_is_suspected() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    case = casework.act(case, confirm())
    assert (case.severity, case.suspected, case.confirmed, case.tasks) == ("major", None, True, ())
    assert case.criteria == ("M1", "G1")
    assert case.support is not None
    assert casework.types()[3:] == [
        "case.task_answered", "case.severity_raised", "case.judged", "case.handed_over",
    ]  # fmt: skip
    answered = casework.events()[3]
    assert (answered.by, answered.header.tasks) == ("dm-service", ())
    assert ("case.task_answered", {"task": "confirm", "to": "dm-service"}) in casework.facts


def test_less_than_is_suspected_needs_a_reason() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    refusal = casework.refused(case, confirm(severity="general"))
    assert (refusal.status, refusal.rule) == (422, "lower_with_reason")
    case = casework.act(case, confirm(severity="general", reason=True))
    assert (case.severity, case.suspected, case.criteria, case.confirmed) == ("general", None, ("G1",), True)
    assert "case.severity_raised" not in casework.types()


@pytest.mark.parametrize("actor", ["dm-service", "cr-1", "gm-1"])
def test_whoever_could_have_been_asked_may_confirm(actor: str) -> None:
    casework = Casework()
    case, _ = suspected(casework)
    assert "confirm" in allowed(case, actor, casework.world())
    assert casework.act(case, confirm(actor)).severity == "major"


@pytest.mark.parametrize("actor", ["op-1", "sa-1", "dm-sales", "gm-south", "mfr-1"])
def test_nobody_else_may(actor: str) -> None:
    casework = Casework()
    case, _ = suspected(casework)
    assert casework.refused(case, confirm(actor)).rule == "who_may_confirm"


def test_nobody_confirms_what_nobody_asked() -> None:
    casework = Casework()
    case = casework.receive()
    assert "confirm" not in allowed(case, "dm-service", casework.world())
    assert casework.refused(case, confirm()).rule == "who_may_confirm"


def test_judging_the_nature_answers_the_task_too() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    case = casework.act(case, JudgeNature(actor="gm-1", severity="major"))
    assert (case.severity, case.suspected, case.tasks) == ("major", None, ())
    assert "case.task_answered" in casework.types()


def test_a_case_is_not_resolved_before_what_is_suspected_is_confirmed() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    case = casework.act(case, LogContact(actor="cr-1", note=sealed()))
    assert casework.refused(case, Resolve(actor="gm-1", note=sealed())).rule == "resolve_after_confirmation"
    case = casework.act(case, confirm(severity="general", reason=True))
    assert casework.act(case, Resolve(actor="gm-1", note=sealed())).state == "resolved"


def test_a_contact_that_makes_it_certain_takes_the_task_back() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    case = again(casework, case, FIRE)
    assert (case.severity, case.suspected, case.tasks) == ("major", None, ())
    withdrawn = casework.events()[-2]
    assert isinstance(withdrawn, CaseTaskWithdrawn)
    assert withdrawn.because == "certain"


def test_a_contact_that_lets_suspect_more_asks_anew() -> None:
    casework = Casework()
    case, first = suspected(casework, COURT)
    case = again(casework, case, SMOKE)
    task = task_of(case)
    assert (case.severity, case.suspected, task.criteria, task.safety) == (
        "general",
        "major",
        ("M1", "P3"),
        True,
    )
    assert task.task_id != first.task_id
    assert casework.types()[-2:] == ["case.task_withdrawn", "case.task_sent"]


@pytest.mark.parametrize("narrative", [COURT, ODD, "谢谢"])
def test_a_contact_that_lets_suspect_no_more_asks_nobody_again(narrative: str) -> None:
    casework = Casework()
    case, task = suspected(casework)
    case = again(casework, case, narrative)
    assert (case.suspected, case.tasks) == ("major", (task,))


def test_a_further_suspicion_makes_what_was_confirmed_provisional() -> None:
    casework = Casework()
    case = casework.receive()
    case = casework.act(case, JudgeNature(actor="gm-1", severity="general"))
    case = again(casework, case, SMOKE)
    assert (case.severity, case.suspected, case.confirmed) == ("general", "major", False)


def test_a_text_that_nobody_can_read_is_confirmed_by_a_person() -> None:
    casework = Casework()
    case, task = suspected(casework, ODD)
    assert (case.severity, case.suspected, task.suspected, task.doubts) == (
        "general",
        None,
        None,
        ("unreadable",),
    )
    case = casework.act(case, confirm(severity="general"))
    assert (case.confirmed, case.tasks) == (True, ())
