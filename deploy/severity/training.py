"""Learns the weights of the classifier from labelled complaints."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack
from threadpoolctl import threadpool_limits

from deploy.severity.labelled import Labelled
from schemas.severity import SeverityPolicy
from services.routing.domain.severity.classifier import (
    FEATURES,
    Table,
    Weights,
    count,
    split_units,
    window_bounds,
    window_norms,
)
from services.routing.domain.severity.complaint_text import read
from services.routing.domain.severity.lexicon import Lexicon

INVERSE_REGULARIZATION = 10.0
RARITY = 0.2
"""How much more a complaint counts that shows what few others do: by this power of how few they are."""
ROUNDS = 3
"""How often the window that shows a signal is chosen anew by what was learned so far."""
GIVEN = 3.0
"""How much a complaint counts that somebody gave, beside one of those that are shipped: they are invented."""
_AT_ONCE = 200
"""Texts whose n-grams are in memory at the same time."""
_NEVER = -40.0
_EVERY = 5
"""Of so many examples one says how far scores may be trusted."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Example:
    """A complaint with the signals it shows; of those in `unknown` nobody has said whether it shows them."""

    text: str
    signals: frozenset[str]
    weight: float = 1.0
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Windows:
    """The windows of all examples: their features, and the rows [bounds[i], bounds[i + 1]) of example i."""

    features: csr_matrix
    bounds: Numbers

    def take(self, examples: Numbers) -> "Windows":
        """The windows of some of the examples."""
        sizes = np.diff(self.bounds)[examples]
        rows = _spread(self.bounds[examples], sizes)
        return Windows(self.features[rows], np.cumsum(np.r_[0, sizes]))


def learned_signals(policy: SeverityPolicy) -> list[str]:
    """The signals that raise a complaint above the lowest level; nothing hangs on the others."""
    above = (criterion for criterion in policy.criteria if policy.gravity(criterion.level))
    return list(dict.fromkeys(signal for criterion in above for signal in criterion.signals))


def as_examples(complaints: Sequence[Labelled], policy: SeverityPolicy, weight: float = 1.0) -> list[Example]:
    """Returns what is learned from complaints that count `weight`; one where honest readers could differ counts half."""
    return [
        Example(
            complaint.text,
            complaint.signals(policy),
            weight * (0.5 if complaint.tricky else 1.0),
            complaint.unknown_signals(policy),
        )
        for complaint in complaints
    ]


def gather_examples(
    shipped: Sequence[Labelled], given: Sequence[Labelled], policy: SeverityPolicy
) -> list[Example]:
    """Returns what is learned from the shipped complaints, then from those that somebody gave."""
    return [*as_examples(shipped, policy), *as_examples(given, policy, GIVEN)]


def cut_windows(texts: Sequence[str], lexicon: Lexicon) -> Windows:
    """Returns the windows of all texts as the classifier will see them."""
    chunks = [texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)]
    features, bounds = zip(*(_cut_windows(chunk, lexicon) for chunk in chunks), strict=True)
    return Windows(vstack(features, format="csr"), np.cumsum(np.r_[0, np.concatenate(bounds)]))


def _cut_windows(texts: Sequence[str], lexicon: Lexicon) -> tuple[csr_matrix, Numbers]:
    """The features of the windows of some texts, and how many windows each text has."""
    units = [split_units(read(text, lexicon).mark_unasserted()) for text in texts]
    features = count(unit for of_text in units for unit in of_text)
    firsts = np.cumsum([0, *map(len, units)])
    bounds_of = [window_bounds(len(of_text)) for of_text in units]
    bounds = np.concatenate([first + of_text for first, of_text in zip(firsts, bounds_of, strict=False)])
    sizes = bounds[:, 1] - bounds[:, 0]
    members = _spread(bounds[:, 0], sizes)
    ones = np.ones(len(members), np.float32)
    join = csr_matrix((ones, members, np.cumsum(np.r_[0, sizes])), (len(bounds), features.shape[0]))
    norms = window_norms(np.diff(features.indptr), bounds)
    scale = diags((1 / norms).astype(np.float32))
    return (scale @ (join @ features)).tocsr(), np.array([len(of_text) for of_text in bounds_of])


def _spread(starts: Numbers, sizes: Numbers) -> Numbers:
    """From each start as many successive numbers as its size says."""
    ends = np.cumsum(sizes)
    spread: Numbers = np.arange(sizes.sum()) + np.repeat(starts - ends + sizes, sizes)
    return spread


def learn(
    examples: Sequence[Example], windows: Windows, signals: Sequence[str], trained_on: Mapping[str, int]
) -> Weights:
    """Returns weights for each of the signals; one that no example shows is never probable.

    What is learned from most examples is asked about the rest, and how often it is right there says how probable
    a signal is by its score.
    """
    most = [at for at in range(len(examples)) if at % _EVERY]
    trial = _learn([examples[at] for at in most], windows.take(np.array(most)), signals)
    rest = windows.take(np.arange(0, len(examples), _EVERY))
    slope, offset = _calibrate(_score(rest, *trial), examples[::_EVERY], signals)
    table, bias = _learn(examples, windows, signals)
    bias = np.where(table.any(axis=0), bias * slope + offset, np.float32(_NEVER))
    return Weights(tuple(signals), table * slope, bias, trained_on)


def _learn(examples: Sequence[Example], windows: Windows, signals: Sequence[str]) -> tuple[Table, Table]:
    """Returns a column of weights, and a bias, for each signal.

    Signals are learned side by side, so that a sum within one of them is no work for several cores as well.
    """
    shown, weights = _mark_signals(examples, signals), _give_weights(examples, signals)
    with threadpool_limits(1), ThreadPoolExecutor() as pool:
        learned = list(pool.map(partial(_learn_signal, windows), shown.T, weights.T))
    return np.stack([table for table, _ in learned], axis=1), np.array([bias for _, bias in learned])


def _score(windows: Windows, table: Table, bias: Table) -> Table:
    """Returns a row for each example: for each signal the score of its likeliest window."""
    scores: Table = np.maximum.reduceat(windows.features @ table + bias, windows.bounds[:-1])
    return scores


def _calibrate(
    scores: Table, examples: Sequence[Example], signals: Sequence[str]
) -> tuple[np.float32, np.float32]:
    """Returns slope and offset that make scores of all signals log odds; as they are, where nothing can be learned."""
    shown, weights = _mark_signals(examples, signals), _give_weights(examples, signals)
    if not shown.any() or shown.all():
        return np.float32(1), np.float32(0)
    model = _logistic_regression().fit(scores.reshape(-1, 1), shown.ravel(), weights.ravel())
    return np.float32(model.coef_[0, 0]), np.float32(model.intercept_[0])


def _mark_signals(examples: Sequence[Example], signals: Sequence[str]) -> NDArray[np.bool_]:
    """Returns a row for each example: which signals it shows."""
    return np.array([[signal in example.signals for signal in signals] for example in examples])


def _give_weights(examples: Sequence[Example], signals: Sequence[str]) -> NDArray[np.float64]:
    """Returns a row for each example: how much it counts for each signal."""
    return np.array(
        [[0.0 if signal in example.unknown else example.weight for signal in signals] for example in examples]
    )


def _learn_signal(
    windows: Windows, shown: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[Table, np.float32]:
    """Returns the weights, and the bias, that tell the windows that show a signal from others.

    A complaint says that a signal is shown, not where: the first round takes all its windows for a share each, every
    later one the window that the round before found likeliest.
    """
    if not shown.any() or shown.all():
        return np.zeros(FEATURES, np.float32), np.float32(0)
    sizes = np.diff(windows.bounds)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    without, of_shown = np.flatnonzero(~shown[owner] & (weight[owner] > 0)), np.flatnonzero(shown[owner])
    bounds = np.cumsum(np.r_[0, sizes[shown]])
    rarity = (len(without) / shown.sum()) ** RARITY
    model = _logistic_regression(C=INVERSE_REGULARIZATION, solver="liblinear")

    def fit(rows: Numbers, shares: NDArray[np.float64]) -> None:
        chosen = np.r_[without, rows]
        weights = np.r_[weight[owner[without]], shares * rarity]
        model.fit(windows.features[chosen], shown[owner[chosen]], weights)

    fit(of_shown, (weight / sizes)[owner[of_shown]])
    for _ in range(ROUNDS - 1):
        rows = of_shown[_find_highest(model.decision_function(windows.features[of_shown]), bounds)]
        fit(rows, weight[owner[rows]])
    return model.coef_[0].astype(np.float32), np.float32(model.intercept_[0])


def _logistic_regression(**settings: Any) -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, and only learning needs it

    return LogisticRegression(**settings)


def _find_highest(scores: NDArray[np.float64], bounds: Numbers) -> Numbers:
    """The place of the first highest score within each pair of bounds."""
    highest = np.repeat(np.maximum.reduceat(scores, bounds[:-1]), np.diff(bounds))
    places = np.flatnonzero(scores == highest)
    owner = np.searchsorted(bounds, places, side="right")
    found: Numbers = places[np.unique(owner, return_index=True)[1]]
    return found
