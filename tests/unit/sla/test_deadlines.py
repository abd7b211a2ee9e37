"""What one deadline does as things happen and time passes; minutes after Monday 09:00 in Shanghai."""

from typing import Any

import pytest

from schemas.deadlines import DeadlineBreached
from schemas.identity import firing_id
from tests.unit.sla.story import CASE, PAUSES, Story, a_deadline, a_policy, an_open_case, at, did

CLOSES: dict[str, Any] = {"cancel": [did("close")]}


def test_a_deadline_starts_with_its_event_and_is_due_when_its_limit_is_used_up() -> None:
    story = Story(a_policy(a_deadline()))
    assert story.happens("opened", 0) == ["started"]
    assert story.of("started")[0].due_at == at(60)


def test_a_deadline_from_receipt_counts_from_when_the_customer_spoke() -> None:
    story = an_open_case(a_deadline(starts_from="receipt"), received_at=at(-20))
    assert story.due_in() == 40


def test_a_start_of_a_running_deadline_means_nothing() -> None:
    story = an_open_case(a_deadline(start=[{"type": "case.opened"}, did("follow_up")]))
    assert story.happens("follow_up", 10) == []
    assert story.due_in() == 60


def test_a_start_after_the_stop_begins_the_next_cycle() -> None:
    story = an_open_case(a_deadline(start=[{"type": "case.opened"}, did("follow_up")]))
    story.happens("contact", 10)
    assert story.happens("follow_up", 30) == ["started"]
    assert (story.of("started")[-1].cycle, story.due_in()) == (2, 90)


def test_a_stop_in_time_is_met() -> None:
    story = an_open_case(a_deadline())
    assert story.happens("contact", 59) == ["met"]
    met = story.of("met")[0]
    assert (met.met_at, met.late) == (at(59), False)
    assert story.passes(10_000) == []


def test_nothing_fires_before_it_is_due() -> None:
    story = an_open_case(a_deadline())
    assert story.passes(59.999) == []


def test_a_deadline_breaches_when_it_is_due_under_an_id_of_its_own() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    assert story.passes(60) == ["breached"]
    breach = story.of("breached")[0]
    assert (breach.due_at, breach.late, breach.id) == (at(60), False, firing_id(CASE, "C", 1, 0))
    assert story.passes(10_000) == []


def test_a_breach_after_downtime_is_marked_late() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    story.passes(600, catch_up=True)
    assert story.of("breached")[0].late


def test_a_stop_at_the_very_moment_it_is_due_comes_late() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    assert story.happens("contact", 60) == ["breached", "met"]
    assert story.of("met")[0].late


def test_a_stop_after_the_due_time_read_before_it_fired_breaks_the_deadline_all_the_same() -> None:
    story = an_open_case(a_deadline())
    assert story.happens("contact", 75) == ["breached", "met"]
    assert story.of("breached")[0].due_at == at(60)
    assert story.passes(10_000) == []


def test_a_stop_that_occurred_in_time_but_is_read_after_the_breach_withdraws_it() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    story.passes(60)
    assert story.happens("contact", 50, read=61) == ["withdrawn", "met"]
    withdrawn, breach = story.of("withdrawn")[0], story.of("breached")[0]
    assert (withdrawn.breach, withdrawn.met_at) == (breach.id, at(50))
    assert not story.of("met")[0].late


def test_a_stop_read_after_the_breach_that_occurred_after_it_too_is_merely_late() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    story.passes(60)
    assert story.happens("contact", 70) == ["met"]
    assert story.of("met")[0].late


def test_a_cancelled_deadline_never_breaches() -> None:
    story = an_open_case(a_deadline(**CLOSES))
    assert story.happens("close", 30) == ["cancelled"]
    assert story.passes(10_000) == []


def test_a_cancel_after_the_due_time_lets_the_breach_stand() -> None:
    story = an_open_case(a_deadline(**CLOSES))
    assert story.happens("close", 61) == ["breached", "cancelled"]


def test_a_cancel_that_occurred_in_time_but_is_read_late_withdraws_the_breach() -> None:
    story = an_open_case(a_deadline(on_breach=[], **CLOSES))
    story.passes(100)
    assert story.happens("close", 59, read=101) == ["withdrawn", "cancelled"]


def test_a_pause_holds_the_deadline_and_its_end_moves_the_due_time() -> None:
    story = an_open_case(a_deadline(**PAUSES))
    assert story.happens("try_to_reach", 20) == ["paused"]
    assert story.passes(500) == []
    assert story.happens("follow_up", 520) == ["moved"]
    assert story.due_in() == 560


def test_a_stop_during_a_pause_is_in_time() -> None:
    story = an_open_case(a_deadline(**PAUSES))
    story.happens("try_to_reach", 20)
    assert story.happens("contact", 500) == ["met"]
    assert not story.of("met")[0].late


def test_a_pause_that_began_in_time_but_is_read_late_withdraws_the_breach_and_a_new_one_has_its_own_id() -> (
    None
):
    story = an_open_case(a_deadline(on_breach=[], **PAUSES))
    story.passes(60)
    assert story.happens("try_to_reach", 50, read=61)[0] == "withdrawn"
    story.happens("follow_up", 100)
    assert story.passes(110) == ["breached"]
    first, second = story.of("breached")
    assert first.id != second.id
    assert second.due_at == at(110)


def test_a_start_that_occurred_before_what_was_already_read_is_judged_by_its_time() -> None:
    deadline = a_deadline(start=[did("follow_up")], on_breach=[])
    story = an_open_case(deadline)
    story.happens("contact", 30)
    assert story.happens("follow_up", 10, read=31) == ["met"]


def test_working_minutes_run_in_the_hours_of_the_shop() -> None:
    story = an_open_case(a_deadline(limit={"working_minutes": 240}))
    assert story.due_in() == 330  # 14:30, an hour and a half of lunch later


def test_a_shop_without_hours_is_taken_to_be_always_open() -> None:
    story = Story(a_policy(a_deadline(limit={"working_minutes": 240})))
    story.calendar = story.calendar.model_copy(update={"hours": type(story.calendar.hours)()})
    story.happens("opened", 0)
    assert story.due_in() == 240


def test_a_due_time_beyond_the_published_holidays_is_provisional() -> None:
    story = an_open_case(a_deadline(limit={"working_days": 900}))
    assert story.of("started")[0].provisional


def test_an_event_of_an_unknown_case_is_refused_with_what_should_have_come() -> None:
    story = Story(a_policy(a_deadline()))
    with pytest.raises(ValueError, match=r"case\.opened"):
        story.happens("contact", 0)


def test_deciding_again_publishes_the_same_under_the_same_ids() -> None:
    first, second = (an_open_case(a_deadline()) for _ in range(2))
    for story in (first, second):
        story.passes(60)
        story.happens("contact", 59, read=62)
    assert first.events == second.events
    assert any(isinstance(one, DeadlineBreached) for one in first.events)
