"""What is learned finds signals again, wherever they stand, and weights can be written and read."""

from pathlib import Path

import numpy as np
import pytest

from deploy.severity.training import (
    Example,
    Windows,
    as_examples,
    cut_windows,
    learn,
    learned_signals,
)
from services.routing.domain.severity.classifier import Classifier, Weights
from services.routing.domain.severity.complaint_text import read
from services.routing.domain.severity.detectors import compile_detectors
from services.routing.domain.severity.lexicon import Lexicon
from services.routing.domain.severity.normalize import normalize
from services.routing.domain.severity.tokenize import tokenize
from services.routing.store.severity_files import load_lexicon, load_severity, load_weights, save_weights
from tests.unit.severity.complaints import few_dozen

pytestmark = pytest.mark.whole

POLICY = load_severity()
SIGNALS = ["fire", "control_lost", "wants_replacement", "injury"]
ORDINARY = (
    "They asked me to wait in the lounge. The coffee was cold. A man read the paper. Nobody called my name. "
)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return compile_detectors(load_lexicon()).lexicon


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return as_examples(few_dozen(), POLICY)


@pytest.fixture(scope="module")
def windows(examples: list[Example], lexicon: Lexicon) -> Windows:
    return cut_windows([example.text for example in examples], lexicon)


@pytest.fixture(scope="module")
def weights(examples: list[Example], windows: Windows) -> Weights:
    return learn(examples, windows, SIGNALS, {"sha256:0": len(examples)})


def cut(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    return tokenize(normalize(text), lexicon.stems).words


def likeliest(weights: Weights, text: str, lexicon: Lexicon) -> str:
    (found,) = Classifier(weights).classify([cut(text, lexicon)])
    return max(found, key=lambda signal: found[signal].probability)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("Smoke came from the dashboard", "fire"),
        ("突然没动力了", "control_lost"),
        ("我要换一辆新车", "wants_replacement"),
    ],
)
def test_what_was_learned_is_found_again(weights: Weights, lexicon: Lexicon, text: str, signal: str) -> None:
    assert likeliest(weights, text, lexicon) == signal
    assert likeliest(weights, ORDINARY + text, lexicon) == signal


def test_a_signal_that_no_example_shows_is_never_probable(weights: Weights, lexicon: Lexicon) -> None:
    (found,) = Classifier(weights).classify([cut("Smoke came from the dashboard", lexicon)])
    assert found["injury"].probability < 0.01


def test_windows_are_those_that_the_classifier_sees(lexicon: Lexicon) -> None:
    rng = np.random.default_rng(4)
    weights = Weights(("a",), rng.normal(size=(2**17, 1)).astype(np.float32), np.zeros(1, np.float32), {})
    texts = [ORDINARY, "Smoke", "!", ORDINARY + "刹车踩下去没有反应。" + ORDINARY.upper() + "Smoke " * 90]
    windows = cut_windows(texts, lexicon)
    scores = np.asarray(windows.features @ weights.table)[:, 0]
    highest = [
        scores[first:end].max() for first, end in zip(windows.bounds, windows.bounds[1:], strict=False)
    ]
    classified = Classifier(weights).classify([read(text, lexicon).mark_unasserted() for text in texts])
    for score, found in zip(highest, classified, strict=True):
        if found:
            assert found["a"].probability == pytest.approx(1 / (1 + np.exp(-score)), rel=1e-4)


def test_some_of_the_windows_are_those_of_some_of_the_examples(windows: Windows, lexicon: Lexicon) -> None:
    texts = [complaint.text for complaint in few_dozen()]
    some = windows.take(np.array([5, 17]))
    alone = cut_windows([texts[5], texts[17]], lexicon)
    assert (some.bounds == alone.bounds).all()
    assert (some.features != alone.features).nnz == 0


def test_learning_twice_gives_the_same(weights: Weights, examples: list[Example], windows: Windows) -> None:
    again = learn(examples, windows, SIGNALS, {})
    assert (again.table == weights.table).all()
    assert (again.bias == weights.bias).all()


def test_weights_are_read_as_they_were_written_and_hold_no_words(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    save_weights(weights, path)
    read = load_weights(path)
    assert read is not None
    assert (read.signals, read.trained_on) == (weights.signals, weights.trained_on)
    assert np.abs(read.table - weights.table).max() <= np.abs(weights.table).max() / 250
    with np.load(path, allow_pickle=False) as archive:
        assert b"smoke" not in archive["legend"].tobytes()
        assert all(archive[name].dtype.kind in "iuf" for name in archive)


def test_signals_of_the_lowest_level_are_not_learned() -> None:
    learned = learned_signals(POLICY)
    assert "fire" in learned
    assert "ordinary_fault" not in learned


@pytest.mark.parametrize("texts", [["…"], ["…", "Smoke came out."], ["…", "!"]])
def test_a_text_without_words_has_a_window_with_nothing_in_it(texts: list[str], lexicon: Lexicon) -> None:
    cut_up = cut_windows(texts, lexicon)
    assert cut_up.bounds[:2].tolist() == [0, 1]
    assert cut_up.features[0].nnz == 0
