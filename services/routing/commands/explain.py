"""Explains a judgement to a person: the text with its evidence marked, and below it a line for every signal."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from schemas.base import Bilingual
from schemas.severity import DOUBTS, Judgement, SeverityPolicy, Signal
from schemas.vocabulary import Level

LONG = 200
"""Characters from which on only what stands around the evidence is shown."""
NEAR = 60
"""Characters that are shown at most before and after evidence, where no sentence ends earlier."""
_SENTENCE_END = re.compile(r"[。！？!?；;\n]|\.(?=\s)")

Span = tuple[int, int]
"""The characters [start, end) of a text."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Evidence in the text; what overlaps is one mark. It is certain if any of its signals is."""

    span: Span
    criteria: tuple[str, ...]
    certain: bool

    def show(self, words: str, *, styled: bool) -> str:
        """The words coloured and underlined, or between brackets, with their criteria."""
        criteria = ", ".join(self.criteria)
        if not styled:
            return f"[{criteria}: {words}]"
        colour = "red" if self.certain else "yellow"
        return click.style(words, fg=colour, underline=True) + click.style(f"[{criteria}]", dim=True)


def explain(text: str, judgement: Judgement, policy: SeverityPolicy, *, styled: bool) -> str:
    """Returns some lines: the text, every signal with its reason, and what is confirmed and suspected."""
    lines = [
        *(_describe_signal(text, signal, policy) for signal in judgement.signals),
        f"level 级别: {_describe_level(judgement.level, policy)}",
        f"confirmed 已确定: {_describe_level(judgement.confirmed, policy)}",
        f"suspected 疑似: {_describe_level(judgement.suspected, policy)}",
        *(f"to confirm 待确认: {_join(DOUBTS[doubt])}" for doubt in judgement.doubts),
        *(f"failed 出错: {detector}" for detector in judgement.failed),
    ]
    return "\n  ".join((mark_evidence(text, judgement.signals, styled=styled), *lines))


def mark_evidence(text: str, signals: Sequence[Signal], *, styled: bool) -> str:
    """Returns a text on one line with its evidence marked, a long one without what stands far from any."""
    marks = list(_find_marks(signals))
    shown = [(0, len(text))] if len(text) <= LONG else _find_surroundings(text, marks)
    pieces = [
        _show_piece(text, span, [mark for mark in marks if _overlap(span, mark.span)], styled=styled)
        for span in shown
    ]
    before, after = "… " if shown[0][0] > 0 else "", " …" if shown[-1][1] < len(text) else ""
    return f"{before}{' … '.join(pieces)}{after}"


def _find_marks(signals: Sequence[Signal]) -> Iterator[Mark]:
    placed = [(signal, span) for signal in signals if (span := _span(signal)) is not None]
    for span in _merge([span for _, span in placed]):
        inside = [signal for signal, own in placed if _overlap(own, span)]
        criteria = tuple(dict.fromkeys(signal.criterion for signal in inside))
        yield Mark(span, criteria, any(signal.certain for signal in inside))


def _span(signal: Signal) -> Span | None:
    return None if signal.start is None or signal.end is None else (signal.start, signal.end)


def _merge(spans: Sequence[Span]) -> list[Span]:
    """Returns the spans in order, those that overlap as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _find_surroundings(text: str, marks: Sequence[Mark]) -> list[Span]:
    """Returns the sentences around the evidence, or the first where there is none."""
    return _merge([_surround(text, mark.span) for mark in marks] or [_surround(text, (0, 0))])


def _surround(text: str, evidence: Span) -> Span:
    first, last = max(0, evidence[0] - NEAR), min(len(text), evidence[1] + NEAR)
    before = [end.end() for end in _SENTENCE_END.finditer(text, first, evidence[0])]
    after = _SENTENCE_END.search(text, max(0, evidence[1] - 1), last)
    return before[-1] if before else first, after.end() if after else last


def _show_piece(text: str, span: Span, marks: Sequence[Mark], *, styled: bool) -> str:
    parts: list[str] = []
    at = span[0]
    for mark in marks:
        start, end = mark.span
        parts += _printable(text[at:start]), mark.show(_printable(text[start:end]), styled=styled)
        at = end
    return "".join((*parts, _printable(text[at : span[1]]))).strip()


def _printable(text: str) -> str:
    """The text without what would steer a terminal or break a line."""
    return "".join(character if character.isprintable() else " " for character in text)


def _describe_signal(text: str, signal: Signal, policy: SeverityPolicy) -> str:
    criterion, span = policy.criterion(signal.criterion), _span(signal)
    parts = [
        f"{signal.criterion} {_join(criterion.title) if criterion else ''}".rstrip(),
        *([f"“{_shorten(_printable(text[slice(*span)]))}”"] if span else []),
        signal.detector,
        f"not certain 不确定: {_join(DOUBTS[signal.doubt])}" if signal.doubt else "certain 确定",
        *([f"probability 概率 {signal.probability:.3f}"] if signal.probability is not None else []),
    ]
    return " | ".join(parts)


def _shorten(words: str) -> str:
    return words if len(words) <= NEAR else f"{words[: NEAR - 1]}…"


def _describe_level(level: Level | None, policy: SeverityPolicy) -> str:
    return f"{level} {_join(policy.level(level).title)}" if level else "none 无"


def _join(title: Bilingual) -> str:
    return f"{title.zh} / {title.en}"
