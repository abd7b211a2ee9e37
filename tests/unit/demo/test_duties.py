"""What the staff of the demonstration do next: by the replies and the actions that a case offers them."""

from datetime import UTC, datetime
from typing import Any

from deploy.demo.duties import Colleague, Duty
from tests.dealership import people, person

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def a_case(**changes: Any) -> dict[str, Any]:
    return {
        "shop": "north", "department": "after_sales", "revision": 3, "stage": "handling", "severity": "general",
        "suspected": None, "confirmed": False, "owner": "dm-service", "owner_role": "dept_manager", "tasks": [],
        "replies": {}, "actions": ["transfer", "judge", "contact", "handle_ok"], "done": {},
        "opened_at": NOW.isoformat(), **changes,
    }  # fmt: skip


def a_task(to: str, **changes: Any) -> dict[str, Any]:
    return {"task_id": "t-1", "task": "hand_over", "to": to, "moves_owner": True, **changes}


def duty(name: str, **case: Any) -> Duty | None:
    return Colleague(person(name), people()).duty(a_case(**case), NOW)


def path(name: str, **case: Any) -> str:
    found = duty(name, **case)
    return found.path if found else ""


def test_whoever_is_asked_to_take_a_case_over_accepts_it() -> None:
    waiting = {"tasks": [a_task("sa-1")], "replies": {"t-1": ["accept", "refuse"]}}
    assert path("sa-1", **waiting) == "tasks/t-1/accept"


def test_nobody_hands_a_case_over_or_resolves_it_while_somebody_is_asked_to_take_it() -> None:
    handled = {"confirmed": True, "done": {"contact": {"at": NOW.isoformat()}}}
    assert path("dm-service", **handled) == "actions/transfer"
    assert duty("dm-service", **handled, tasks=[a_task("sa-1")]) is None


def test_only_whoever_is_asked_says_how_severe_it_is_though_others_might() -> None:
    suspected = {"tasks": [a_task("dm-service", task="confirm", moves_owner=False)], "suspected": "major",
                 "replies": {"t-1": ["answer"]}, "owner": "op-1", "owner_role": "operator"}  # fmt: skip
    answer = duty("dm-service", **suspected)
    assert answer is not None
    assert (answer.path, answer.body) == ("tasks/t-1/answer", {"severity": "major"})
    assert duty("gm-1", **suspected) is None


def test_a_manager_judges_then_speaks_with_the_customer() -> None:
    assert path("dm-service") == "actions/judge"
    assert path("dm-service", confirmed=True) == "actions/contact"


def test_a_case_that_is_closing_is_tidied_called_back_confirmed_and_closed() -> None:
    mine = {"stage": "closing", "actions": ["tidy", "call_back", "confirm_result", "close"]}
    assert path("cr-1", state="resolved", **mine) == "actions/tidy"
    assert path("op-1", state="callback_pending", **mine) == "actions/call_back"
    assert path("cr-1", state="callback_confirmed", **mine) == "actions/confirm_result"
    confirmed = {"confirm_result": {"at": NOW.isoformat()}}
    assert path("cr-1", state="callback_confirmed", done=confirmed, **mine) == "actions/close"
    assert duty("cr-1", state="resolved", stage="closing", actions=["close"]) is None


def test_a_case_that_is_over_is_left_alone() -> None:
    assert duty("cr-1", stage="over", actions=["close"]) is None


def test_what_else_is_asked_is_answered_in_its_own_form() -> None:
    waiting = {
        "tasks": [a_task("cr-1", task="phone_call", moves_owner=False)],
        "replies": {"t-1": ["answer"]},
    }
    answer = duty("cr-1", **waiting)
    assert answer is not None
    assert (answer.path, list(answer.body)) == ("tasks/t-1/answer", ["note"])
