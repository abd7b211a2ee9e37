"""Warnings before and rungs after; minutes after Monday 09:00 in Shanghai, shop hours until 17:30."""

from typing import Any

from tests.unit.sla.story import a_clock, at, told

DAY = 24 * 60
PAUSES: dict[str, Any] = {"pause": [{"type": "case.not_reached"}], "resume": [{"type": "case.followed_up"}]}


def test_warnings_come_before_the_due_time_the_last_one_with_level_minus_one() -> None:
    story = told(a_clock(warnings=[{"percent": 50}, {"minutes_before": 10}], climbs=False))
    assert story.passes(29.9) == []
    assert story.passes(60) == ["warned", "warned", "breached"]
    assert [(w.level, w.occurred_at) for w in story.of("warned")] == [(-2, at(30)), (-1, at(50))]


def test_a_warning_is_given_once_per_cycle_although_the_due_time_moves() -> None:
    story = told(a_clock(warnings=[{"percent": 50}], **PAUSES))
    assert story.passes(30) == ["warned"]
    story.happens("not_reached", 31)
    story.happens("followed_up", 100)
    assert story.passes(128) == []


def test_a_warning_in_working_time_does_not_fall_into_the_lunch_break() -> None:
    story = told(a_clock(limit={"working_minutes": 240}, warnings=[{"percent": 80}]))
    story.passes(329)
    assert story.of("warned")[0].occurred_at == at(282)  # 192 minutes of work: 13:42


def test_a_clock_that_began_past_its_warning_warns_at_once() -> None:
    story = told(a_clock(starts_from="receipt", warnings=[{"percent": 75}]), received_at=at(-50))
    assert story.passes(0) == ["warned"]


def test_a_breach_in_shop_hours_climbs_at_once() -> None:
    story = told(a_clock())
    assert story.passes(60) == ["breached", "climb_due"]
    climb, breach = story.of("climb_due")[0], story.of("breached")[0]
    assert (climb.level, climb.breach) == (1, breach.id)


def test_a_breach_after_closing_climbs_when_the_shop_opens() -> None:
    story = told(a_clock(limit={"elapsed_minutes": 600}))
    assert story.passes(DAY - 31) == ["breached"]
    assert story.passes(DAY - 30) == ["climb_due"]  # Tuesday 08:30


def test_a_major_case_climbs_at_night() -> None:
    story = told(a_clock(limit={"elapsed_minutes": 600}), header_severity="major")
    assert story.passes(600) == ["breached", "climb_due"]


def test_a_case_that_becomes_major_at_night_waits_no_longer() -> None:
    story = told(a_clock(limit={"elapsed_minutes": 600}))
    story.passes(600)
    story.happens("severity_raised", 700, severity="major")
    assert story.passes(700) == ["climb_due"]


def test_what_was_done_overnight_climbs_no_more() -> None:
    story = told(a_clock(limit={"elapsed_minutes": 600}))
    story.passes(600)
    story.happens("contacted", 700)
    assert story.passes(3 * DAY) == []


def test_a_withdrawn_breach_climbs_no_more() -> None:
    story = told(a_clock(limit={"elapsed_minutes": 600}))
    story.passes(600)
    story.happens("contacted", 599, read=700)
    assert story.passes(3 * DAY) == []


def test_a_case_climbs_one_rung_in_one_pass_however_many_clocks_broke() -> None:
    story = told(a_clock("A"), a_clock("B", limit={"elapsed_minutes": 30}))
    said = story.passes(100, catch_up=True)
    assert sorted(said) == ["breached A", "breached B", "climb_due B"]


def test_two_breaches_of_one_night_climb_one_rung_in_the_morning() -> None:
    story = told(a_clock(recurring=True, limit={"elapsed_minutes": 540}))
    story.passes(540)
    story.passes(1080)
    story.passes(DAY)
    assert len(story.of("breached")) == 2
    assert len(story.of("climb_due")) == 1
