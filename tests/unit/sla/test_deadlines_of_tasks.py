"""A deadline per task runs for each task by itself; minutes after Monday 09:00 in Shanghai."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.cases import OpenTask
from schemas.deadline_spec import DeadlineSpec
from schemas.identity import firing_id
from services.sla.domain.state import Deadlines
from tests.unit.sla.story import CASE, Story, a_deadline, a_policy, at, gtmc

FIRST, SECOND = UUID(int=1), UUID(int=2)
OF_TASKS: dict[str, Any] = {
    "start": [{"type": "case.task_sent"}],
    "stop": [{"type": "case.task_answered"}],
    "cancel": [{"type": "case.task_withdrawn"}, {"type": "case.closed"}],
    "escalates": False,
}
LAPSE = {"task_answered": {}, "task_withdrawn": {"because": "certain"}}


def per_task(deadline: str = "C", /, **fields: Any) -> DeadlineSpec:
    return a_deadline(deadline, **OF_TASKS | {"per": "task:confirm", "accountable": "asked"} | fields)


@dataclass
class Tasks:
    """A story of a case of which somebody is asked things."""

    story: Story
    tasks: dict[UUID, OpenTask] = field(default_factory=dict)

    def sent(self, number: UUID, minute: float, **fields: Any) -> list[str]:
        task = OpenTask.model_validate(
            {"task_id": number, "task": "confirm", "to": "dm-1", "role": "dept_manager"} | fields
        )
        self.tasks[number] = task
        return self._happens("task_sent", minute, task)

    def ended(self, number: UUID, minute: float, how: str = "task_answered", **read: Any) -> list[str]:
        return self._happens(how, minute, self.tasks.pop(number), **LAPSE[how], **read)

    def _happens(self, kind: str, minute: float, task: OpenTask, **fields: Any) -> list[str]:
        return self.story.happens(
            kind, minute, header_tasks=tuple(self.tasks.values()), **task.model_dump(), **fields
        )

    def due(self, number: UUID) -> float | None:
        return self.story.due_in(f"C:{number}")


def an_asking_case(*deadlines: DeadlineSpec) -> Tasks:
    story = Story(a_policy(*deadlines or (per_task(),)))
    story.happens("opened", 0)
    return Tasks(story)


def test_two_tasks_at_once_have_two_deadlines() -> None:
    case = an_asking_case()
    assert (case.sent(FIRST, 0), case.sent(SECOND, 20)) == (["started"], ["started"])
    assert (case.due(FIRST), case.due(SECOND)) == (60, 80)
    assert case.ended(SECOND, 30) == ["met"]
    assert case.story.passes(60) == ["breached"]
    [breach] = case.story.of("breached")
    assert (breach.deadline, breach.task_id, breach.id) == ("C", FIRST, firing_id(CASE, f"C:{FIRST}", 1, 0))


def test_a_task_that_is_withdrawn_has_no_deadline_any_more() -> None:
    case = an_asking_case()
    case.sent(FIRST, 0)
    assert case.ended(FIRST, 10, "task_withdrawn") == ["cancelled"]
    assert case.story.passes(1_000) == []


def test_what_ends_the_case_ends_the_deadlines_of_all_its_tasks() -> None:
    case = an_asking_case()
    case.sent(FIRST, 0)
    case.sent(SECOND, 0)
    assert case.story.happens("closed", 10) == ["cancelled", "cancelled"]


def test_the_role_that_is_asked_is_accountable() -> None:
    case = an_asking_case()
    case.sent(FIRST, 0)
    case.sent(SECOND, 1, role="dealer_gm", to="gm-1")
    case.story.passes(100)
    assert [one.accountable for one in case.story.of("breached")] == ["dept_manager", "dealer_gm"]


def test_an_answer_in_time_that_is_read_late_withdraws_the_breach_of_its_task_alone() -> None:
    case = an_asking_case()
    case.sent(FIRST, 0)
    case.sent(SECOND, 0)
    case.story.passes(60)
    assert case.ended(SECOND, 50, read=70) == ["withdrawn", "met"]
    [withdrawn] = case.story.of("withdrawn")
    assert (withdrawn.task_id, withdrawn.breach) == (SECOND, firing_id(CASE, f"C:{SECOND}", 1, 0))


def test_the_deadlines_of_tasks_rest_and_are_read_again() -> None:
    case = an_asking_case()
    case.sent(FIRST, 0)
    state = case.story.state
    assert state is not None
    case.story.state = Deadlines.model_validate(state.model_dump(mode="json"))
    assert case.story.state == state
    assert case.story.passes(60) == ["breached"]


def test_a_snapshot_ends_the_deadlines_of_tasks_that_are_over_and_starts_those_of_open_ones() -> None:
    case = an_asking_case()
    case.sent(FIRST, 0)
    sent = case.tasks.pop(FIRST)
    case.tasks[SECOND] = sent.model_copy(update={"task_id": SECOND})
    done = case.story.happens("snapshot", 10, header_tasks=tuple(case.tasks.values()))
    assert done == ["cancelled", "started"]
    assert case.due(SECOND) == 70
    assert case.story.happens("snapshot", 20) == []


def test_a_suspected_safety_matter_has_half_an_hour_and_another_two_hours() -> None:
    story = Story(gtmc())
    story.happens("opened", 0)
    case = Tasks(story)
    assert case.sent(FIRST, 0, safety=True) == ["started TK-01"]
    assert case.sent(SECOND, 0) == ["started TK-02"]
    due = story.due_in(f"TK-01:{FIRST}"), story.due_in(f"TK-02:{SECOND}")
    assert due == (30, 120)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"start": [{"type": "case.opened"}]}, ("start", 0, "type")),
        ({"per": None}, ("accountable",)),
    ],
)
def test_a_deadline_that_could_be_of_no_task_is_refused(
    fields: dict[str, Any], place: tuple[Any, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        per_task(**fields)
    assert [error["loc"] for error in caught.value.errors()] == [place]


STEPS = st.lists(
    st.tuples(
        st.sampled_from((FIRST, SECOND)), st.sampled_from(("task_answered", "task_withdrawn")),
        st.integers(0, 90), st.sampled_from((0, 0, 5, 70)),
    ),
    max_size=12,
)  # fmt: skip


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_a_task_fares_as_if_there_were_no_other(steps: list[tuple[UUID, str, int, int]]) -> None:
    together = an_asking_case(per_task(recurring=True))
    apart = {number: an_asking_case(per_task(recurring=True)) for number in (FIRST, SECOND)}
    now = 0
    for number, how, minutes, ago in steps:
        now += minutes
        for case in (together, apart[number]):
            if number in case.tasks:
                case.ended(number, max(0, now - ago), how, read=now)
            else:
                case.sent(number, now)
        for case in (together, *apart.values()):
            case.story.passes(now)
    for number, case in apart.items():
        assert _facts(together, number) == _facts(case, number)


def _facts(case: Tasks, number: UUID) -> list[tuple[Any, ...]]:
    return [
        (type(event), event.cycle, event.due_at, at(0) <= event.occurred_at)
        for event in case.story.events
        if event.task_id == number
    ]
