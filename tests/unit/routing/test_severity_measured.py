"""How often the judge is right: on the labelled complaints, and on complaints it was not built with."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from schemas.severity import Statement
from services.routing.domain.severity.judge import judge
from tests.judging import is_chinese, reader, table

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
Verdict = tuple[str, str]
Complaint = dict[str, Any]


def verdicts(complaints: Sequence[Complaint]) -> list[Verdict]:
    detections = reader().detect([complaint["text"] for complaint in complaints])
    return [
        (complaint["level"], judge(statement(complaint), detection, table()).level)
        for complaint, detection in zip(complaints, detections, strict=True)
    ]


def statement(complaint: Complaint) -> Statement:
    flags = frozenset(flag for flag, raised in (complaint.get("flags") or {}).items() if raised)
    return Statement(text=complaint["text"], channel=complaint.get("channel"), flags=flags)


def labelled() -> Iterator[Complaint]:
    """The complaints that the classifier learned from as well: every one of them in two languages."""
    for case in json.loads((ROOT / "deploy/training/complaints.json").read_text("utf-8")):
        for language in ("zh", "en"):
            yield {**case, "text": case[f"narrative_{language}"]}


def lines(name: str) -> Iterator[Complaint]:
    for line in (DATA / name).read_text("utf-8").splitlines():
        yield json.loads(line)


def in_a_story(complaints: Iterable[Complaint]) -> Iterator[Complaint]:
    """The same complaints with two to six harmless sentences around them."""
    around, draws = json.loads((DATA / "story_around.json").read_text("utf-8")), Random(5)
    for complaint in complaints:
        language = "zh" if is_chinese(complaint["text"]) else "en"
        story = draws.sample(around[language], draws.randint(2, 6))
        before = draws.randint(0, len(story))
        parts = [*story[:before], complaint["text"], *story[before:]]
        yield {**complaint, "text": ("" if language == "zh" else " ").join(parts)}


def exact(judged: list[Verdict]) -> float:
    return sum(meant == level for meant, level in judged) / len(judged)


def majors(judged: list[Verdict]) -> list[str]:
    return [level for meant, level in judged if meant == "major"]


def must_reach(complaints: Iterable[Complaint], shares: tuple[float, float, float]) -> None:
    """At least so many exact, so many majors found as such, and at most so many of them lost as general."""
    judged = verdicts(list(complaints))
    levels = majors(judged)
    reached = (exact(judged), levels.count("major") / len(levels), levels.count("general") / len(levels))
    assert reached[0] >= shares[0], reached
    assert reached[1] >= shares[1], reached
    assert reached[2] <= shares[2], reached


def test_the_labelled_complaints_are_judged_as_labelled() -> None:
    complaints = list(labelled())
    assert len(complaints) == 92
    must_reach(complaints, (0.95, 1, 0))


def test_complaints_nobody_looked_at_are_judged_as_they_should_be() -> None:
    must_reach(lines("complaints_unseen.jsonl"), (0.92, 0.95, 0.03))


# Written to be hard: hints, irony, dialect and innocent words side by side. Reached when last trained; the classifier of
# before, which was taught on texts of this kind alone, found 93 % of these majors and called real complaints major by the dozen.
def test_hard_complaints_do_not_get_worse() -> None:
    must_reach(lines("complaints_held_out.jsonl"), (0.76, 0.72, 0.27))


@pytest.mark.parametrize(
    ("complaints", "shares"),
    [
        (list(labelled()), (0.92, 1, 0)),
        (list(lines("complaints_unseen.jsonl")), (0.9, 0.95, 0.03)),
    ],
    ids=["labelled", "unseen"],
)
def test_what_decides_does_not_drown_in_the_story_around_it(
    complaints: list[Complaint], shares: tuple[float, float, float]
) -> None:
    must_reach(in_a_story(complaints), shares)
