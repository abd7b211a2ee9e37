"""The kinds of faults that judges of words have, each by short complaints of our own: what is right, and how surely."""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from schemas.severity import Judgement
from tests.judging import DATA, judge_all, read_lines

RIGHT, BY_CONFIRMING = 80 / 87, 15 / 87
"""The share that is right at least, and the share of all that is so only because a person confirms it."""
Line = dict[str, Any]


def text_of(line: Line) -> str:
    """The text of a line, or its parts joined, one of which is repeated."""
    if "parts" not in line:
        return str(line["text"])
    times = {line["repeat_part"]: line["repeat"]}
    return "".join(part * times.get(at, 1) for at, part in enumerate(line["parts"]))


@cache
def lines() -> tuple[tuple[Line, Judgement], ...]:
    read = list(read_lines(DATA / "kinds.jsonl"))
    return tuple(zip(read, judge_all([text_of(line) for line in read]), strict=True))


def is_exact(line: Line, judgement: Judgement) -> bool:
    """Certain, and of the level that is meant."""
    return judgement.certain and judgement.level == line["level"]


def is_to_confirm(line: Line, judgement: Judgement) -> bool:
    """A person confirms, and is asked of the level that is meant or shown what nobody could read."""
    levels = {judgement.level, judgement.confirmed, judgement.suspected or line["level"]}
    return not judgement.certain and line["level"] in levels


def describe(line: Line, judgement: Judgement) -> str:
    evidence = ", ".join(signal.detector for signal in judgement.signals)
    return (
        f"{line['kind']}: {text_of(line)[:120]!r} should be {line['level']} {line['criteria']}, is"
        f" {judgement.level}, suspected {judgement.suspected} {judgement.criteria} by {evidence} {judgement.doubts}"
    )


def test_they_are_judged_as_labelled_and_few_of_them_only_by_confirming() -> None:
    confirmed = [pair for pair in lines() if is_to_confirm(*pair)]
    wrong = [describe(*pair) for pair in lines() if not (is_exact(*pair) or is_to_confirm(*pair))]
    assert len(wrong) <= len(lines()) * (1 - RIGHT), "\n".join([f"{len(wrong)} wrong", *wrong])
    only = [describe(*pair) for pair in confirmed if not pair[0]["may_confirm"]]
    assert len(confirmed) <= len(lines()) * BY_CONFIRMING, "\n".join(
        [f"{len(confirmed)} to confirm, of these need not be:", *only]
    )


def test_no_kind_is_wrong_as_a_whole() -> None:
    wrong = Counter(line["kind"] for line, judgement in lines() if not is_right(line, judgement))
    of_kind = Counter(line["kind"] for line, _ in lines())
    assert {kind: count for kind, count in wrong.items() if count * 2 > of_kind[kind]} == {}


def is_right(line: Line, judgement: Judgement) -> bool:
    return is_exact(line, judgement) or is_to_confirm(line, judgement)


@pytest.mark.parametrize("kind", ["other languages"])
def test_what_may_only_be_confirmed_is_never_certainly_general(kind: str) -> None:
    certain = [
        describe(line, judgement)
        for line, judgement in lines()
        if line["kind"] == kind and line["level"] == "major" and judgement.certain
    ]
    assert [line for line in certain if "is general" in line] == []
