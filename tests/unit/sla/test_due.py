"""`redress due` as it is used: lines in, lines out."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.sla.commands import commands

CALENDAR = {
    "zone": "Asia/Shanghai",
    "holidays": "CN",
    "hours": {"mon": [["08:30", "12:00"], ["13:30", "17:30"]], "tue": [["08:30", "17:30"]]},
}
QUESTION = {
    "id": "q",
    "start": "2026-03-02T09:30:00+08:00",
    "limit": {"working_minutes": 120},
    "calendar": CALENDAR,
    "pauses": [],
}


def ask(*lines: Any) -> Result:
    text = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (due,) = commands
    return CliRunner().invoke(due, input=b"\n".join(text))


def answers(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_is_answered_in_order() -> None:
    result = ask(QUESTION, {**QUESTION, "id": 7, "limit": {"same_day": True}})
    assert answers(result) == [
        {"id": "q", "due_at": "2026-03-02T03:30:00Z"},
        {"id": 7, "due_at": "2026-03-02T09:30:00Z"},
    ]
    assert result.exit_code == 0


def test_milliseconds_are_kept_and_finer_parts_cut() -> None:
    result = ask({"id": "q", "start": "2026-03-02T09:30:00.123999Z", "limit": {"elapsed_minutes": 1}})
    assert answers(result) == [{"id": "q", "due_at": "2026-03-02T09:31:00.123Z"}]


def test_pauses_and_calendar_may_be_null_for_elapsed_minutes() -> None:
    asked = {**QUESTION, "limit": {"elapsed_minutes": 60}, "calendar": None, "pauses": None}
    assert answers(ask(asked)) == [{"id": "q", "due_at": "2026-03-02T02:30:00Z"}]


def test_pauses_move_the_due_time() -> None:
    asked = {**QUESTION, "pauses": [["2026-03-02T02:00:00Z", "2026-03-02T10:10:00+08:00"]]}
    assert answers(ask(asked)) == [{"id": "q", "due_at": "2026-03-02T03:40:00Z"}]


def test_a_wrong_line_does_not_stop_the_others_but_shows_in_the_exit_status() -> None:
    result = ask(QUESTION, b"{", QUESTION)
    first, wrong, last = answers(result)
    assert first == last == {"id": "q", "due_at": "2026-03-02T03:30:00Z"}
    assert (wrong["id"], result.exit_code) == (None, 1)
    assert wrong["error"].startswith("line: should be one JSON object in UTF-8")


@pytest.mark.parametrize("line", [b"[]", b'"q"', b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"null"])
def test_an_unreadable_line_has_no_id(line: bytes) -> None:
    (answer,) = answers(ask(line))
    assert answer["id"] is None
    assert answer["error"].startswith("line: should be one JSON object")


def test_blank_lines_are_skipped_and_a_byte_order_mark_is_no_fault() -> None:
    result = ask(b"", b"\xef\xbb\xbf" + json.dumps(QUESTION).encode(), b" \r", b"")
    assert answers(result) == [{"id": "q", "due_at": "2026-03-02T03:30:00Z"}]
    assert result.exit_code == 0


def test_an_unknown_field_is_warned_of() -> None:
    result = ask({**QUESTION, "note": "x"})
    assert answers(result) == [{"id": "q", "due_at": "2026-03-02T03:30:00Z"}]
    assert '"note" is no field of a line' in result.stderr


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"id": None}, "id: should be text or a whole number"),
        ({"start": "2026-03-02T09:30:00"}, "start: should be ISO 8601 with Z or an offset"),
        ({"start": "2026-03-02"}, "start: should be ISO 8601 with Z or an offset"),
        ({"start": 1772415000}, "start: should be ISO 8601 with Z or an offset"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start: should lie within the years 1 to 9999"),
        ({"limit": None}, "limit: should be an object with exactly one of elapsed_minutes, working_minutes"),
        ({"limit": {}}, "limit: should be an object with exactly one of"),
        ({"limit": {"same_day": True, "working_days": 1}}, "limit: should be an object with exactly one of"),
        ({"limit": {"same_day": False}}, "limit.same_day: should be True"),
        ({"limit": {"same_day": 1}}, "limit.same_day: should be True"),
        ({"limit": {"working_minutes": -1}}, "limit.working_minutes: should be greater than or equal to 0"),
        ({"limit": {"working_minutes": 1.5}}, "limit.working_minutes: should be a valid integer"),
        ({"limit": {"working_minutes": "60"}}, "limit.working_minutes: should be a valid integer"),
        ({"limit": {"working_minutes": True}}, "limit.working_minutes: should be a valid integer"),
        ({"limit": {"working_days": 0}}, "limit.working_days: should be greater than or equal to 1"),
        (
            {
                "limit": {"working_minutes": 5 * 10**6},
                "calendar": {"zone": "UTC", "hours": {"mon": [["09:00", "10:00"]]}},
            },
            "limit: should be used up within 100 years",
        ),
        ({"calendar": None}, "calendar: should give zone and hours"),
        ({"calendar": "CN"}, "calendar: should be an object"),
        ({"calendar": {}}, "calendar.zone: should be given"),
        ({"calendar": {"zone": "Mars"}}, "calendar.zone: 'Mars' is no IANA time zone such as"),
        ({"calendar": {"zone": "UTC"}}, "calendar.hours: should have at least one interval"),
        (
            {"calendar": {"zone": "UTC", "hours": {"mo": []}}},
            "calendar.hours.mo: should not be there, only mon",
        ),
        ({"calendar": {"zone": "UTC", "hours": {"mon": None}}}, "calendar.hours.mon: should be a list"),
        ({"pauses": [["2026-03-02T10:00:00Z", None]]}, "pauses[0][1]: should be ISO 8601"),
        ({"pauses": [["2026-03-02T10:00:00Z"]]}, "pauses[0][1]: should be given"),
        ({"pauses": [["2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z"]]}, "pauses[0]: should not end before"),
        ({"pauses": "none"}, "pauses: should be a list"),
    ],
)
def test_an_error_names_the_field_and_what_would_be_right(change: dict[str, Any], error: str) -> None:
    result = ask({**QUESTION, **change})
    (answer,) = answers(result)
    assert answer["id"] == {**QUESTION, **change}["id"]
    assert error in answer["error"]
    assert result.exit_code == 1


def test_a_missing_field_is_named() -> None:
    (answer,) = answers(ask({"id": "q", "limit": {"same_day": True}}))
    assert answer == {"id": "q", "error": "start: should be ISO 8601 with Z or an offset, but is missing"}
