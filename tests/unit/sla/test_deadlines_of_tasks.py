"""A deadline per task runs for each task by itself; minutes after Monday 09:00 in Shanghai."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.deadline_spec import DeadlineSpec
from schemas.identity import firing_id
from services.sla.domain.state import Deadlines
from tests.unit.sla.asking import FIRST, SECOND, Asking, an_asking_case
from tests.unit.sla.story import CASE, a_deadline, a_policy, at, did

OF_TASKS: dict[str, Any] = {
    "per_task": "confirm",
    "accountable": "asked",
    "start": [{"type": "case.task_sent"}],
    "stop": [{"type": "case.task_answered"}],
    "cancel": [{"type": "case.task_withdrawn"}, did("close")],
    "on_breach": [],
}


def per_task(deadline: str = "C", /, **fields: Any) -> DeadlineSpec:
    return a_deadline(deadline, **OF_TASKS | fields)


def confirming() -> Asking:
    return an_asking_case(per_task())


def test_two_tasks_at_once_have_two_deadlines() -> None:
    case = confirming()
    assert (case.sent(FIRST, 0), case.sent(SECOND, 20)) == (["started"], ["started"])
    assert (case.due(FIRST), case.due(SECOND)) == (60, 80)
    assert case.ended(SECOND, 30) == ["met"]
    assert case.story.passes(60) == ["breached"]
    [breach] = case.story.of("breached")
    assert (breach.deadline, breach.task_id, breach.id) == ("C", FIRST, firing_id(CASE, f"C:{FIRST}", 1, 0))


def test_a_task_of_another_kind_has_no_deadline() -> None:
    case = confirming()
    assert case.sent(FIRST, 0, "support") == []
    assert case.story.passes(1_000) == []


def test_a_task_that_is_withdrawn_has_no_deadline_any_more() -> None:
    case = confirming()
    case.sent(FIRST, 0)
    assert case.ended(FIRST, 10, "task_withdrawn") == ["cancelled"]
    assert case.story.passes(1_000) == []


def test_what_ends_the_case_ends_the_deadlines_of_all_its_tasks() -> None:
    case = confirming()
    case.sent(FIRST, 0)
    case.sent(SECOND, 0)
    assert case.story.happens("close", 10) == ["cancelled", "cancelled"]


def test_the_role_that_is_asked_is_accountable() -> None:
    case = confirming()
    case.sent(FIRST, 0)
    case.sent(SECOND, 1, role="dealer_gm", to="gm-1")
    case.story.passes(100)
    assert [one.accountable for one in case.story.of("breached")] == ["dept_manager", "dealer_gm"]


def test_for_a_task_that_is_done_the_owner_is_accountable() -> None:
    case = confirming()
    case.sent(FIRST, 0)
    case.ended(FIRST, 10, header_owner_role="dealer_cr_manager")
    assert [one.accountable for one in case.story.of("met")] == ["dealer_cr_manager"]


def test_an_answer_in_time_that_is_read_late_withdraws_the_breach_of_its_task_alone() -> None:
    case = confirming()
    case.sent(FIRST, 0)
    case.sent(SECOND, 0)
    case.story.passes(60)
    assert case.ended(SECOND, 50, read=70) == ["withdrawn", "met"]
    [withdrawn] = case.story.of("withdrawn")
    assert (withdrawn.task_id, withdrawn.breach) == (SECOND, firing_id(CASE, f"C:{SECOND}", 1, 0))


def test_each_task_that_is_late_escalates_by_itself() -> None:
    case = an_asking_case(per_task(on_breach=[{"escalate": "handling"}]))
    case.sent(FIRST, 0)
    case.sent(SECOND, 1)
    assert case.story.passes(60) == ["breached", "escalation_due"]
    assert case.story.passes(61) == ["breached", "escalation_due"]
    assert [one.task_id for one in case.story.of("escalation_due")] == [FIRST, SECOND]


def test_a_breach_without_an_escalation_among_what_follows_waits_for_no_rung() -> None:
    case = an_asking_case(per_task(on_breach=[{"as_suspected": True}, {"ask": "next"}]))
    case.sent(FIRST, 0)
    assert case.story.passes(1_000) == ["breached"]


def test_the_deadlines_of_tasks_rest_and_are_read_again() -> None:
    case = confirming()
    case.sent(FIRST, 0)
    state = case.story.state
    assert state is not None
    case.story.state = Deadlines.model_validate(state.model_dump(mode="json"))
    assert case.story.state == state
    assert case.story.passes(60) == ["breached"]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"start": [{"type": "case.opened"}]}, ("start", 0, "type")),
        ({"per_task": None}, ("accountable",)),
    ],
)
def test_a_deadline_that_could_be_of_no_task_is_refused(
    fields: dict[str, Any], place: tuple[Any, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        per_task(**fields)
    assert [error["loc"] for error in caught.value.errors()] == [place]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"per_task": "praise"}, ("per_task",)),
        ({"accountable": "receiver"}, ("accountable",)),
        (
            {"start": [{"type": "case.task_sent", "where": {"role": ["boss"]}}]},
            ("start", 0, "where", "role", 0),
        ),
        ({"stop": [did("applaud")]}, ("stop", 0, "where", "action", 0)),
        ({"on_breach": [{"escalate": "fame"}]}, ("on_breach", 0, "escalate")),
    ],
)
def test_what_the_policy_does_not_name_is_refused_in_a_deadline(
    fields: dict[str, Any], place: tuple[Any, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        a_policy(per_task(**fields))
    assert [error["loc"] for error in caught.value.errors()] == [("deadlines", 0, *place)]


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


def _facts(case: Asking, number: UUID) -> list[tuple[Any, ...]]:
    return [
        (type(event), event.cycle, event.due_at, at(0) <= event.occurred_at)
        for event in case.story.events
        if event.task_id == number
    ]
