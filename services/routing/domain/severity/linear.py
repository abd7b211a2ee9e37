"""A learned scorer in plain Python: hashed word and character n-grams, one weight per criterion."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import exp
from zlib import crc32

from schemas.severity import LinearModel
from services.routing.domain.severity.lexicon import BREAKS


def features(words: Sequence[str], concepts: Iterable[str]) -> Iterator[str]:
    """Names what a text holds: its words (characters in Chinese), runs of two and three, and its ideas."""
    spoken = [word for word in words if word not in BREAKS]
    yield from spoken
    yield from (f"{a} {b}" for a, b in pairwise(spoken))
    yield from (f"{a} {b} {c}" for a, b, c in zip(spoken, spoken[1:], spoken[2:], strict=False))
    yield from (f"@{concept}" for concept in concepts)


def bucket(feature: str, buckets: int) -> int:
    """The same bucket in training and at run time, on every machine."""
    return crc32(feature.encode()) % buckets


def probabilities(model: LinearModel, words: Sequence[str], concepts: Iterable[str]) -> Mapping[str, float]:
    """Scores every learned criterion between 0 and 1."""
    present = {bucket(feature, model.buckets) for feature in features(words, concepts)}
    length = max(len(present), 1) ** 0.5
    sums = [0.0] * len(model.criteria)
    for number in present:
        for at, weight in enumerate(model.weights.get(number, ())):
            sums[at] += weight
    return {
        criterion: 1 / (1 + exp(-(total * model.scale / length + bias)))
        for criterion, total, bias in zip(model.criteria, sums, model.bias, strict=True)
    }
