"""The curves from which the thresholds of a policy are chosen: what the classifier says beside what is true."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deploy.severity.measuring import Measured, by_language, select_clear
from deploy.severity.training import learned_signals
from schemas.severity import SeverityPolicy
from schemas.vocabulary import Level

BINS = 10
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold reaches: of the complaints from there on `precision` are of the level, `recall` of all that are."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision against recall of one level in one language; `marks` are the thresholds of the policy."""

    language: str
    level: Level
    positives: int
    points: tuple[Point, ...]
    marks: dict[str, Point]


@dataclass(frozen=True, slots=True)
class Bin:
    """Signals that were said to be about as probable, and which share of them was there."""

    probability: float
    share: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the probabilities of one language may be taken at their word."""

    language: str
    bins: tuple[Bin, ...]


def draw_curves(measured: Sequence[Measured], policy: SeverityPolicy) -> list[Curve]:
    """Returns a curve for each language and each level above the lowest, of complaints where honest readers agree."""
    return [
        curve
        for language, group in by_language(select_clear(measured)).items()
        for level in policy.level_ids[1:]
        if (curve := _draw_curve(language, level, group, policy))
    ]


def _draw_curve(
    language: str, level: Level, group: Sequence[Measured], policy: SeverityPolicy
) -> Curve | None:
    criteria = [criterion for criterion in policy.criteria if criterion.level == level]
    signals = [signal for criterion in criteria for signal in criterion.signals]
    ids = {criterion.id for criterion in criteria}
    scores = np.array([max(_probability(item, signal) for signal in signals) for item in group])
    truths = np.array([not ids.isdisjoint(item.complaint.criteria) for item in group])
    if not truths.any():
        return None
    thresholds = policy.thresholds(level)
    marks = {name: getattr(thresholds, name) for name in ("raises", "suspects", "doubts")}
    return Curve(
        language,
        level,
        int(truths.sum()),
        tuple(_reach(scores, truths, threshold) for threshold in np.unique(scores)),
        {name: _reach(scores, truths, threshold) for name, threshold in marks.items()},
    )


def _reach(scores: Values, truths: NDArray[np.bool_], threshold: float) -> Point:
    named = scores >= threshold
    right, count = int((named & truths).sum()), int(named.sum())
    return Point(float(threshold), right / count if count else 1.0, right / int(truths.sum()))


def calibrate(measured: Sequence[Measured], policy: SeverityPolicy) -> list[Calibration]:
    """Returns for each language how often signals were there that were said to be about as probable."""
    signals = learned_signals(policy)
    return [
        Calibration(language, _bins(group, signals, policy))
        for language, group in by_language(select_clear(measured)).items()
    ]


def _bins(group: Sequence[Measured], signals: Sequence[str], policy: SeverityPolicy) -> tuple[Bin, ...]:
    said = np.array([[_probability(item, signal) for signal in signals] for item in group]).ravel()
    shown = [item.complaint.signals(policy) for item in group]
    true = np.array([[signal in of_item for signal in signals] for of_item in shown]).ravel()
    number = np.minimum((said * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(float(said[within].mean()), float(true[within].mean()), int(within.sum()))
        for within in (number == at for at in range(BINS))
        if within.any()
    )


def _probability(item: Measured, signal: str) -> float:
    found = item.detection.signals.get(signal)
    return found.learned.probability if found and found.learned else 0.0
