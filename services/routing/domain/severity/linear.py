"""A learned scorer in plain Python: hashed words, word runs, ideas and detectors, weighed per outcome."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, sqrt
from operator import mul
from zlib import crc32

from schemas.severity import LEVELS, Level, LinearModel
from services.routing.domain.severity.lexicon import BREAKS
from services.routing.domain.severity.stance import Voice

WORD, IDEA, TONGUE = 1.0, 2.0, 0.5
FEW = 3
# Words that only steer how others are meant say nothing by themselves.
UNSPOKEN = frozenset({"light", "denial"})


def said(words: Sequence[str]) -> Iterator[str]:
    """Names the words of a text (characters in Chinese) and their runs of two and three."""
    spoken = [word for word in words if word.removeprefix("~") not in BREAKS]
    yield from spoken
    yield from (f"{a} {b}" for a, b in pairwise(spoken))
    yield from (f"{a} {b} {c}" for a, b, c in zip(spoken, spoken[1:], spoken[2:], strict=False))


def features(told: Voice, detectors: Iterable[str]) -> dict[str, float]:
    """Everything the scorer weighs, with its strength; all but the language is scaled to length one.

    Ideas and detectors are weighed apart in each language: they meet different words there.
    """
    tongue = language(told.words)
    strength = dict.fromkeys(said(told.words), WORD)
    strength |= {f"{tongue}@{concept}": IDEA for concept in told.concepts if _speaks(concept)}
    for detector in detectors:
        for name in (detector, detector.partition(".")[0]):
            strength[f"{tongue}#{name}"] = IDEA
    length = sqrt(sum(value * value for value in strength.values())) or 1.0
    return {f"={tongue}": TONGUE} | {feature: value / length for feature, value in strength.items()}


def language(words: Iterable[str]) -> str:
    """Chinese as soon as there are a few Chinese characters, else English."""
    return "zh" if sum("\u4e00" <= word.removeprefix("~")[:1] <= "\u9fff" for word in words) > FEW else "en"


def _speaks(concept: str) -> bool:
    """A pattern's mention of a named idea would only count that idea twice."""
    return concept not in UNSPOKEN and not concept.removeprefix("~").startswith("<")


def bucket(feature: str, buckets: int) -> int:
    """The same bucket in training and at run time, on every machine."""
    return crc32(feature.encode()) % buckets


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each criterion is the one that decides, and each level; either adds up to one."""

    criteria: Mapping[str, float]
    levels: Mapping[Level, float]


class Scorer:
    """Turns features into probabilities."""

    def __init__(self, model: LinearModel) -> None:
        self.taught = model.criteria
        self.criteria = tuple(model.criteria)
        self._buckets, self._bias, self._scale = model.buckets, model.bias, model.scale
        width = self._width = len(model.bias)
        table = array("b", model.table)
        self._rows = {each: table[at * width : (at + 1) * width] for at, each in enumerate(model.kept)}

    def sums(self, strength: Mapping[str, float]) -> list[float]:
        """The weighed sum per column, without bias."""
        known = ((self._rows.get(bucket(each, self._buckets)), value) for each, value in strength.items())
        found = [(row, value) for row, value in known if row is not None]
        if not found:
            return [0.0] * self._width
        rows, values = zip(*found, strict=True)
        return [sum(map(mul, column, values)) * self._scale for column in zip(*rows, strict=True)]

    def chances(self, strength: Mapping[str, float]) -> Chances:
        """Weighs the features of one text."""
        raw = [total + bias for total, bias in zip(self.sums(strength), self._bias, strict=True)]
        width = len(self.criteria)
        return Chances(
            criteria=dict(zip(self.criteria, _shares(raw[:width]), strict=True)),
            levels=dict(zip(LEVELS, _shares(raw[width:]), strict=True)),
        )


def _shares(raw: Sequence[float]) -> list[float]:
    top = max(raw)
    grown = [exp(value - top) for value in raw]
    whole = sum(grown)
    return [value / whole for value in grown]
