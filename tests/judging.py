"""Complaints judged by what is shipped: the lexicon, the learned weights and the table of the policy gtmc."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from schemas.severity import Judgement, SeverityPolicy, Statement
from services.routing.domain.severity.detection import Reader
from services.routing.domain.severity.judge import judge
from services.routing.store.severity_files import load_reader, load_severity

DATA = Path(__file__).parent / "data" / "severity"
LEARNED = ".learned"
"""How the name of the classifier's evidence ends."""


@cache
def reader() -> Reader:
    """What finds signals, as it is shipped."""
    return load_reader()


@cache
def table() -> SeverityPolicy:
    """The severity table of the policy gtmc."""
    return load_severity("gtmc")


def judged(text: str, **marks: Any) -> Judgement:
    """The judgement of one text with the channel, flags and ticks of `marks`."""
    [detection] = reader().detect([text])
    return judge(Statement.model_validate({"text": text, **marks}), detection, table())


def judge_all(texts: Sequence[str]) -> list[Judgement]:
    """The judgement of each text, read as one batch."""
    detections = reader().detect(texts)
    pairs = zip(texts, detections, strict=True)
    return [judge(Statement(text=text), detection, table()) for text, detection in pairs]


def detectors(judgement: Judgement, criterion: str) -> set[str]:
    """The patterns that speak for a criterion; what the classifier, a flag or the channel adds does not count."""
    return {
        signal.detector
        for signal in judgement.signals
        if signal.criterion == criterion and signal.start is not None and LEARNED not in signal.detector
    }


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON Lines."""
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


def is_chinese(text: str) -> bool:
    """Whether a text is more Chinese than English."""
    return sum("\u4e00" <= letter <= "\u9fff" for letter in text) * 2 > len(text.split())
