"""The classifier reads units of a text in windows; what it learned is refused where it does not belong together."""

from pathlib import Path

import numpy as np
import pytest

from services.common.runtime.files import FileError
from services.routing.domain.severity.classifier import (
    FEATURES,
    Classifier,
    Weights,
    count,
    ngrams,
    split_units,
)
from services.routing.domain.severity.lexicon import Lexicon, Text
from services.routing.domain.severity.normalize import normalize
from services.routing.domain.severity.tokenize import tokenize
from services.routing.store.severity_files import load_reader, load_weights, save_weights
from tests.judging import judged

LEXICON = Lexicon({}, {})
STORY = (
    "It was a grey morning and I had nothing planned. I filled up at the usual station. The road was empty. "
)


def read(text: str) -> Text:
    return LEXICON.read(tokenize(normalize(text), LEXICON.stems))


def units(text: str) -> list[str]:
    """The units of a text, as they stand in it."""
    tokens = read(text)
    return [text[slice(*tokens.locate((unit.start, unit.end)))] for unit in split_units(tokens.words)]


def weights(seed: int = 1) -> Weights:
    """Weights of two signals that mean nothing."""
    draws = np.random.default_rng(seed)
    table = draws.normal(size=(FEATURES, 2)).astype(np.float32)
    return Weights(("fire", "injury"), table, np.zeros(2, np.float32), {"sha256:0": 3})


def test_a_sentence_is_a_unit_however_short() -> None:
    text = "No. I really waited for two hours. The road was quite empty then."
    assert units(text) == ["No.", "I really waited for two hours.", "The road was quite empty then."]


def test_a_sentence_that_goes_on_and_on_is_cut_at_its_separators() -> None:
    clause = "and then I drove on for another hour or so without thinking of it, "
    assert len(units(" ".join(clause.replace("hour", f"hour {number}") for number in range(12)))) > 1
    assert len(units("空" * 180)) == 1  # the same again says nothing new
    assert len(units("".join(chr(0x4E00 + number) for number in range(300)))) >= 5


def test_what_was_said_already_is_no_unit_again() -> None:
    assert units("The road was quite empty. " * 20) == ["The road was quite empty."]


def test_every_word_is_in_one_unit_in_order() -> None:
    tokens = read(STORY + "刹车有点软，方向盘也沉。")
    found = split_units(tokens.words)
    assert [unit.start for unit in found] == [0, *(unit.end for unit in found[:-1])]
    assert found[-1].end == len(tokens.words)


def test_ngrams_are_words_alone_and_in_order() -> None:
    assert sorted(ngrams(["the", "brake", "fail"])) == [
        "brake", "brake fail", "fail", "the", "the brake", "the brake fail",
    ]  # fmt: skip
    assert "刹 车 失 灵" in ngrams(list("刹车失灵了"))


@pytest.mark.whole
def test_ngrams_are_hashed_as_scikit_learn_does() -> None:
    from sklearn.feature_extraction import FeatureHasher  # noqa: PLC0415 - heavy, and only here of use

    cut = [*split_units(read(STORY).words), *split_units(read("刹车踩下去是软的。车没有马上停,吓人!").words)]
    rows = count(iter(cut))
    hasher = FeatureHasher(FEATURES, input_type="string", alternate_sign=False)
    theirs = hasher.transform([ngrams(unit.words) for unit in cut])
    assert np.array_equal(rows.indices, theirs.indices)
    assert np.array_equal(rows.indptr, theirs.indptr)
    # Two n-grams in one place count once.
    assert rows.data.tolist() == [1.0] * len(theirs.data)


@pytest.mark.parametrize("texts", [[], [[]], [[], []]])
def test_nothing_is_found_where_there_are_no_words(texts: list[list[str]]) -> None:
    assert Classifier(weights()).classify(texts) == [{}] * len(texts)


def test_a_text_is_as_probable_in_a_batch_as_alone() -> None:
    classifier = Classifier(weights())
    texts = [read(text).words for text in (STORY, "刹车失灵了", "", STORY * 3)]
    together, alone = classifier.classify(texts), [classifier.classify([text])[0] for text in texts]
    assert together[2] == {}
    for one, other in zip(together, alone, strict=True):
        assert {name: round(learned.probability, 5) for name, learned in one.items()} == {
            name: round(learned.probability, 5) for name, learned in other.items()
        }


def test_repetition_changes_no_probability() -> None:
    classifier = Classifier(weights())
    once, often = classifier.classify([read(STORY).words, read(STORY * 50).words])
    assert {name: round(learned.probability, 5) for name, learned in once.items()} == {
        name: round(learned.probability, 5) for name, learned in often.items()
    }


@pytest.mark.parametrize("before", [0, 1, 2, 4, 8])
@pytest.mark.parametrize(
    "point",
    [
        "The car caught fire and my leg was broken.",
        "Then the brakes failed completely and I hit a tree.",
        "In the crash the airbag did not deploy.",
        "The police are investigating.",
    ],
)
def test_an_explicit_major_stays_one_whatever_is_told_around_it(point: str, before: int) -> None:
    assert judged(STORY * before + point).level == "major"


def test_evidence_lies_in_the_sentence_that_decides() -> None:
    point = "The pedal went to the floor and the car kept rolling towards the crossing. "
    text = STORY * 3 + point + STORY
    judgement = judged(text)
    assert "major" in {judgement.level, judgement.suspected}
    spans = {(signal.start, signal.end) for signal in judgement.signals if signal.criterion == "M4"}
    assert spans
    assert all(text[start:end].strip() in point for start, end in spans if start is not None)


def test_weights_are_written_and_read_as_they_were_but_for_rounding(tmp_path: Path) -> None:
    given = weights()
    save_weights(given, tmp_path / "weights.npz")
    again = load_weights(tmp_path / "weights.npz")
    assert again is not None
    assert (again.signals, again.trained_on) == (given.signals, given.trained_on)
    assert np.allclose(again.table, given.table, atol=np.abs(given.table).max() / 120)


def test_without_weights_the_patterns_are_read_alone(tmp_path: Path) -> None:
    assert load_weights(tmp_path / "weights.npz") is None
    assert load_reader(tmp_path).classifier is None


def test_weights_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="table"):
        Weights(("fire",), np.zeros((2, 1), np.float32), np.zeros(1, np.float32), {})
    with pytest.raises(ValueError, match="table"):
        Weights(("fire",), np.zeros((FEATURES, 1), np.float32), np.zeros(2, np.float32), {})
    file = tmp_path / "weights.npz"
    file.write_bytes(b"no weights")
    with pytest.raises(FileError, match=r"weights\.npz: should be weights"):
        load_weights(file)
    np.savez(file, table=np.zeros((2, 4), np.int8))
    with pytest.raises(FileError, match=r"weights\.npz: should be weights .*legend"):
        load_weights(file)


def test_weights_with_pickled_objects_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.npz"
    np.savez(file, legend=np.array([{"signals": ()}], dtype=object))
    with pytest.raises(FileError, match=r"weights\.npz: should be weights"):
        load_weights(file)
