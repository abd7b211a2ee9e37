"""Cadences, warnings, climbs and severity; minutes after Monday 09:00 in Shanghai, shop hours until 17:30."""

from typing import Any

from tests.unit.sla.story import a_clock, at, told

DAY = 24 * 60
CADENCE: dict[str, Any] = {
    "recurring": True,
    "climbs": False,
    "stop": [],
    "restart": [{"type": "case.followed_up"}],
}
ONLY_MAJOR: dict[str, Any] = {"applies": {"severity": ["major"]}, "climbs": False}
PAUSES: dict[str, Any] = {"pause": [{"type": "case.not_reached"}], "resume": [{"type": "case.followed_up"}]}


def test_a_cadence_begins_its_next_round_at_each_due_time() -> None:
    story = told(a_clock(**CADENCE))
    assert story.passes(60) == ["breached", "started"]
    assert story.due_in() == 120


def test_after_downtime_every_missed_round_fires_oldest_first() -> None:
    story = told(a_clock(**CADENCE))
    story.passes(60 * 45, catch_up=True)
    assert [breach.due_at for breach in story.of("breached")] == [at(60 * n) for n in range(1, 46)]
    assert len({breach.id for breach in story.of("breached")}) == 45
    assert story.due_in() == 60 * 46


def test_a_logged_follow_up_restarts_the_cadence() -> None:
    story = told(a_clock(**CADENCE))
    assert story.happens("followed_up", 40) == ["started"]
    assert story.due_in() == 100
    assert story.of("started")[-1].cycle == 2


def test_a_follow_up_that_occurred_before_the_breach_withdraws_it_and_counts_from_its_time() -> None:
    story = told(a_clock(**CADENCE))
    story.passes(60)
    assert story.happens("followed_up", 55, read=61) == ["withdrawn", "started"]
    assert story.due_in() == 115


def test_a_follow_up_after_missed_rounds_leaves_each_of_them_standing() -> None:
    story = told(a_clock(**CADENCE))
    assert story.happens("followed_up", 130) == ["breached", "breached", "started"]
    assert story.due_in() == 190


def test_after_its_repeats_a_cadence_slows_down() -> None:
    story = told(a_clock(**CADENCE, repeats=3, then={"elapsed_minutes": DAY}))
    story.passes(180)
    assert [breach.repeat for breach in story.of("breached")] == [0, 1, 2]
    assert story.due_in() == 180 + DAY


def test_a_cadence_without_a_slower_pace_ends_with_its_repeats() -> None:
    story = told(a_clock(**CADENCE, repeats=2))
    story.passes(100_000)
    assert len(story.of("breached")) == 2


def test_a_stop_after_the_first_missed_round_is_late() -> None:
    story = told(a_clock(recurring=True, climbs=False))
    story.passes(60)
    story.happens("contacted", 70)
    assert story.of("met")[0].late


def test_an_unattended_cadence_stays_small_and_misses_nothing() -> None:
    story = told(a_clock(**CADENCE))
    for day in range(1, 31):
        story.passes(day * DAY)
    assert len({breach.id for breach in story.of("breached")}) == 30 * 24
    assert story.state is not None
    assert len(story.state.model_dump_json()) < 10_000


def test_a_restart_of_a_simple_clock_begins_the_next_persons_own() -> None:
    story = told(a_clock(restart=[{"type": "case.handed_over"}], climbs=False))
    story.passes(60)
    assert story.happens("handed_over", 65) == ["started"]
    assert story.passes(125) == ["breached"]
    assert [breach.cycle for breach in story.of("breached")] == [1, 2]


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


def test_a_clock_that_does_not_apply_says_nothing() -> None:
    story = told(a_clock(**ONLY_MAJOR))
    assert story.said == []
    assert story.passes(1000) == []


def test_a_raised_severity_arms_a_clock_with_the_time_that_has_passed() -> None:
    story = told(a_clock(**ONLY_MAJOR))
    assert story.happens("severity_raised", 20, severity="major") == ["started"]
    assert story.due_in() == 60


def test_a_clock_armed_after_its_due_time_is_due_at_that_moment_not_before() -> None:
    story = told(a_clock(**ONLY_MAJOR))
    assert story.happens("severity_raised", 90, severity="major") == ["started"]
    assert story.passes(90) == ["breached"]
    assert story.of("breached")[0].due_at == at(90)


def test_a_dormant_clock_keeps_its_pauses_and_restarts() -> None:
    story = told(a_clock(**ONLY_MAJOR, restart=[{"type": "case.returned"}], **PAUSES))
    story.happens("returned", 10)
    story.happens("not_reached", 20)
    story.happens("followed_up", 35)
    story.happens("severity_raised", 40, severity="major")
    assert story.due_in() == 85


def test_a_lowered_severity_takes_the_clock_out_of_sight() -> None:
    story = told(a_clock(**ONLY_MAJOR), header_severity="major")
    assert story.happens("judged", 20, severity="general", previous="major") == ["cancelled"]
    assert story.passes(1000) == []


def test_severity_up_and_down_again_keeps_elapsed_time_exactly() -> None:
    story = told(a_clock(**ONLY_MAJOR), header_severity="major")
    story.happens("judged", 20, severity="general", previous="major")
    story.happens("severity_raised", 30, severity="major")
    assert story.due_in() == 60
    assert story.passes(60) == ["breached"]


def test_a_severity_with_its_own_limit_moves_the_due_time_from_the_same_anchor() -> None:
    story = told(a_clock(limit_by_severity={"major": {"elapsed_minutes": 30}}))
    assert story.happens("severity_raised", 10, severity="major") == ["moved"]
    assert (story.due_in(), story.of("moved")[0].reason) == (30, "severity_raised")


def test_a_shorter_limit_that_has_already_passed_is_due_at_the_change() -> None:
    story = told(a_clock(limit_by_severity={"major": {"elapsed_minutes": 30}}))
    story.happens("severity_raised", 45, severity="major")
    assert story.due_in() == 45


def test_a_severity_that_was_raised_before_the_breach_but_read_after_withdraws_what_no_longer_applied() -> (
    None
):
    story = told(a_clock(applies={"severity": ["general"]}, climbs=False))
    story.passes(60)
    assert story.happens("severity_raised", 50, read=61, severity="major") == ["withdrawn", "cancelled"]


def test_a_snapshot_of_an_unknown_case_arms_what_is_not_yet_due() -> None:
    story = told(a_clock("A"), a_clock("B", limit={"elapsed_minutes": 600}, starts_from="receipt"))
    story.state, story.said = None, []
    assert story.happens("snapshot", 100, received_at=at(0)) == ["started A", "started B"]
    story.state = None
    assert story.happens("snapshot", 700, received_at=at(0)) == ["started A"]


def test_a_snapshot_tells_that_a_known_case_was_closed() -> None:
    story = told(a_clock(cancel=[{"type": "case.closed"}]))
    assert story.happens("snapshot", 30, header_state="closed") == ["cancelled"]
