"""Cases described by a snapshot after a gap; minutes after Monday 09:00 in Shanghai."""

from typing import Any

import pytest

from tests.unit.sla.asking import FIRST, SECOND, Asking, an_asking_case
from tests.unit.sla.story import Story, a_deadline, a_policy, an_open_case, at, did, gtmc

OVER: dict[str, Any] = {"type": "case.acted", "where": {"header.stage": ["over"]}}
CLOSED: dict[str, Any] = {"header_state": "closed", "header_stage": "over"}
ACCEPTING: dict[str, Any] = {
    "per_task": "support",
    "accountable": "asked",
    "start": [{"type": "case.task_sent"}],
    "stop": [{"type": "case.task_accepted"}],
    "cancel": [{"type": "case.task_withdrawn"}, OVER],
}


def support_sent(**fields: Any) -> Asking:
    case = an_asking_case(a_deadline(**ACCEPTING | fields))
    case.sent(FIRST, 0, "support")
    return case


def test_a_snapshot_of_an_unknown_case_arms_what_is_not_yet_due() -> None:
    story = an_open_case(
        a_deadline("A"), a_deadline("B", limit={"elapsed_minutes": 600}, starts_from="receipt")
    )
    story.state, story.events = None, []
    assert story.happens("snapshot", 100, received_at=at(0)) == ["started A", "started B"]
    story.state = None
    assert story.happens("snapshot", 700, received_at=at(0)) == ["started A"]


def test_a_snapshot_shows_that_a_case_is_over() -> None:
    story = an_open_case(a_deadline(cancel=[OVER]))
    assert story.happens("snapshot", 30) == []
    assert story.happens("snapshot", 40, **CLOSED) == ["cancelled"]


def test_a_snapshot_of_a_case_that_is_over_and_was_unknown_starts_nothing() -> None:
    story = Story(gtmc())
    assert story.happens("snapshot", 30, received_at=at(0), **CLOSED) == []
    assert story.passes(1_000_000) == []
    assert story.happens("reopened", 1_000_000, header_stage="intake") == ["started DL-05"]


@pytest.mark.parametrize(
    "condition",
    [
        did("close"),
        {"type": "case.acted"},
        {"type": "case.acted", "where": {**OVER["where"], "action": ["close"]}},
    ],
)
def test_a_snapshot_does_not_tell_what_was_done(condition: dict[str, Any]) -> None:
    story = an_open_case(a_deadline(cancel=[condition]))
    assert story.happens("snapshot", 30, **CLOSED) == []
    assert story.happens("close", 40) == ["cancelled"]


def test_a_snapshot_tells_of_the_present_alone() -> None:
    pauses = {"pause": [{"type": "case.acted", "where": {"header.state": ["not_reached"]}}]}
    resumes = {"resume": [{"type": "case.acted", "where": {"header.state": ["in_progress"]}}]}
    story = an_open_case(a_deadline(**pauses, **resumes))
    assert story.happens("snapshot", 20, header_state="not_reached") == ["paused"]
    assert story.happens("snapshot", 50, header_state="in_progress") == ["moved"]
    assert story.due_in() == 90


def test_a_snapshot_ends_the_deadlines_of_tasks_that_are_over_and_starts_those_of_open_ones() -> None:
    case = support_sent()
    sent = case.tasks.pop(FIRST)
    case.tasks[SECOND] = sent.model_copy(update={"task_id": SECOND})
    assert case.happens("snapshot", 10) == ["cancelled", "started"]
    assert case.due(SECOND) == 70
    assert case.happens("snapshot", 20) == []


def test_a_snapshot_shows_that_a_task_was_accepted() -> None:
    case = support_sent()
    case.tasks[FIRST] = case.tasks[FIRST].model_copy(update={"accepted": True})
    assert case.happens("snapshot", 10) == ["met"]
    assert case.story.passes(1_000) == []


def test_a_task_that_was_accepted_before_its_case_was_known_is_waited_for_no_more() -> None:
    case = support_sent()
    case.tasks[FIRST] = case.tasks[FIRST].model_copy(update={"accepted": True})
    case.story.state = None
    assert case.happens("snapshot", 10) == []
    assert case.story.passes(1_000) == []


def test_a_task_that_was_accepted_before_its_case_was_known_is_still_to_be_answered() -> None:
    case = support_sent(stop=[{"type": "case.task_answered"}])
    case.tasks[FIRST] = case.tasks[FIRST].model_copy(update={"accepted": True})
    case.story.state = None
    assert case.happens("snapshot", 10) == ["started"]
    assert case.ended(FIRST, 20) == ["met"]


def test_the_deadlines_that_a_policy_gives_a_task_by_its_kind_are_of_that_kind_in_a_snapshot() -> None:
    story = Story(a_policy(a_deadline(**ACCEPTING)))
    case = Asking(story)
    story.happens("opened", 0)
    case.sent(FIRST, 0, "confirm")
    story.state = None
    assert case.happens("snapshot", 10) == []
