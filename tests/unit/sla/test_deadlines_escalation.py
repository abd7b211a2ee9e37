"""Warnings before and rungs after; minutes after Monday 09:00 in Shanghai, shop hours until 17:30."""

from tests.unit.sla.story import PAUSES, a_deadline, an_open_case, at

DAY = 24 * 60


def test_warnings_come_before_the_due_time_the_last_one_with_level_minus_one() -> None:
    story = an_open_case(a_deadline(warnings=[{"percent": 50}, {"minutes_before": 10}], on_breach=[]))
    assert story.passes(29.9) == []
    assert story.passes(60) == ["warned", "warned", "breached"]
    assert [(w.level, w.occurred_at) for w in story.of("warned")] == [(-2, at(30)), (-1, at(50))]


def test_a_warning_is_given_once_per_cycle_although_the_due_time_moves() -> None:
    story = an_open_case(a_deadline(warnings=[{"percent": 50}], **PAUSES))
    assert story.passes(30) == ["warned"]
    story.happens("try_to_reach", 31)
    story.happens("follow_up", 100)
    assert story.passes(128) == []


def test_a_warning_in_working_time_does_not_fall_into_the_lunch_break() -> None:
    story = an_open_case(a_deadline(limit={"working_minutes": 240}, warnings=[{"percent": 80}]))
    story.passes(329)
    assert story.of("warned")[0].occurred_at == at(282)  # 192 minutes of work: 13:42


def test_a_deadline_that_began_past_its_warning_warns_at_once() -> None:
    story = an_open_case(a_deadline(starts_from="receipt", warnings=[{"percent": 75}]), received_at=at(-50))
    assert story.passes(0) == ["warned"]


def test_a_breach_in_shop_hours_escalates_at_once() -> None:
    story = an_open_case(a_deadline())
    assert story.passes(60) == ["breached", "escalation_due"]
    escalation, breach = story.of("escalation_due")[0], story.of("breached")[0]
    assert (escalation.level, escalation.breach) == (1, breach.id)


def test_a_breach_after_closing_escalates_when_the_shop_opens() -> None:
    story = an_open_case(a_deadline(limit={"elapsed_minutes": 600}))
    assert story.passes(DAY - 31) == ["breached"]
    assert story.passes(DAY - 30) == ["escalation_due"]  # Tuesday 08:30


def test_a_major_case_escalates_at_night() -> None:
    story = an_open_case(a_deadline(limit={"elapsed_minutes": 600}), header_severity="major")
    assert story.passes(600) == ["breached", "escalation_due"]


def test_a_case_that_becomes_major_at_night_waits_no_longer() -> None:
    story = an_open_case(a_deadline(limit={"elapsed_minutes": 600}))
    story.passes(600)
    story.happens("severity_raised", 700, severity="major")
    assert story.passes(700) == ["escalation_due"]


def test_what_was_done_overnight_escalates_no_more() -> None:
    story = an_open_case(a_deadline(limit={"elapsed_minutes": 600}))
    story.passes(600)
    story.happens("contact", 700)
    assert story.passes(3 * DAY) == []


def test_a_withdrawn_breach_escalates_no_more() -> None:
    story = an_open_case(a_deadline(limit={"elapsed_minutes": 600}))
    story.passes(600)
    story.happens("contact", 599, read=700)
    assert story.passes(3 * DAY) == []


def test_a_case_escalates_one_rung_in_one_pass_however_many_deadlines_broke() -> None:
    story = an_open_case(a_deadline("A"), a_deadline("B", limit={"elapsed_minutes": 30}))
    done = story.passes(100, catch_up=True)
    assert sorted(done) == ["breached A", "breached B", "escalation_due B"]


def test_two_breaches_of_one_night_escalate_one_rung_in_the_morning() -> None:
    story = an_open_case(a_deadline(recurring=True, limit={"elapsed_minutes": 540}))
    story.passes(540)
    story.passes(1080)
    story.passes(DAY)
    assert len(story.of("breached")) == 2
    assert len(story.of("escalation_due")) == 1
