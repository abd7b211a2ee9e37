"""Reviews the signals of the patterns by what was learned from labelled complaints.

Two linear models over the same features say how probable it is that each criterion decides, and that the text has
each level. Thresholds of the policy say when the classifier raises a signal that no pattern found, and when it takes
one back. `deploy/train_severity.py` learns the weights; without them the patterns judge alone.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.severity import EVEN, Level, SeverityPolicy, Signal
from services.routing.domain.severity.features import (
    LANGUAGE_VALUE,
    NAME_VALUE,
    NGRAM_VALUE,
    Features,
    MarkedText,
    Numbers,
    Passage,
    Vocabulary,
    drop_separators,
)

DETECTOR = "learned"
"""What a signal of the classifier names as its detector."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned. `table` has a row for every n-gram, ascending, then one for every name.

    Its columns are the criteria, then the levels, lowest first; `criteria` says which level each had in training.
    """

    criteria: Mapping[str, Level]
    words: tuple[str, ...]
    ngrams: Numbers
    names: tuple[str, ...]
    table: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float64]

    def __post_init__(self) -> None:
        rows, columns = (
            len(self.ngrams) + len(self.names),
            len(self.criteria) + len(set(self.criteria.values())),
        )
        if self.table.shape != (rows, columns) or self.bias.shape != (columns,):
            raise ValueError(f"table: should hold {rows} x {columns} weights, and bias {columns}")


class LinearModels:
    """The two models: features of a passage to probabilities."""

    def __init__(self, weights: Weights) -> None:
        self.criteria = weights.criteria
        self.vocabulary = Vocabulary(weights.words)
        self._weights = weights
        self._names = {name: row for row, name in enumerate(weights.names, len(weights.ngrams))}
        self._columns = {criterion: column for column, criterion in enumerate(weights.criteria)}

    def predict(self, features: Features) -> tuple[dict[str, float], list[float]]:
        """Returns how probable each criterion is as the deciding one, and each level as trained; either adds up to one."""
        scores = self._scores(features)
        criteria, levels = _softmax(scores[: len(self._columns)]), _softmax(scores[len(self._columns) :])
        return dict(zip(self._columns, criteria, strict=True)), levels

    def score_clause(self, words: Collection[str], criterion: str) -> int:
        """Returns how much the n-grams of these words alone speak for a criterion."""
        rows = self._rows(self.vocabulary.encode(words))
        return int(self._weights.table[rows, self._columns[criterion]].sum(dtype=np.int64))

    def _scores(self, features: Features) -> NDArray[np.float64]:
        names = [row for name in features.names if (row := self._names.get(name)) is not None]
        language = self._names.get(features.language)
        counted = NGRAM_VALUE * self._sum(self._rows(features.ngrams)) + NAME_VALUE * self._sum(names)
        spoken_in = LANGUAGE_VALUE * self._sum([] if language is None else [language])
        return self._weights.scale * (counted / features.norm + spoken_in) + self._weights.bias

    def _rows(self, ngrams: Numbers) -> Numbers:
        """The rows of the n-grams of which something was learned."""
        learned = self._weights.ngrams
        rows = np.searchsorted(learned, ngrams)
        rows[rows == len(learned)] = 0
        present: Numbers = rows[learned[rows] == ngrams]
        return present

    def _sum(self, rows: Sequence[int] | Numbers) -> Numbers:
        total: Numbers = self._weights.table[np.asarray(rows, np.int64)].sum(axis=0, dtype=np.int64)
        return total


def _softmax(scores: NDArray[np.float64]) -> list[float]:
    exponentials = np.exp(scores - scores.max())
    probabilities: list[float] = (exponentials / exponentials.sum()).tolist()
    return probabilities


@dataclass(frozen=True, slots=True)
class Score:
    """What the models say of one passage: the probability of each criterion, and of each level or a graver one."""

    passage: Passage
    criteria: Mapping[str, float]
    at_least: Mapping[Level, float]


class Classifier:
    """The models with the levels and the thresholds of one policy, which has all criteria that were learned."""

    def __init__(self, weights: Weights, policy: SeverityPolicy) -> None:
        self._models = LinearModels(weights)
        self._policy = policy
        self._criteria = {criterion.id: criterion for criterion in policy.criteria}
        self._thresholds = policy.learned
        self._levels = policy.level_ids
        self._least_grave = policy.raise_level(self._levels[0])
        levels = {criterion: self._criteria[criterion].level for criterion in weights.criteria}
        self._levels_as_trained = levels == weights.criteria and {*levels.values()} == {*self._levels}

    def review(self, text: MarkedText, signals: Sequence[Signal]) -> tuple[Signal, ...]:
        """Returns the signals without those it doubts, and one signal more if it finds a graver level."""
        scores = [self._score(text, passage, signals) for passage in text.passages]
        kept = tuple(signal for signal in signals if not self._doubts(signal, text, scores))
        level = self._decide_level({level: self._find_surest(scores, level)[0] for level in self._levels})
        gravity = self._policy.gravity
        gravest = max((gravity(self._criteria[signal.criterion].level) for signal in kept), default=-1)
        if gravity(level) <= gravest:
            return kept
        score = self._find_surest(scores, level)[1]
        criterion = self._choose_criterion(score, level)
        if self._criteria[criterion].default:
            return kept
        start, end = self._find_evidence(text, score.passage, criterion)
        return (*kept, Signal(criterion=criterion, detector=DETECTOR, start=start, end=end))

    def _score(self, text: MarkedText, passage: Passage, signals: Sequence[Signal]) -> Score:
        """What was learned of the levels counts only while every criterion has the level it had in training."""
        criteria, levels = self._models.predict(text.extract(passage, signals, self._models.vocabulary))
        of_level = dict.fromkeys(self._levels, 0.0)
        for criterion, probability in criteria.items():
            of_level[self._criteria[criterion].level] += probability
        if self._levels_as_trained:
            learned = zip(of_level.items(), levels, strict=True)
            of_level = {level: (by_criteria + by_level) / 2 for (level, by_criteria), by_level in learned}
        at_least = {
            level: sum(of_level[graver] for graver in self._levels[at:])
            for at, level in enumerate(self._levels)
        }
        return Score(passage, criteria, at_least)

    def _doubts(self, signal: Signal, text: MarkedText, scores: Sequence[Score]) -> bool:
        """Whether nothing grave at all is likelier than a signal wherever it stands; other grave matters are no doubt.

        A signal of the gravest level is never doubted: a false alarm costs less than a complaint that is lost.
        """
        level = self._criteria[signal.criterion].level
        if level == self._levels[-1]:
            return False
        near = (score.at_least for score in scores if text.contains(score.passage, signal))
        return all(
            at_least[level] < self._thresholds.doubt * (at_least[level] + 1 - at_least[self._least_grave])
            for at_least in near
        )

    def _find_surest(self, scores: Sequence[Score], level: Level) -> tuple[float, Score]:
        """The passage where a level is likeliest; one alone must be so much surer than the whole text, the first."""
        alone = self._thresholds.alone
        sure = [(score.at_least[level] - alone * bool(at), -at) for at, score in enumerate(scores)]
        most, at = max(sure)
        return most, scores[-at]

    def _decide_level(self, at_least: Mapping[Level, float]) -> Level:
        """The level by the thresholds, given how probable each or a graver one is."""
        lowest, *graver = self._levels
        raised = [level for level in graver if at_least[level] >= self._thresholds.raises.get(level, EVEN)]
        if not raised:
            is_suspected = at_least[self._levels[-1]] >= self._thresholds.suspect
            return self._least_grave if is_suspected else lowest
        return [
            level for level in graver if level == raised[-1] or 2 * at_least[level] > at_least[raised[-1]]
        ][-1]

    def _choose_criterion(self, score: Score, level: Level) -> str:
        of_level = [criterion for criterion in score.criteria if self._criteria[criterion].level == level]
        return max(of_level, key=lambda criterion: score.criteria[criterion])

    def _find_evidence(self, text: MarkedText, passage: Passage, criterion: str) -> tuple[int, int]:
        """The clause of a passage that speaks most for a criterion, in characters [start, end)."""
        clauses: dict[int, list[int]] = defaultdict(list)
        for position in range(*passage):
            clauses[text.clauses[position]].append(position)
        worded = [clause for clause in clauses.values() if any(text.words[at].isalnum() for at in clause)]
        best = max(
            worded or clauses.values(),
            key=lambda clause: self._models.score_clause(
                drop_separators(text.words[at] for at in clause), criterion
            ),
        )
        return text.locate((best[0], best[-1] + 1))
