"""Says how probable each signal is in a text, by what was learned from labelled complaints.

A text is read in units (sentences, or stretches of as many words) and each signal is as probable as in the likeliest
window of one or two units, so that what decides counts wherever it stands and whatever stands around it. A unit counts by
the n-grams of its words, hashed; the model is linear. `deploy/severity` trains it and chooses the policy's thresholds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import mmh3
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from services.routing.domain.severity.tokenize import SEPARATORS, is_chinese

FEATURES = 2**17
WINDOW = 2
"""How many units a window has at most."""
UNIT = 30
"""Words after which a unit ends at the next separator; it never has twice as many."""
SHORTEST = 5
"""As many n-grams a window is taken to have at least, so that one of a word or two is not heard too loudly."""
_FULL_STOPS = frozenset("。.！!？?；;\n")
_SIGNS = SEPARATORS | {""} | frozenset("\"'“”‘’-/…~*_|<>[]{}【】《》#&+=^`")
_CHINESE_NGRAM, _ENGLISH_NGRAM = 4, 3

Table = NDArray[np.float32]
Number = TypeVar("Number", np.float32, np.int32)


@dataclass(frozen=True, slots=True)
class Unit:
    """A few words that stand together: which they are, and their place among the words of the text."""

    words: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned: a column for each signal; `trained_on` says how many texts of which files, by the hash of each."""

    signals: tuple[str, ...]
    table: Table
    bias: Table
    trained_on: Mapping[str, int]

    def __post_init__(self) -> None:
        shape = (FEATURES, len(self.signals))
        if self.table.shape != shape or self.bias.shape != shape[1:]:
            raise ValueError(f"table: should hold {shape[0]} x {shape[1]} weights, and bias {shape[1]}")


@dataclass(frozen=True, slots=True)
class Learned:
    """How probable a signal is, and the words [start, end) that speak most for it."""

    probability: float
    words: tuple[int, int]


class Classifier:
    """The learned model."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def classify(self, texts: Sequence[Sequence[str]]) -> list[dict[str, Learned]]:
        """Returns for each text, given its words, how probable every learned signal is; nothing for one without a word."""
        units = [split_units(text) for text in texts]
        features = count(unit for of_text in units for unit in of_text)
        scores = np.asarray(features @ self._weights.table)
        sizes = np.diff(features.indptr)
        bounds = np.cumsum([0, *map(len, units)])
        return [
            self._find_likeliest(of_text, scores[first:last], sizes[first:last])
            for of_text, (first, last) in zip(units, pairwise(bounds), strict=True)
        ]

    def _find_likeliest(
        self, units: Sequence[Unit], scores: Table, sizes: NDArray[np.int32]
    ) -> dict[str, Learned]:
        if not units:
            return {}
        bounds = window_bounds(len(units))
        windows = _sum(scores, bounds) / window_norms(sizes, bounds)[:, None] + self._weights.bias
        firsts, ends = bounds[windows.argmax(axis=0)].T
        members = np.minimum(firsts + np.arange(WINDOW)[:, None], ends - 1)
        columns = np.arange(len(firsts))
        strongest = members[scores[members, columns].argmax(axis=0), columns]
        probabilities = 1 / (1 + np.exp(-windows.max(axis=0)))
        return {
            signal: Learned(probability, (units[unit].start, units[unit].end))
            for signal, probability, unit in zip(
                self._weights.signals, probabilities.tolist(), strongest.tolist(), strict=True
            )
        }


def count(units: Iterator[Unit]) -> csr_matrix:
    """Returns a row for every unit: which hashed n-grams it has."""
    places: list[int] = []
    ends = [0]
    for unit in units:
        # In one order, whatever a set's is: sums of floats differ in their last digits by it.
        places += sorted({abs(mmh3.hash(gram)) % FEATURES for gram in ngrams(unit.words)})
        ends.append(len(places))
    shape = (len(ends) - 1, FEATURES)
    return csr_matrix((np.ones(len(places), np.float32), np.array(places, np.int32), np.array(ends)), shape)


def window_bounds(units: int) -> NDArray[np.int64]:
    """Returns the units [first, end) of every window: each unit alone, and each two to WINDOW in succession.

    So a text keeps its windows whatever is told before or after it. One without units has a window with nothing in it.
    """
    if not units:
        return np.zeros((1, 2), np.int64)
    firsts = np.arange(units)
    return np.concatenate(
        [
            np.stack((firsts[: units + 1 - size], firsts[: units + 1 - size] + size), axis=1)
            for size in range(1, min(WINDOW, units) + 1)
        ]
    )


def window_norms(sizes: NDArray[np.int32], bounds: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the counts of each window are divided by, so that its length decides nothing."""
    norms: NDArray[np.float64] = np.sqrt(np.maximum(_sum(sizes, bounds), SHORTEST))
    return norms


def _sum(rows: NDArray[Number], bounds: NDArray[np.int64]) -> NDArray[Number]:
    """Sums the rows of every window."""
    total = np.concatenate(
        (np.zeros((1, *rows.shape[1:]), rows.dtype), np.add.accumulate(rows, axis=0, dtype=rows.dtype))
    )
    summed: NDArray[Number] = total[bounds[:, 1]] - total[bounds[:, 0]]
    return summed


def split_units(text: Sequence[str]) -> list[Unit]:
    """Returns the units of a text in order; one that was there already says nothing new and is left out."""
    units: dict[tuple[str, ...], Unit] = {}
    words: list[str] = []
    start = 0
    for at, word in enumerate(text):
        if word not in _SIGNS:
            words.append(word)
            if len(words) < 2 * UNIT:
                continue
        elif not words or (word not in _FULL_STOPS and len(words) < UNIT):
            continue
        units.setdefault(tuple(words), Unit(tuple(words), start, at + 1))
        words, start = [], at + 1
    if words:
        units.setdefault(tuple(words), Unit(tuple(words), start, len(text)))
    return list(units.values())


def ngrams(words: Sequence[str]) -> list[str]:
    """Returns the distinct n-grams of a unit, of single words up to four characters or three English words."""
    longest = _CHINESE_NGRAM if sum(map(is_chinese, words)) * 2 >= len(words) else _ENGLISH_NGRAM
    grams = set(words)
    for size in range(2, longest + 1):
        grams.update(map(" ".join, zip(*(words[at:] for at in range(size)), strict=False)))
    return list(grams)
