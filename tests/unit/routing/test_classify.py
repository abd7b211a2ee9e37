"""`redress classify`: one line out for every line in."""

import json
from importlib import import_module
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.routing.commands.classify import classify
from tests import judging


@pytest.fixture(autouse=True)
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds signals is the same for every line of every test."""
    monkeypatch.setattr(import_module(classify.callback.__module__), "load_reader", judging.reader)


def run(*lines: object) -> tuple[list[dict[str, Any]], Result]:
    given = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    result = CliRunner().invoke(classify, input=given)
    return [json.loads(line) for line in result.stdout.splitlines()], result


def test_a_complaint_gets_level_criteria_and_evidence() -> None:
    [answer], result = run({"id": "a", "text": "车着火了", "channel": None, "flags": None})
    assert result.exit_code == 0
    assert (answer["id"], answer["level"], answer["criteria"][0]) == ("a", "major", "M1")
    evidence = answer["evidence"][0]
    assert evidence["text"] == "车着火了"[slice(*evidence["span"])]


def test_what_is_to_be_confirmed_says_so_and_why() -> None:
    certain, unread = run(
        {"id": 1, "text": "洗车"}, {"id": 2, "text": "走行中にハンドルが急に重くなりました"}
    )[0]
    assert (certain["certain"], certain["confirmed"], certain["doubts"]) == (True, "general", [])
    assert (unread["certain"], unread["suspected"]) == (False, None)
    assert unread["doubts"] == ["unsupported_language"]


def test_channel_and_flags_count() -> None:
    [answer], _ = run(
        {"id": 1, "text": "请回电", "channel": "hotline_800", "flags": {"injury": True, "fire": False}}
    )
    assert answer["criteria"][:2] == ["P10", "P8"]


def test_an_unknown_flag_is_reported_and_ignored() -> None:
    [answer], result = run({"id": 1, "text": "请回电", "flags": {"flood": "much"}})
    assert answer["level"] == "general"
    assert "flood" in result.stderr
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("not json", "line"),
        ("[]", "object"),
        ({"id": 7}, "text"),
        ({"id": 7, "text": 5}, "text"),
        ({"id": 7, "text": "x", "flags": {"fire": "maybe"}}, "fire"),
        ({"id": 7, "text": "x", "flags": {"fire": 1}}, "fire"),
        ({"id": 7, "text": "x", "flags": {"fire": []}}, "fire"),
        ('{"id": NaN, "text": "x"}', "NaN"),
    ],
)
def test_a_wrong_line_is_answered_with_its_error_and_the_rest_goes_on(line: object, error: str) -> None:
    answers, result = run({"id": 1, "text": "洗车"}, line, {"id": 2, "text": "洗车"})
    assert [answer["id"] for answer in answers] == [1, 7 if isinstance(line, dict) else None, 2]
    assert error in answers[1]["error"]
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"id": "\\ud800", "text": "洗车"}', "id: should be whole characters"),
        ('{"id": 7, "text": "\\ud83d 车着火了"}', "text: should be whole characters"),
        ('{"id": 7, "text": "车着火了", "text": "洗车"}', "text: should be given once"),
        ('{"id": 1e999, "text": "洗车"}', "id: should be a number of at most"),
        ('{"id": 7, "text": "洗车", "flags": {"fire": -Infinity}}', "flags.fire: should be a number"),
    ],
)
def test_a_line_that_can_be_read_in_two_ways_is_refused_by_name(line: str, error: str) -> None:
    answers, result = run(line, {"id": 2, "text": "洗车"})
    assert (result.exit_code, answers[0]["id"], answers[1]["level"]) == (1, None, "general")
    assert error in answers[0]["error"]


def test_an_unknown_policy_is_refused_with_the_file_it_needs() -> None:
    result = CliRunner().invoke(classify, ["--policy", "nowhere"], input="")
    assert result.exit_code == 1
    assert "nowhere/severity.yaml" in result.output
