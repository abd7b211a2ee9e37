"""A learned scorer: words, runs of words, ideas and detectors, weighed per outcome."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from schemas.severity import LEVELS, Level
from services.routing.domain.severity.runs import Numbers, Vocabulary

WORD, IDEA, TONGUE = 1.0, 2.0, 0.5
FEW = 2


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned. `table` has a row for every run, ascending, then one for every name.

    Its columns are the criteria, then the three levels; `criteria` says which level each had in training.
    """

    criteria: Mapping[str, Level]
    words: tuple[str, ...]
    runs: Numbers
    names: tuple[str, ...]
    table: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float64]

    def __post_init__(self) -> None:
        rows, columns = len(self.runs) + len(self.names), len(self.criteria) + len(LEVELS)
        if self.table.shape != (rows, columns) or self.bias.shape != (columns,):
            raise ValueError(f"table: should hold {rows} x {columns} weights, and bias {columns}")


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each criterion is the one that decides, and each level; either adds up to one."""

    criteria: Mapping[str, float]
    levels: Mapping[Level, float]


@dataclass(frozen=True, slots=True)
class Features:
    """What of one passage is weighed: its runs of words, and the names of ideas and detectors in its language.

    `spoken` counts its words, also those that nothing was learned of.
    """

    tongue: str
    spoken: int
    runs: Numbers
    names: frozenset[str]

    @property
    def length(self) -> float:
        """All but the language is scaled to about length one, so that a long passage says no more than a short one."""
        return sqrt(3 * WORD**2 * self.spoken + IDEA**2 * len(self.names)) or 1.0


class Scorer:
    """Turns features into probabilities."""

    def __init__(self, weights: Weights) -> None:
        self.taught = weights.criteria
        self.vocabulary = Vocabulary(weights.words)
        self._criteria = tuple(weights.criteria)
        self._runs, self._table, self._scale, self._bias = (
            weights.runs,
            weights.table,
            weights.scale,
            weights.bias,
        )
        self._names = {name: at for at, name in enumerate(weights.names, len(weights.runs))}

    def chances(self, features: Features) -> Chances:
        """Weighs the features of one passage."""
        raw = self._sums(features) + self._bias
        width = len(self._criteria)
        return Chances(
            criteria=dict(zip(self._criteria, _shares(raw[:width]), strict=True)),
            levels=dict(zip(LEVELS, _shares(raw[width:]), strict=True)),
        )

    def leaning(self, runs: Numbers, criterion: str) -> int:
        """How much words alone speak for a criterion."""
        column = self._criteria.index(criterion)
        return int(self._table[self._rows(runs), column].sum(dtype=np.int64))

    def _sums(self, features: Features) -> NDArray[np.float64]:
        named = [at for name in features.names if (at := self._names.get(name)) is not None]
        tongue = self._names.get(features.tongue)
        told = WORD * self._sum(self._rows(features.runs)) + IDEA * self._sum(named)
        spoken = TONGUE * self._sum([] if tongue is None else [tongue])
        return self._scale * (told / features.length + spoken)

    def _rows(self, runs: Numbers) -> Numbers:
        """Where the runs stand in the table, those that do."""
        places = np.searchsorted(self._runs, runs)
        places[places == len(self._runs)] = 0
        found: Numbers = places[self._runs[places] == runs]
        return found

    def _sum(self, rows: Collection[int] | Numbers) -> Numbers:
        total: Numbers = self._table[np.asarray(rows, np.int64)].sum(axis=0, dtype=np.int64)
        return total


def language(words: Iterable[str]) -> str:
    """Chinese as soon as there are a few Chinese characters, else English."""
    chinese = (word for word in words if "\u4e00" <= word[:1] <= "\u9fff")
    return "en" if next(islice(chinese, FEW, None), None) is None else "zh"


def _shares(raw: NDArray[np.float64]) -> list[float]:
    grown = np.exp(raw - raw.max())
    shares: list[float] = (grown / grown.sum()).tolist()
    return shares
