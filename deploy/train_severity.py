"""Learns the weights of the severity scorer from labelled complaints; needs scikit-learn, running does not.

Usage: python -m deploy.train_severity tests/data/complaints_training*.jsonl deploy/training/*.txt
"""

import json
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from schemas.severity import LEVELS, Statement
from services.routing.domain.severity.hearing import hear, see
from services.routing.domain.severity.linear import bucket, features
from services.routing.domain.severity.rules import Rules, compile_rules
from services.routing.domain.severity.stance import Ground, voice
from services.routing.domain.severity.tokens import tokenise
from services.routing.settings.severity import POLICIES, load_policy

BUCKETS = 1 << 20
SELDOM = 2
STRENGTH = 10.0
# A case is learned as its most telling criterion: the rarer sign before the commoner one.
TELLING = (
    *("M1", "M2", "M3", "M4", "P10", "M6", "M5"),
    *("P2", "P5", "P6", "P7", "P9", "P3", "P4", "P11", "P1", "P8"),
    *("G3", "G2", "G1"),
)

Example = tuple[str, str]


def examples(path: Path, rules: Rules) -> Iterator[Example]:
    """Yields (text, criterion) from JSON Lines {text, criteria, level} or from lines `criterion|text`."""
    for line in path.read_text("utf-8").splitlines():
        if path.suffix == ".jsonl":
            said = json.loads(line)
            heard = [
                each for each in said["criteria"] if said["channel"] not in rules.criteria[each].channels
            ]
            yield said["text"], _telling(heard or [_default(rules)], rules)
        elif line and not line.startswith("#"):
            criterion, text = line.split("|", 1)
            yield text, criterion


def _default(rules: Rules) -> str:
    return next(each.id for each in rules.criteria.values() if each.default)


def _telling(criteria: Iterable[str], rules: Rules) -> str:
    return min(criteria, key=lambda each: (-LEVELS.index(rules.criteria[each].level), TELLING.index(each)))


def rows(text: str, rules: Rules) -> Iterator[dict[int, float]]:
    """The features as at run time, and once more as if no detector had known the words.

    The detectors were written with these examples in view: without the second row the scorer would
    trust them more than they deserve on words nobody has seen.
    """
    tokens = tokenise(text, rules.lexicon.speller)
    told = voice(tokens.words, Ground(see(tokens, rules)))
    detectors = sorted({finding.detector for finding in hear(Statement(text=text), rules).findings})
    for known in (detectors, []):
        yield {bucket(each, BUCKETS): value for each, value in features(told, known).items()}


def main(paths: Iterable[str]) -> None:
    """Writes weights.json beside the policy."""
    rules = compile_rules(load_policy("gtmc"))
    told = [example for path in paths for example in examples(Path(path), rules)]
    pairs = [(row, criterion) for text, criterion in told for row in rows(text, rules)]
    counts = Counter(each for row, _ in pairs for each in row)
    kept = sorted(each for each, count in counts.items() if count >= 2 * SELDOM)
    known = _matrix([row for row, _ in pairs], kept)
    meant = [criterion for _, criterion in pairs]
    levels = {criterion: rules.criteria[criterion].level for criterion in sorted(set(meant))}
    heads = [_fit(known, meant, list(levels)), _fit(known, [levels[each] for each in meant], LEVELS)]
    weights = np.vstack([coefficients for coefficients, _ in heads])
    scale = float(np.abs(weights).max()) / 127
    table = np.rint(weights.T / scale).astype(np.int8)
    written = {
        "criteria": levels,
        "buckets": BUCKETS,
        "kept": kept,
        "table": b64encode(table.tobytes()).decode(),
        "scale": scale,
        "bias": [round(float(each), 5) for _, biases in heads for each in biases],
    }
    target = POLICIES / "weights.json"
    target.write_text(json.dumps(written, separators=(",", ":")) + "\n", "utf-8")
    print(f"{len(told)} examples, {len(kept)} features, {target.stat().st_size} bytes")


def _fit(known: csr_matrix, meant: Sequence[str], outcomes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The coefficients and biases, one row for each of `outcomes` in their order."""
    model = LogisticRegression(C=STRENGTH, max_iter=1000, tol=1e-4).fit(known, meant)
    order = [list(model.classes_).index(each) for each in outcomes]
    return model.coef_[order], model.intercept_[order]


def _matrix(found: list[dict[int, float]], kept: list[int]) -> csr_matrix:
    place = {each: at for at, each in enumerate(kept)}
    cells = [
        (y, place[each], value) for y, row in enumerate(found) for each, value in row.items() if each in place
    ]
    ys, xs, values = zip(*cells, strict=True)
    return csr_matrix((values, (ys, xs)), shape=(len(found), len(kept)))


if __name__ == "__main__":
    main(sys.argv[1:])
