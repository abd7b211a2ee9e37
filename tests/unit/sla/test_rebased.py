"""Cases that go on by another version of their policy; minutes after Monday 09:00 in Shanghai."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.deadline_spec import DeadlineSpec
from tests.unit.sla.asking import FIRST, an_asking_case
from tests.unit.sla.story import PAUSES, Story, a_deadline, a_policy, an_open_case, at, did


def limit(minutes: int) -> dict[str, Any]:
    return {"limit": {"elapsed_minutes": minutes}}


def rebased(story: Story, minute: float, *deadlines: DeadlineSpec, **fields: Any) -> list[str]:
    """The case goes on by a version with these deadlines, and what they did on it."""
    story.before, story.policy = story.policy, a_policy(*deadlines)
    return story.happens("rebased", minute, received_at=at(0), **fields)


def test_what_stays_the_same_goes_on_as_it_was() -> None:
    story = an_open_case(a_deadline(warnings=[{"percent": 50}]))
    story.passes(30)
    assert rebased(story, 40, a_deadline(warnings=[{"percent": 50}])) == []
    assert story.passes(60) == ["breached", "escalation_due"]


def test_a_breach_by_the_same_limit_stands() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    story.passes(60)
    assert rebased(story, 70, a_deadline(on_breach=[])) == []
    assert (story.happens("contact", 80), story.of("met")[0].late) == (["met"], True)


@pytest.mark.parametrize("minutes", [30, 90])
def test_another_limit_holds_at_once_and_counts_from_the_same_moment(minutes: int) -> None:
    story = an_open_case(a_deadline())
    assert rebased(story, 10, a_deadline(**limit(minutes))) == ["moved"]
    assert (story.due_in(), story.of("moved")[0].reason) == (minutes, "rebased")
    assert story.passes(minutes - 0.01) == []
    assert story.passes(minutes) == ["breached", "escalation_due"]


def test_a_shorter_limit_that_would_lie_in_the_past_starts_when_the_case_goes_on_by_it() -> None:
    story = an_open_case(a_deadline())
    assert rebased(story, 45, a_deadline(**limit(30))) == ["moved"]
    assert (story.due_in(), story.of("moved")[0].reason) == (75, "restarted")
    assert story.passes(74.9) == []
    assert story.passes(75) == ["breached", "escalation_due"]


def test_one_that_is_paused_counts_anew_from_when_it_goes_on() -> None:
    story = an_open_case(a_deadline(**PAUSES))
    story.happens("try_to_reach", 40)
    rebased(story, 45, a_deadline(**PAUSES, **limit(30)))
    assert story.happens("follow_up", 50) == ["moved"]
    assert story.due_in() == 80


def test_one_that_is_paused_goes_on_where_the_pause_alone_would_have_used_up_the_limit() -> None:
    story = an_open_case(a_deadline(**PAUSES))
    story.happens("try_to_reach", 10)
    assert rebased(story, 100, a_deadline(**PAUSES)) == []
    assert story.happens("follow_up", 110) == ["moved"]
    assert story.due_in() == 160


def test_one_that_newly_applies_and_would_lie_in_the_past_starts_now_and_says_so() -> None:
    story = an_open_case(a_deadline(applies={"severity": ["major"]}))
    assert rebased(story, 100, a_deadline()) == ["started"]
    assert (story.due_in(), story.of("started")[0].restarted) == (160, True)
    assert story.passes(159.9) == []
    assert story.passes(160) == ["breached", "escalation_due"]


def test_one_that_newly_applies_and_is_not_past_counts_from_when_it_began() -> None:
    story = an_open_case(a_deadline(applies={"severity": ["major"]}))
    assert rebased(story, 40, a_deadline()) == ["started"]
    assert (story.due_in(), story.of("started")[0].restarted) == (60, False)


def test_a_limit_by_the_level_that_the_case_has_now_and_that_would_lie_in_the_past_starts_now() -> None:
    by_level = {"limit_by_severity": {"major": {"elapsed_minutes": 30}}}
    story = an_open_case(a_deadline(**by_level))
    assert rebased(story, 45, a_deadline(**by_level), header_severity="major") == ["moved"]
    assert (story.due_in(), story.of("moved")[0].reason) == (75, "restarted")
    assert story.passes(74.9) == []
    assert story.passes(75) == ["breached", "escalation_due"]


def test_a_breach_stands_though_the_limit_is_longer_now() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    story.passes(60)
    assert rebased(story, 70, a_deadline(**limit(90))) == []
    assert story.happens("contact", 80) == ["met"]
    assert (story.of("met")[0].late, story.of("withdrawn")) == (True, [])


def test_what_was_due_before_and_had_not_fired_is_a_breach_by_what_held_then() -> None:
    story = an_open_case(a_deadline(on_breach=[]))
    assert rebased(story, 70, a_deadline(**limit(90))) == ["breached"]
    assert [breach.due_at for breach in story.of("breached")] == [at(60)]


def test_a_deadline_that_the_version_does_not_have_is_cancelled() -> None:
    story = an_open_case(a_deadline())
    assert rebased(story, 10) == ["cancelled"]
    assert story.passes(1_000) == []


def test_of_what_was_met_nothing_more_is_said_by_a_version_that_does_not_have_it() -> None:
    story = an_open_case(a_deadline())
    story.happens("contact", 5)
    assert rebased(story, 10) == []


def test_a_deadline_that_came_with_the_version_starts_unless_the_case_is_past_it() -> None:
    came = a_deadline(starts_from="receipt")
    story = an_open_case()
    assert rebased(story, 10, came) == ["started"]
    assert (story.due_in(), story.of("started")[0].restarted) == (60, False)
    resolved = a_deadline(cancel=[{"type": "case.acted", "where": {"header.stage": ["closing", "over"]}}])
    assert rebased(an_open_case(), 10, resolved, header_stage="closing") == []


def test_one_that_came_with_the_version_and_would_lie_in_the_past_starts_now_and_says_so() -> None:
    story = an_open_case()
    assert rebased(story, 100, a_deadline(starts_from="receipt")) == ["started"]
    assert (story.due_in(), story.of("started")[0].restarted) == (160, True)
    assert story.passes(159.9) == []
    assert story.passes(160) == ["breached", "escalation_due"]


def test_one_that_came_with_the_version_and_should_have_warned_starts_and_warns() -> None:
    story = an_open_case()
    assert rebased(story, 50, a_deadline(starts_from="receipt", warnings=[{"percent": 50}])) == ["started"]
    assert story.passes(51) == ["warned"]
    assert (story.due_in(), story.of("started")[0].restarted) == (60, False)


def test_a_deadline_that_applies_no_more_is_cancelled() -> None:
    story = an_open_case(a_deadline())
    assert rebased(story, 10, a_deadline(applies={"severity": ["major"]})) == ["cancelled"]


def test_a_deadline_that_becomes_one_of_each_task_starts_for_those_that_wait() -> None:
    case = an_asking_case()
    case.sent(FIRST, 5, "support")
    each = a_deadline(
        per_task="support",
        accountable="asked",
        start=[{"type": "case.task_sent"}],
        stop=[{"type": "case.task_accepted"}],
    )
    assert rebased(case.story, 10, each) == ["started"]
    assert (case.due(FIRST), case.story.of("started")[0].accountable) == (70, "mfr_cr")
    assert case.accepted(FIRST, 20) == ["met"]


@pytest.mark.parametrize("kind", ["case.rebased", "case.snapshot"])
def test_no_deadline_can_name_what_only_describes_a_case(kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        a_deadline(start=[{"type": kind}, did("contact")])
    assert [error["loc"] for error in caught.value.errors()] == [("start", 0, "type")]
