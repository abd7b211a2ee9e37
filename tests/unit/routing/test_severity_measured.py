"""How often the judge is right: on the labelled complaints, and on complaints it was not built with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.severity import Statement
from services.routing.domain.severity.judge import judge
from services.routing.settings.severity import load_rules

ROOT = Path(__file__).parents[3]
RULES = load_rules()
Verdict = tuple[str, str]


def verdict(said: dict[str, Any]) -> Verdict:
    flags = frozenset(flag for flag, raised in (said.get("flags") or {}).items() if raised)
    statement = Statement(text=said["text"], channel=said.get("channel"), flags=flags)
    return said["level"], judge(statement, RULES).level


def labelled() -> Iterator[Verdict]:
    for case in json.loads((ROOT / "deploy/demo/complaints.json").read_text("utf-8")):
        for language in ("zh", "en"):
            yield verdict({**case, "text": case[f"narrative_{language}"]})


def held_out() -> Iterator[Verdict]:
    for line in (ROOT / "tests/data/complaints_held_out.jsonl").read_text("utf-8").splitlines():
        yield verdict(json.loads(line))


def exact(verdicts: list[Verdict]) -> float:
    return sum(meant == said for meant, said in verdicts) / len(verdicts)


def majors(verdicts: list[Verdict]) -> list[str]:
    return [said for meant, said in verdicts if meant == "major"]


def test_the_labelled_complaints_are_judged_as_labelled() -> None:
    verdicts = list(labelled())
    assert len(verdicts) == 92
    assert exact(verdicts) >= 0.95
    assert "general" not in majors(verdicts)


def test_unseen_complaints_do_not_get_worse() -> None:
    verdicts = list(held_out())
    found = majors(verdicts)
    assert exact(verdicts) >= HELD_OUT_EXACT
    assert found.count("major") / len(found) >= HELD_OUT_MAJORS
    assert found.count("general") / len(found) <= HELD_OUT_LOST


# Reached when last trained; far from 0.85, 0.95 and 0, which remain the aim for this much harder set.
HELD_OUT_EXACT, HELD_OUT_MAJORS, HELD_OUT_LOST = 0.8, 0.9, 0.04
