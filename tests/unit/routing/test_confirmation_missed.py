"""What follows where nobody confirms, or nobody can be asked; and who hears of it before."""

from uuid import UUID, uuid4

import pytest

from schemas.cases import CaseSeverityRaised, CaseTaskWithdrawn
from schemas.severity import LevelSpec
from schemas.staffing import Directory
from services.routing.domain.actions.answering import Accept
from services.routing.domain.actions.judging import JudgeNature
from services.routing.domain.policies import Policies
from services.routing.store.policy_files import compile_policy
from tests.casework import Casework, gtmc
from tests.dealership import a_contact, directory_file
from tests.suspicions import COURT, SMOKE, again, confirm, lapse, suspected, task_of, use_judgements, without


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
    assert (case.suspected, case.support is not None) == (None if safety else "major_preliminary", safety)


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
    assert case.support is not None
    assert (task_of(case).to, task_of(case).task_id) != (task.to, task.task_id)
    assert task_of(case).to == "cr-1"
    assert casework.types()[3:] == [
        "case.severity_raised", "case.handed_over", "case.task_withdrawn", "case.task_sent",
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
    assert casework.refused(case, confirm(severity="general")).rule == "lower_with_reason"
    case = casework.act(case, confirm(severity="general", reason=True))
    assert (case.severity, case.confirmed, case.tasks) == ("general", True, ())


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
    case = casework.act(case, confirm(severity="general", reason=True))
    case = casework.fold(case, casework.breached(case, "TK-01", task_id=task.task_id))
    assert (case.severity, case.tasks) == ("general", ())


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
    case = casework.act(case, Accept(actor="cr-1"))
    assert (task_of(case).to, case.suspected) == ("cr-1", "major")


def test_a_suspected_major_is_not_in_the_feed_of_a_case_that_the_manufacturer_supports() -> None:
    casework = Casework()
    case = casework.receive(a_contact("x", channel="hotline_800"))
    case = casework.act(case, JudgeNature(actor="gm-1", severity="major_preliminary"))
    assert case.support is not None
    case = again(casework, case, SMOKE)
    feed = casework.events("escalations")
    assert case.suspected == "major"
    assert [event.type for event in feed if "task" in event.type] == []
    assert {(event.header.suspected, event.header.tasks) for event in feed} == {(None, ())}
    casework.act(case, confirm())
    assert "case.severity_raised" in casework.types("escalations")


def with_manufacturer_informed() -> Policies:
    """The policy, had its manufacturer hear of a possible major at once."""
    levels = tuple(_informing(level) for level in gtmc().content.severity.levels)
    severity = gtmc().content.severity.model_copy(update={"levels": levels})
    content = gtmc().content.model_copy(update={"severity": severity})
    published = Policies(default="gtmc")
    published.follow(compile_policy(content))
    return published


def _informing(level: LevelSpec) -> LevelSpec:
    return level.model_copy(update={"tells_suspected": "manufacturer"}) if level.id == "major" else level


def test_a_policy_can_let_the_manufacturer_hear_of_a_possible_major_at_once() -> None:
    casework = Casework(policies=with_manufacturer_informed())
    case, _ = suspected(casework)
    assert (case.severity, case.suspected, case.support is not None) == ("general", "major", True)
    assert {event.header.suspected for event in casework.events("escalations")} == {"major"}
    case, _ = suspected(casework, COURT)
    assert case.support is None


def test_a_policy_without_such_a_task_acts_as_is_likeliest() -> None:
    content = gtmc().content.model_copy(update={"tasks": ()})
    published = Policies(default="gtmc")
    published.follow(compile_policy(content))
    casework = Casework(policies=published)
    case = casework.receive(a_contact(SMOKE))
    assert (case.severity, case.suspected, case.tasks, case.criteria) == ("major", None, (), ("M1",))


def test_every_event_has_its_own_id() -> None:
    casework = without("dm-service", "cr-1", "gm-1")
    case, _ = suspected(casework)
    casework.directory = Directory(directory_file().entries())
    lapse(casework, case)
    ids: list[UUID] = [message.id for _, message in casework.sent]
    assert len(set(ids)) == len(ids)
