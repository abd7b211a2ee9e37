"""Cadences that go on until somebody acts; minutes after Monday 09:00 in Shanghai."""

from typing import Any

from services.sla.domain.reconcile import MOST_RETIRED
from tests.unit.sla.story import a_deadline, an_open_case, at, did

DAY = 24 * 60
CADENCE: dict[str, Any] = {
    "recurring": True,
    "on_breach": [],
    "stop": [],
    "restart": [did("follow_up")],
}


def test_a_cadence_begins_its_next_round_at_each_due_time() -> None:
    story = an_open_case(a_deadline(**CADENCE))
    assert story.passes(60) == ["breached", "started"]
    assert story.due_in() == 120


def test_after_downtime_every_missed_round_fires_oldest_first() -> None:
    story = an_open_case(a_deadline(**CADENCE))
    story.passes(60 * 45, catch_up=True)
    assert [breach.due_at for breach in story.of("breached")] == [at(60 * n) for n in range(1, 46)]
    assert len({breach.id for breach in story.of("breached")}) == 45
    assert story.due_in() == 60 * 46


def test_a_logged_follow_up_restarts_the_cadence() -> None:
    story = an_open_case(a_deadline(**CADENCE))
    assert story.happens("follow_up", 40) == ["started"]
    assert story.due_in() == 100
    assert story.of("started")[-1].cycle == 2


def test_a_follow_up_that_occurred_before_the_breach_withdraws_it_and_counts_from_its_time() -> None:
    story = an_open_case(a_deadline(**CADENCE))
    story.passes(60)
    assert story.happens("follow_up", 55, read=61) == ["withdrawn", "started"]
    assert story.due_in() == 115


def test_a_follow_up_after_missed_rounds_leaves_each_of_them_standing() -> None:
    story = an_open_case(a_deadline(**CADENCE))
    assert story.happens("follow_up", 130) == ["breached", "breached", "started"]
    assert story.due_in() == 190


def test_after_its_repeats_a_cadence_slows_down() -> None:
    story = an_open_case(a_deadline(**CADENCE, repeats=3, then={"elapsed_minutes": DAY}))
    story.passes(180)
    assert [breach.repeat for breach in story.of("breached")] == [0, 1, 2]
    assert story.due_in() == 180 + DAY


def test_a_cadence_without_a_slower_pace_ends_with_its_repeats() -> None:
    story = an_open_case(a_deadline(**CADENCE, repeats=2))
    story.passes(100_000)
    assert len(story.of("breached")) == 2


def test_a_stop_after_the_first_missed_round_is_late() -> None:
    story = an_open_case(a_deadline(recurring=True, on_breach=[]))
    story.passes(60)
    story.happens("contact", 70)
    assert story.of("met")[0].late


def test_an_unattended_cadence_stays_small_and_misses_nothing() -> None:
    story = an_open_case(a_deadline(**CADENCE))
    for day in range(1, 31):
        story.passes(day * DAY)
    assert len({breach.id for breach in story.of("breached")}) == 30 * 24
    assert story.state is not None
    assert len(story.state.model_dump_json()) < 10_000


def test_of_the_breaches_that_were_withdrawn_only_the_last_sixty_are_kept() -> None:
    story = an_open_case(a_deadline(**CADENCE))
    withdrawn: list[int] = []
    for _ in range(MOST_RETIRED + 5):
        due = story.due_in()
        assert due is not None
        assert story.passes(due)[0] == "breached"
        assert story.happens("follow_up", due - 1, read=due + 1) == ["withdrawn", "started"]
        withdrawn.append(story.of("withdrawn")[-1].cycle)
    assert story.state is not None
    assert story.state.deadlines["C"].retired == tuple(withdrawn[-MOST_RETIRED:])
    assert len(set(withdrawn)) == len(withdrawn)


def test_a_restart_of_a_simple_deadline_begins_the_next_persons_own() -> None:
    story = an_open_case(a_deadline(restart=[{"type": "case.task_sent"}], on_breach=[]))
    story.passes(60)
    assert story.happens("task_sent", 65) == ["started"]
    assert story.passes(125) == ["breached"]
    assert [breach.cycle for breach in story.of("breached")] == [1, 2]
