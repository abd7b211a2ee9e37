"""What is not certain is confirmed by a person: who is asked, and what their answer does."""

import pytest

from schemas.cases import CaseSeverityRaised, CaseTaskAnswered, CaseTaskSent, CaseTaskWithdrawn
from services.routing.domain import replies
from services.routing.domain.replies import TaskReply, Verb
from tests.casework import Casework
from tests.dealership import a_contact
from tests.suspicions import (
    COURT,
    FIRE,
    ODD,
    SMOKE,
    again,
    confirm,
    confirmation,
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
    assert (case.severity, case.suspected, case.tasks_of("confirm")) == ("major", None, [])


def test_what_is_suspected_opens_as_what_is_certain_and_asks_the_manager_of_the_department() -> None:
    casework = Casework()
    case, task = suspected(casework)
    assert (case.severity, case.suspected, case.criteria) == ("general", "major", ("G1",))
    assert case.tasks_of("support") == []
    assert (task.to, task.role, task.safety, task.criteria) == ("dm-service", "dept_manager", True, ("M1",))
    assert casework.types() == ["case.opened", "case.task_sent", "case.task_sent"]
    opened, _, sent = casework.events()
    assert (opened.header.severity, opened.header.suspected) == ("general", "major")
    assert isinstance(sent, CaseTaskSent)
    assert (sent.to, sent.criteria, sent.doubts) == ("dm-service", ("M1",), ("pattern_alone",))
    assert [one.task for one in sent.header.tasks] == ["hand_over", "confirm"]
    assert sent.header.tasks[-1].task_id == sent.task_id == task.task_id


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
    case = confirm(casework, case)
    assert (case.severity, case.suspected, case.confirmed) == ("major", None, True)
    assert case.criteria == ("M1", "G1")
    assert [task.task for task in case.tasks] == ["hand_over", "support"]
    assert casework.types()[3:] == [
        "case.task_answered", "case.severity_raised", "case.judged", "case.task_sent",
    ]  # fmt: skip
    answered, raised = casework.events()[3:5]
    assert isinstance(answered, CaseTaskAnswered)
    assert isinstance(raised, CaseSeverityRaised)
    assert raised.criteria == case.criteria
    assert (answered.by, answered.fields) == ("dm-service", {"severity": "major"})
    assert [task.task for task in answered.header.tasks] == ["hand_over", "support"]
    facts = {"task": "confirm", "to": "dm-service", "fields": {"severity": "major"}}
    assert ("case.task_answered", facts) in casework.facts


def test_what_is_confirmed_is_judged_and_no_longer_under_review() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    assert case.state == "registered"
    assert confirm(casework, case).state == "assessed"


def test_less_than_is_suspected_needs_a_reason() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    refusal = casework.refused(case, confirmation(casework, case, severity="general"))
    assert (refusal.status, refusal.rule) == (422, "lower_with_reason")
    case = confirm(casework, case, severity="general", reason="是雾气")
    assert (case.severity, case.suspected, case.criteria, case.confirmed) == ("general", None, ("G1",), True)
    assert "case.severity_raised" not in casework.types()


@pytest.mark.parametrize("actor", ["dm-service", "cr-1", "gm-1"])
def test_whoever_could_have_been_asked_may_confirm(actor: str) -> None:
    casework = Casework()
    case, task = suspected(casework)
    assert replies.allowed(case, actor, casework.world())[task.task_id] == ["answer"]
    assert confirm(casework, case, actor).severity == "major"


@pytest.mark.parametrize("actor", ["op-1", "sa-1", "dm-sales", "gm-south", "mfr-1"])
def test_nobody_else_may(actor: str) -> None:
    casework = Casework()
    case, task = suspected(casework)
    assert task.task_id not in replies.allowed(case, actor, casework.world())
    refusal = casework.refused(case, confirmation(casework, case, actor))
    assert (refusal.status, refusal.rule) == (409, "asked")
    assert "dm-service" in refusal.detail


@pytest.mark.parametrize(("verb", "rule"), [("accept", "not_accepted"), ("refuse", "not_refused")])
def test_what_is_suspected_is_neither_accepted_nor_refused_but_answered(verb: Verb, rule: str) -> None:
    casework = Casework()
    case, _ = suspected(casework)
    refusal = casework.refused(case, casework.replied(case, "dm-service", verb, "confirm"))
    assert (refusal.status, refusal.rule) == (409, rule)


def test_nobody_confirms_what_nobody_asked() -> None:
    casework = Casework()
    case = casework.receive()
    assert replies.allowed(case, "dm-service", casework.world()) == {}
    unasked = TaskReply(actor="dm-service", task_id=case.id, verb="answer")
    assert casework.refused(case, unasked).rule == "task_done"


def test_judging_the_nature_answers_the_task_too() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    case = casework.act(case, "gm-1", "judge", severity="major")
    assert (case.severity, case.suspected, case.tasks_of("confirm")) == ("major", None, [])
    assert case.criteria == ("M1", "G1")
    assert "case.task_answered" in casework.types()


def test_a_case_is_not_resolved_before_what_is_suspected_is_confirmed() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    case = casework.act(case, "cr-1", "contact")
    refusal = casework.refused(case, casework.request(case, "gm-1", "resolve"))
    assert (refusal.status, refusal.rule) == (409, "resolve_after_confirmation")
    case = confirm(casework, case, severity="general", reason="是雾气")
    assert casework.act(case, "gm-1", "resolve").state == "resolved"


def test_a_contact_that_makes_it_certain_takes_the_task_back() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    case = again(casework, case, FIRE)
    assert (case.severity, case.suspected, case.tasks_of("confirm")) == ("major", None, [])
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
    assert (case.suspected, task_of(case)) == ("major", task)


def test_a_further_suspicion_makes_what_was_confirmed_provisional() -> None:
    casework = Casework()
    case = casework.receive()
    case = casework.act(case, "gm-1", "judge", severity="general")
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
    case = confirm(casework, case, severity="general")
    assert (case.confirmed, case.tasks_of("confirm")) == (True, [])
