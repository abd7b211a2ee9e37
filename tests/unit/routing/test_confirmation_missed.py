"""What follows where nobody confirms, or nobody can be asked; and who hears of it before."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.cases import CaseSeverityRaised, CaseTaskWithdrawn, TaskMessage
from schemas.policies import Policy
from schemas.staffing import Directory
from services.routing.domain.policies import Policies
from services.routing.store.policy_files import compile_policy
from tests.casework import Casework, gtmc
from tests.dealership import a_contact, directory_file
from tests.suspicions import (
    COURT,
    SMOKE,
    again,
    confirm,
    confirmation,
    lapse,
    suspected,
    task_of,
    use_judgements,
    without,
)


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    use_judgements(monkeypatch)


@pytest.mark.parametrize(
    ("narrative", "severity", "safety"), [(SMOKE, "major", True), (COURT, "general", False)]
)
def test_where_nobody_is_on_duty_a_safety_matter_acts_at_once(
    narrative: str, severity: str, *, safety: bool
) -> None:
    casework = without("dm-service", "cr-1", "gm-1")
    case, task = suspected(casework, narrative)
    assert (case.severity, case.confirmed, task.safety) == (severity, False, safety)
    assert (task.to, task.role) == ("queue:north:dept_manager", "dept_manager")
    raised = [event.unconfirmed for event in casework.events() if isinstance(event, CaseSeverityRaised)]
    assert raised == (["nobody_on_duty"] if safety else [])
    assert case.suspected == (None if safety else "major_preliminary")
    assert len(case.tasks_of("support")) == safety


def test_nobody_in_time_a_safety_matter_acts_and_the_next_role_is_asked() -> None:
    casework = Casework()
    case, task = suspected(casework)
    case = lapse(casework, case)
    assert (case.severity, case.suspected, case.confirmed, case.criteria) == (
        "major",
        None,
        False,
        ("M1", "G1"),
    )
    assert len(case.tasks_of("support")) == 1
    assert task_of(case).task_id != task.task_id
    assert (task_of(case).to, task_of(case).via) == ("cr-1", "anew")
    assert casework.types()[3:] == [
        "case.severity_raised", "case.task_sent", "case.task_withdrawn", "case.task_sent",
    ]  # fmt: skip
    raised, withdrawn = casework.events()[3], casework.events()[5]
    assert isinstance(raised, CaseSeverityRaised)
    assert (raised.unconfirmed, raised.previous, raised.criteria) == ("not_in_time", "general", ("M1", "G1"))
    assert isinstance(withdrawn, CaseTaskWithdrawn)
    assert (withdrawn.because, withdrawn.to) == ("unanswered", "dm-service")
    facts = {"severity": "major", "previous": "general", "unconfirmed": "not_in_time"}
    assert ("case.severity_raised", facts) in casework.facts


def test_what_acted_unconfirmed_is_still_confirmed_or_lowered_with_a_reason() -> None:
    casework = Casework()
    case = lapse(casework, suspected(casework)[0])
    refusal = casework.refused(case, confirmation(casework, case, severity="general"))
    assert refusal.rule == "lower_with_reason"
    case = confirm(casework, case, severity="general", reason="是雾气")
    assert (case.severity, case.confirmed, case.tasks_of("confirm")) == ("general", True, [])


def test_another_matter_keeps_its_level_and_goes_from_role_to_role() -> None:
    casework = Casework()
    case, _ = suspected(casework, COURT)
    case = lapse(casework, case)
    assert (case.severity, case.suspected, task_of(case).to) == ("general", "major_preliminary", "cr-1")
    case = lapse(casework, case)
    assert task_of(case).to == "gm-1"
    last = lapse(casework, case)
    assert (last.tasks, last.suspected, last.breach_count) == (case.tasks, "major_preliminary", 3)


def test_the_deadline_of_a_task_that_is_over_changes_nothing() -> None:
    casework = Casework()
    case, task = suspected(casework)
    case = confirm(casework, case, severity="general", reason="是雾气")
    case = casework.fold(case, casework.breached(case, "TK-01", task_id=task.task_id))
    assert (case.severity, case.tasks_of("confirm"), case.breach_count) == ("general", [], 1)


def test_the_deadlines_of_two_tasks_are_kept_apart() -> None:
    casework = Casework()
    case, task = suspected(casework)
    other = uuid4()
    for number in (task.task_id, other):
        case = casework.fold(case, casework.started(case, "TK-01", task_id=number))
    case = casework.fold(case, casework.breached(case, "TK-01", task_id=other))
    assert {name: one.status for name, one in case.deadlines.items()} == {
        f"TK-01:{task.task_id}": "running", f"TK-01:{other}": "breached",
    }  # fmt: skip


def test_what_was_asked_of_somebody_who_leaves_is_asked_of_another() -> None:
    casework = Casework()
    case, _ = suspected(casework)
    casework.directory = Directory(directory_file(dm_service=None).entries())
    case = casework.reply(case, "cr-1", "accept")
    assert (task_of(case).to, case.suspected) == ("cr-1", "major")


def test_a_suspected_major_is_not_in_the_feed_of_a_case_that_the_manufacturer_supports() -> None:
    casework = Casework()
    case = casework.receive(a_contact("x", channel="hotline_800"))
    case = casework.act(case, "gm-1", "judge", severity="major_preliminary")
    assert len(case.tasks_of("support")) == 1
    case = again(casework, case, SMOKE)
    feed = casework.events("escalations")
    assert case.suspected == "major"
    assert len(case.tasks_of("confirm")) == 1
    assert {event.task for event in feed if isinstance(event, TaskMessage)} == {"support"}
    assert {event.header.suspected for event in feed} == {None}
    assert {task.task for event in feed for task in event.header.tasks} == {"hand_over", "support"}
    confirm(casework, case)
    assert "case.severity_raised" in casework.types("escalations")


def changed(**severity: object) -> dict[str, Any]:
    """The policy as data, with a change of how severity is judged."""
    content = gtmc().content.model_dump(by_alias=True)
    return {**content, "severity": {**content["severity"], **severity}}


def published(content: dict[str, Any]) -> Policies:
    policies = Policies(default="gtmc")
    policies.follow(compile_policy(Policy.model_validate(content)))
    return policies


def with_manufacturer_informed() -> Policies:
    """The policy, had its manufacturer hear of a possible major at once."""
    content = changed(tells_suspected=True)
    suspicion = {"case": {"suspected": ["major"]}, "not_waiting": ["support"]}
    content["reactions"]["graver"] = (
        *content["reactions"]["graver"], {"when": suspicion, "send": {"task": "support"}},
    )  # fmt: skip
    return published(content)


def test_a_policy_can_let_the_manufacturer_hear_of_a_possible_major_at_once() -> None:
    casework = Casework(policies=with_manufacturer_informed())
    case, _ = suspected(casework)
    assert (case.severity, case.suspected, len(case.tasks_of("support"))) == ("general", "major", 1)
    assert {event.header.suspected for event in casework.events("escalations")} == {"major"}
    case, _ = suspected(casework, COURT)
    assert case.tasks_of("support") == []


def test_a_policy_that_lets_nobody_confirm_acts_as_is_likeliest() -> None:
    casework = Casework(policies=published(changed(confirmed_by=None)))
    case = casework.receive(a_contact(SMOKE))
    assert (case.severity, case.suspected, case.criteria) == ("major", None, ("M1",))
    assert case.tasks_of("confirm") == []


def test_every_event_has_its_own_id() -> None:
    casework = without("dm-service", "cr-1", "gm-1")
    case, _ = suspected(casework)
    casework.directory = Directory(directory_file().entries())
    lapse(casework, case)
    ids: list[UUID] = [message.id for _, message in casework.sent]
    assert len(set(ids)) == len(ids)
