"""Learns the weights of the severity classifier from labelled complaints; needs scikit-learn, running does not.

Usage: python -m deploy.train_severity
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from deploy.demo.complaints import complaints
from schemas.severity import Level, Signal
from services.routing.domain.severity.features import (
    LANGUAGE_VALUE,
    NAME_VALUE,
    NGRAM_VALUE,
    Features,
    MarkedText,
    Vocabulary,
    detect_language,
)
from services.routing.domain.severity.judge import Rules, compile_rules, match_patterns
from services.routing.domain.severity.negation import Negation
from services.routing.domain.severity.tokenize import tokenize
from services.routing.store.severity_files import POLICIES, WEIGHTS, load_severity

TRAINING = Path(__file__).with_name("training")
MIN_COUNT = 4
REGULARIZATION = 10.0
STORY_SHARE = 0.3
# What weighs no more than this in every column, out of 127, decides nothing.
NEGLIGIBLE = 2
# A complaint of several criteria is learned as the gravest, and of equal ones as the first of these, the rarest.
RAREST_FIRST = (
    *("M1", "M2", "M3", "M4", "P10", "M6", "M5"),
    *("P2", "P5", "P6", "P7", "P9", "P3", "P4", "P11", "P1", "P8"),
    *("G3", "G2", "G1"),
)

Example = tuple[str, str]
Column = int | str


def examples(rules: Rules) -> Iterator[Example]:
    """Yields (text, criterion) of every line `criterion|text`, and of the labelled complaints in either language."""
    for path in sorted(TRAINING.glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                criterion, text = line.split("|", 1)
                yield text, criterion
    for complaint in complaints():
        # What only the channel says, no words can teach.
        by_words = [
            criterion
            for criterion in complaint.criteria
            if complaint.channel not in rules.criteria[criterion].channels
        ]
        criterion = _deciding(by_words or [_default(rules)], rules)
        yield complaint.narrative_zh, criterion
        yield complaint.narrative_en, criterion


def in_stories(plain: Sequence[Example]) -> Iterator[Example]:
    """Yields the examples, and some of them once more with sentences of a story around them."""
    draws = Random(0)
    stories: dict[str, list[str]] = {"zh": [], "en": []}
    for line in (TRAINING / "story.txt").read_text("utf-8").splitlines()[1:]:
        stories[detect_language(line)].append(line.split("|", 1)[1])
    for text, criterion in plain:
        yield text, criterion
        if draws.random() < STORY_SHARE:
            language = detect_language(text)
            around = draws.sample(stories[language], draws.randint(1, 2))
            before = draws.randint(0, len(around))
            yield (
                ("" if language == "zh" else " ").join([*around[:before], text, *around[before:]]),
                criterion,
            )


def _default(rules: Rules) -> str:
    return next(criterion.id for criterion in rules.criteria.values() if criterion.default)


def _deciding(criteria: Iterable[str], rules: Rules) -> str:
    return min(
        criteria,
        key=lambda criterion: (
            -rules.policy.gravity(rules.criteria[criterion].level),
            RAREST_FIRST.index(criterion),
        ),
    )


@dataclass(frozen=True, slots=True)
class Lesson:
    """One example as the classifier will see it: its text, the signals of its patterns, and the right criterion."""

    text: MarkedText
    signals: tuple[Signal, ...]
    criterion: str

    @classmethod
    def of(cls, example: Example, rules: Rules) -> "Lesson":
        """Reads one example as a complaint is read at run time."""
        text = rules.lexicon.read(tokenize(example[0], rules.lexicon.normalizer))
        negation = Negation(text)
        signals, _ = match_patterns(text, negation, frozenset(), rules)
        return cls(MarkedText(text, negation), signals, example[1])

    def rows(self, vocabulary: Vocabulary) -> Iterator[Features]:
        """Yields the features as at run time, and once more as if no detector had matched.

        Detectors were written with some of these examples in view: without the second row the classifier
        would trust them more than they deserve on words nobody has seen.
        """
        whole = self.text.passages[0]
        for signals in (self.signals, ()):
            yield self.text.extract(whole, signals, vocabulary)


def cells(features: Features) -> dict[Column, float]:
    """Returns the values of a row by n-gram or by name."""
    values: dict[Column, float] = dict.fromkeys(features.ngrams.tolist(), NGRAM_VALUE / features.norm)
    values |= dict.fromkeys(features.names, NAME_VALUE / features.norm)
    return values | {features.language: LANGUAGE_VALUE}


def main() -> None:
    """Writes the weights beside the policy."""
    rules = compile_rules(load_severity("gtmc"))
    lessons = [Lesson.of(example, rules) for example in in_stories(list(examples(rules)))]
    words = Counter(word for lesson in lessons for word in lesson.text.words)
    vocabulary = Vocabulary(sorted(word for word, count in words.items() if 2 * count >= MIN_COUNT))
    rows = [(cells(row), lesson.criterion) for lesson in lessons for row in lesson.rows(vocabulary)]
    counts = Counter(column for row, _ in rows for column in row)
    frequent = [column for column, count in counts.items() if count >= MIN_COUNT]
    columns = [column for column in frequent if isinstance(column, str) or vocabulary.decode(column)]
    matrix = _matrix([row for row, _ in rows], columns)
    labels = [criterion for _, criterion in rows]
    criteria = {criterion: rules.criteria[criterion].level for criterion in sorted(set(labels))}
    models = [
        _fit(matrix, labels, list(criteria)),
        _fit(matrix, [criteria[criterion] for criterion in labels], rules.policy.level_ids),
    ]
    coefficients = np.vstack([weights for weights, _ in models]).T
    scale = float(np.abs(coefficients).max()) / 127
    table = np.rint(coefficients / scale).astype(np.int8)
    kept = {column: row for column, row in zip(columns, table, strict=True) if np.abs(row).max() > NEGLIGIBLE}
    _write(kept, vocabulary, criteria, scale, np.concatenate([bias for _, bias in models]))
    print(f"{len(lessons)} examples, {len(kept)} features, {(POLICIES / WEIGHTS).stat().st_size} bytes")


def _write(
    rows: dict[Column, NDArray[np.int8]],
    vocabulary: Vocabulary,
    criteria: dict[str, Level],
    scale: float,
    bias: NDArray[np.float64],
) -> None:
    """Writes only words of the n-grams that are kept, hence n-grams get new numbers."""
    spelt = {column: vocabulary.decode(column) for column in rows if isinstance(column, int)}
    smaller = Vocabulary(sorted({word for words in spelt.values() for word in words}))
    ngrams = {smaller.encode_ngram(words): rows[column] for column, words in spelt.items()}
    names = sorted(column for column in rows if isinstance(column, str))
    legend = {"criteria": criteria, "words": smaller.words, "names": names, "scale": scale}
    np.savez_compressed(
        POLICIES / WEIGHTS,
        legend=np.frombuffer(json.dumps(legend, ensure_ascii=False).encode(), np.uint8),
        ngrams=np.array(sorted(ngrams), np.int64),
        table=np.array(
            [*(ngrams[ngram] for ngram in sorted(ngrams)), *(rows[name] for name in names)], np.int8
        ),
        bias=np.round(bias, 5),
    )


def _fit(
    matrix: csr_matrix, labels: Sequence[str], outcomes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the coefficients and biases, one row for each of `outcomes` in their order."""
    model = LogisticRegression(C=REGULARIZATION, max_iter=1_500, tol=1e-4).fit(matrix, labels)
    order = [list(model.classes_).index(outcome) for outcome in outcomes]
    return model.coef_[order], model.intercept_[order]


def _matrix(rows: list[dict[Column, float]], columns: list[Column]) -> csr_matrix:
    places = {column: at for at, column in enumerate(columns)}
    entries = [
        (y, places[column], value)
        for y, row in enumerate(rows)
        for column, value in row.items()
        if column in places
    ]
    ys, xs, values = zip(*entries, strict=True)
    return csr_matrix((values, (ys, xs)), shape=(len(rows), len(columns)))


if __name__ == "__main__":
    main()
