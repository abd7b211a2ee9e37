"""What is published when things are read late or change nothing; minutes after Monday 09:00 in Shanghai."""

from typing import Any

from tests.unit.sla.story import PAUSES, a_deadline, an_open_case, at, did

DAY = 24 * 60
BY_SEVERITY: dict[str, Any] = {"limit_by_severity": {"major": {"elapsed_minutes": 30}}}


def test_a_warning_stands_though_the_due_time_moves_by_what_is_read_late() -> None:
    story = an_open_case(a_deadline(warnings=[{"percent": 50}], **PAUSES))
    assert story.passes(30) == ["warned"]
    assert story.of("warned")[0].due_at == at(60)
    assert story.happens("try_to_reach", 20, read=31) == ["paused"]
    assert story.happens("follow_up", 100) == ["moved"]
    assert story.passes(139) == []


def test_a_warning_of_a_round_that_was_breached_names_its_due_time() -> None:
    story = an_open_case(a_deadline(warnings=[{"percent": 50}], recurring=True, on_breach=[]))
    assert story.passes(60) == ["warned", "breached", "started"]
    assert story.of("warned")[0].due_at == at(60)


def test_what_goes_on_after_a_withdrawn_breach_counts_its_warnings_to_its_new_cycle() -> None:
    story = an_open_case(a_deadline(warnings=[{"percent": 50}], on_breach=[], **PAUSES))
    story.passes(60)
    story.happens("try_to_reach", 50, read=61)
    assert story.state is not None
    assert [(fired.level, fired.cycle) for fired in story.state.deadlines["C"].fired] == [(-1, 2)]


def test_a_second_stop_publishes_nothing() -> None:
    story = an_open_case(a_deadline())
    assert story.happens("contact", 20) == ["met"]
    assert story.happens("contact", 30) == []


def test_an_earlier_stop_read_after_a_later_one_corrects_when_it_was_met() -> None:
    story = an_open_case(a_deadline())
    story.happens("contact", 55)
    assert story.happens("contact", 50, read=56) == ["met"]
    assert [event.met_at for event in story.of("met")] == [at(55), at(50)]


def test_a_pause_read_after_a_late_stop_makes_it_a_stop_in_time() -> None:
    story = an_open_case(a_deadline(on_breach=[], **PAUSES))
    assert story.happens("contact", 70) == ["breached", "met"]
    assert story.happens("try_to_reach", 50, read=80) == ["withdrawn", "met"]
    assert [event.late for event in story.of("met")] == [True, False]


def test_a_breach_after_a_withdrawn_one_of_the_same_round_has_an_id_of_its_own() -> None:
    story = an_open_case(a_deadline(**BY_SEVERITY, on_breach=[]))
    story.passes(60)
    assert story.happens("contact", 50, read=61) == ["withdrawn", "met"]
    assert story.happens("severity_raised", 10, read=62, severity="major") == ["breached", "met"]
    first, second = story.of("breached")
    assert first.id != second.id
    assert second.due_at == at(30)


def test_a_deadline_that_no_longer_applies_is_cancelled_once() -> None:
    story = an_open_case(a_deadline(applies={"severity": ["general"]}, **PAUSES))
    assert story.happens("severity_raised", 20, severity="major") == ["cancelled"]
    assert story.happens("try_to_reach", 30) == []
    assert story.happens("follow_up", 40) == []


def test_the_end_of_a_pause_is_published_though_the_due_time_is_the_same() -> None:
    story = an_open_case(a_deadline(limit={"working_minutes": 240}, **PAUSES))
    story.happens("try_to_reach", 190)  # 12:10, in the lunch break
    assert story.happens("follow_up", 200) == ["moved"]
    assert story.due_in() == 330


def test_a_limit_that_changes_in_a_pause_is_published_when_the_pause_ends() -> None:
    story = an_open_case(a_deadline(**BY_SEVERITY, **PAUSES))
    assert story.happens("try_to_reach", 10) == ["paused"]
    assert story.happens("severity_raised", 15, severity="major") == []
    assert story.happens("follow_up", 20) == ["moved"]
    assert story.due_in() == 40


def test_a_round_begun_anew_escalates_for_its_own_breach() -> None:
    story = an_open_case(a_deadline(limit={"elapsed_minutes": 600}, restart=[{"type": "case.task_sent"}]))
    story.passes(600)
    story.happens("task_sent", 700)
    assert story.passes(DAY - 30) == ["breached", "escalation_due"]
    assert story.of("escalation_due")[0].breach == story.of("breached")[1].id


def test_a_breach_withdrawn_by_a_pause_escalates_no_more() -> None:
    story = an_open_case(a_deadline(limit={"elapsed_minutes": 600}, **PAUSES))
    story.passes(600)
    assert story.happens("try_to_reach", 599, read=700) == ["withdrawn", "started", "paused"]
    assert story.passes(3 * DAY) == []


def test_a_deadline_with_much_behind_it_keeps_what_its_present_round_fired() -> None:
    two_hours = {"elapsed_minutes": 120}
    story = an_open_case(a_deadline(limit=two_hours, warnings=[{"percent": 50}], stop=[], **PAUSES))
    assert story.passes(60) == ["warned"]
    for minute in range(61, 161, 2):
        story.happens("try_to_reach", minute)
        story.happens("follow_up", minute + 1)
    assert story.state is not None
    deadline = story.state.deadlines["C"]
    assert deadline.base is not None
    assert deadline.base.due is None
    assert len(deadline.occurrences) < 60
    assert story.passes(169.99) == []
    assert story.passes(170) == ["breached", "escalation_due"]
    assert len(story.of("warned")) == 1


def test_a_breach_with_much_behind_it_stands() -> None:
    story = an_open_case(a_deadline(on_breach=[], stop=[did("close")], **PAUSES))
    assert story.passes(60) == ["breached"]
    for minute in range(61, 261, 2):
        assert story.happens("try_to_reach", minute) == []
        assert story.happens("follow_up", minute + 1) == []
    assert story.state is not None
    assert story.state.deadlines["C"].base is not None
    assert story.happens("close", 300) == ["met"]
    assert story.of("met")[0].late
