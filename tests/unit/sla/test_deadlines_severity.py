"""Deadlines of one severity; minutes after Monday 09:00 in Shanghai."""

from typing import Any

from tests.unit.sla.story import PAUSES, a_deadline, an_open_case, at

ONLY_MAJOR: dict[str, Any] = {"applies": {"severity": ["major"]}, "on_breach": []}


def test_a_deadline_that_does_not_apply_publishes_nothing() -> None:
    story = an_open_case(a_deadline(**ONLY_MAJOR))
    assert story.events == []
    assert story.passes(1000) == []


def test_a_raised_severity_arms_a_deadline_with_the_time_that_has_passed() -> None:
    story = an_open_case(a_deadline(**ONLY_MAJOR))
    assert story.happens("severity_raised", 20, severity="major") == ["started"]
    assert story.due_in() == 60


def test_a_deadline_armed_after_its_due_time_is_due_at_that_moment_not_before() -> None:
    story = an_open_case(a_deadline(**ONLY_MAJOR))
    assert story.happens("severity_raised", 90, severity="major") == ["started"]
    assert story.passes(90) == ["breached"]
    assert story.of("breached")[0].due_at == at(90)


def test_a_dormant_deadline_keeps_its_pauses_and_restarts() -> None:
    story = an_open_case(a_deadline(**ONLY_MAJOR, restart=[{"type": "case.task_refused"}], **PAUSES))
    story.happens("task_refused", 10)
    story.happens("try_to_reach", 20)
    story.happens("follow_up", 35)
    story.happens("severity_raised", 40, severity="major")
    assert story.due_in() == 85


def test_a_deadline_armed_after_its_due_time_in_a_pause_is_due_when_the_pause_ends() -> None:
    story = an_open_case(a_deadline(**ONLY_MAJOR, **PAUSES))
    story.happens("try_to_reach", 70)
    assert story.happens("severity_raised", 80, severity="major") == ["started", "paused"]
    story.happens("follow_up", 90)
    assert story.passes(90) == ["breached"]
    assert story.of("breached")[0].due_at == at(90)


def test_a_lowered_severity_takes_the_deadline_out_of_sight() -> None:
    story = an_open_case(a_deadline(**ONLY_MAJOR), header_severity="major")
    assert story.happens("judged", 20, severity="general", previous="major") == ["cancelled"]
    assert story.passes(1000) == []


def test_severity_up_and_down_again_keeps_elapsed_time_exactly() -> None:
    story = an_open_case(a_deadline(**ONLY_MAJOR), header_severity="major")
    story.happens("judged", 20, severity="general", previous="major")
    story.happens("severity_raised", 30, severity="major")
    assert story.due_in() == 60
    assert story.passes(60) == ["breached"]


def test_a_severity_with_its_own_limit_moves_the_due_time_from_the_same_anchor() -> None:
    story = an_open_case(a_deadline(limit_by_severity={"major": {"elapsed_minutes": 30}}))
    assert story.happens("severity_raised", 10, severity="major") == ["moved"]
    assert (story.due_in(), story.of("moved")[0].reason) == (30, "severity_raised")


def test_a_shorter_limit_that_has_already_passed_is_due_at_the_change() -> None:
    story = an_open_case(a_deadline(limit_by_severity={"major": {"elapsed_minutes": 30}}))
    story.happens("severity_raised", 45, severity="major")
    assert story.due_in() == 45


def test_a_severity_that_was_raised_before_the_breach_but_read_after_withdraws_what_no_longer_applied() -> (
    None
):
    story = an_open_case(a_deadline(applies={"severity": ["general"]}, on_breach=[]))
    story.passes(60)
    assert story.happens("severity_raised", 50, read=61, severity="major") == ["withdrawn", "cancelled"]
