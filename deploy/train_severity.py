"""Learns the weights of the severity scorer from labelled complaints; needs scikit-learn, running does not.

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
from schemas.severity import LEVELS, Level, Statement
from services.routing.domain.severity.hearing import hear, see
from services.routing.domain.severity.linear import IDEA, TONGUE, WORD, Features, language
from services.routing.domain.severity.rules import Rules, compile_rules
from services.routing.domain.severity.runs import Vocabulary
from services.routing.domain.severity.stance import Ground
from services.routing.domain.severity.telling import Text
from services.routing.domain.severity.tokens import tokenise
from services.routing.settings.severity import POLICIES, WEIGHTS, load_severity

TRAINING = Path(__file__).with_name("training")
SELDOM = 4
STRENGTH = 10.0
IN_STORY = 0.3
# What weighs less than this in every column, out of 127, decides nothing.
FAINT = 2
# A case is learned as its most telling criterion: the rarer sign before the commoner one.
TELLING = (
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
        said = [each for each in complaint.criteria if complaint.channel not in rules.criteria[each].channels]
        criterion = _telling(said or [_default(rules)], rules)
        yield complaint.narrative_zh, criterion
        yield complaint.narrative_en, criterion


def in_stories(told: Sequence[Example]) -> Iterator[Example]:
    """Yields the examples, and some of them once more with sentences of a story around them."""
    draws = Random(0)
    stories: dict[str, list[str]] = {"zh": [], "en": []}
    for line in (TRAINING / "story.txt").read_text("utf-8").splitlines()[1:]:
        stories[language(line)].append(line.split("|", 1)[1])
    for text, criterion in told:
        yield text, criterion
        if draws.random() < IN_STORY:
            tongue = language(text)
            around = draws.sample(stories[tongue], draws.randint(1, 2))
            before = draws.randint(0, len(around))
            yield ("" if tongue == "zh" else " ").join([*around[:before], text, *around[before:]]), criterion


def _default(rules: Rules) -> str:
    return next(each.id for each in rules.criteria.values() if each.default)


def _telling(criteria: Iterable[str], rules: Rules) -> str:
    return min(criteria, key=lambda each: (-LEVELS.index(rules.criteria[each].level), TELLING.index(each)))


@dataclass(frozen=True, slots=True)
class Lesson:
    """One example with what is known of it at run time."""

    text: Text
    statement: Statement
    criterion: str

    @classmethod
    def of(cls, example: Example, rules: Rules) -> "Lesson":
        tokens = tokenise(example[0], rules.lexicon.speller)
        return cls(Text(tokens, Ground(see(tokens, rules))), Statement(text=example[0]), example[1])

    def rows(self, vocabulary: Vocabulary, rules: Rules) -> Iterator[Features]:
        """The features as at run time, and once more as if no detector had known the words.

        Detectors were written with some of these examples in view: without the second row the scorer
        would trust them more than they deserve on words nobody has seen.
        """
        whole = self.text.passages[0]
        for known in (hear(self.statement, rules).signals, ()):
            yield self.text.features(whole, known, vocabulary)


def cells(features: Features) -> dict[Column, float]:
    """What a row holds, by run or by name."""
    told: dict[Column, float] = dict.fromkeys(features.runs.tolist(), WORD / features.length)
    told |= dict.fromkeys(features.names, IDEA / features.length)
    return told | {features.tongue: TONGUE}


def main() -> None:
    """Writes the weights beside the policy."""
    rules = compile_rules(load_severity("gtmc"))
    lessons = [Lesson.of(example, rules) for example in in_stories(list(examples(rules)))]
    heard = Counter(word for lesson in lessons for word in lesson.text.voice.words)
    vocabulary = Vocabulary(sorted(word for word, count in heard.items() if 2 * count >= SELDOM))
    rows = [(cells(row), lesson.criterion) for lesson in lessons for row in lesson.rows(vocabulary, rules)]
    met = Counter(column for row, _ in rows for column in row)
    often = [column for column, count in met.items() if count >= SELDOM]
    kept = [column for column in often if isinstance(column, str) or vocabulary.spelt(column)]
    known = _matrix([row for row, _ in rows], kept)
    meant = [criterion for _, criterion in rows]
    criteria = {criterion: rules.criteria[criterion].level for criterion in sorted(set(meant))}
    heads = [_fit(known, meant, list(criteria)), _fit(known, [criteria[each] for each in meant], LEVELS)]
    coefficients = np.vstack([weights for weights, _ in heads]).T
    scale = float(np.abs(coefficients).max()) / 127
    table = np.rint(coefficients / scale).astype(np.int8)
    loud = {column: row for column, row in zip(kept, table, strict=True) if np.abs(row).max() > FAINT}
    _write(loud, vocabulary, criteria, scale, np.concatenate([bias for _, bias in heads]))
    print(f"{len(lessons)} examples, {len(loud)} features, {(POLICIES / WEIGHTS).stat().st_size} bytes")


def _write(
    loud: dict[Column, NDArray[np.int8]],
    vocabulary: Vocabulary,
    criteria: dict[str, Level],
    scale: float,
    bias: NDArray[np.float64],
) -> None:
    """Only words of the runs that are kept are written, hence runs get new numbers."""
    spelt = {column: vocabulary.spelt(column) for column in loud if isinstance(column, int)}
    smaller = Vocabulary(sorted({word for words in spelt.values() for word in words}))
    runs = {smaller.run(words): loud[column] for column, words in spelt.items()}
    names = sorted(column for column in loud if isinstance(column, str))
    told = {"criteria": criteria, "words": smaller.words, "names": names, "scale": scale}
    np.savez_compressed(
        POLICIES / WEIGHTS,
        told=np.frombuffer(json.dumps(told, ensure_ascii=False).encode(), np.uint8),
        runs=np.array(sorted(runs), np.int64),
        table=np.array([*(runs[run] for run in sorted(runs)), *(loud[name] for name in names)], np.int8),
        bias=np.round(bias, 5),
    )


def _fit(
    known: csr_matrix, meant: Sequence[str], outcomes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The coefficients and biases, one row for each of `outcomes` in their order."""
    model = LogisticRegression(C=STRENGTH, max_iter=1_500, tol=1e-4).fit(known, meant)
    order = [list(model.classes_).index(each) for each in outcomes]
    return model.coef_[order], model.intercept_[order]


def _matrix(found: list[dict[Column, float]], kept: list[Column]) -> csr_matrix:
    place = {each: at for at, each in enumerate(kept)}
    cells = [
        (y, place[each], value) for y, row in enumerate(found) for each, value in row.items() if each in place
    ]
    ys, xs, values = zip(*cells, strict=True)
    return csr_matrix((values, (ys, xs)), shape=(len(found), len(kept)))


if __name__ == "__main__":
    main()
