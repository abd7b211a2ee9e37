"""Long texts are classified passage by passage, and n-grams are numbered by their words in order."""

from pathlib import Path

import numpy as np
import pytest

from schemas.severity import Statement
from services.common.runtime.files import FileError
from services.routing.domain.severity.classifier import Weights
from services.routing.domain.severity.features import Vocabulary, drop_separators, split_passages
from services.routing.domain.severity.judge import judge
from services.routing.domain.severity.tokenize import Normalizer, number_clauses, tokenize
from services.routing.store.severity_files import load_rules, load_weights

RULES = load_rules()
STORY = (
    "It was a grey morning and I had nothing planned. I filled up at the usual station. The road was empty. "
)


def cut(text: str) -> list[str]:
    tokens = tokenize(text, Normalizer({}))
    passages = split_passages(*number_clauses(tokens.words, ()))
    return [text[tokens.spans[start][0] : tokens.spans[end - 1][1]] for start, end in passages]


def test_a_text_of_five_sentences_is_one_passage() -> None:
    assert cut("One. Two. Three. Four. Five.") == ["One. Two. Three. Four. Five."]


def test_of_a_longer_one_every_four_sentences_are_a_passage_besides() -> None:
    text = "One. Two. Three. Four. Five. Six."
    assert cut(text) == [text, "One. Two. Three. Four.", "Two. Three. Four. Five.", "Three. Four. Five. Six."]


def test_a_sentence_that_goes_on_and_on_is_cut_at_its_clauses() -> None:
    clause = "and then I drove on for another hour or so without thinking of it, "
    assert len(cut(clause * 12)) > 1


def test_a_very_long_text_has_longer_passages_instead_of_many_and_none_is_left_out() -> None:
    text = " ".join(f"Sentence number {number}." for number in range(400))
    found = cut(text)
    assert len(found) < 40
    assert all(any(f"number {number}." in passage for passage in found[1:]) for number in range(400))


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
    assert judge(Statement(text=STORY * before + point), RULES).level == "major"


def test_evidence_lies_in_the_passage_that_decides() -> None:
    text = STORY * 3 + "The pedal went to the floor and the car kept rolling towards the crossing. " + STORY
    found = judge(Statement(text=text), RULES)
    assert found.level == "major"
    [spans] = [{(each.start, each.end) for each in found.signals if each.criterion == found.deciding}]
    assert all("pedal" in text[start:end] or "rolling" in text[start:end] for start, end in spans)


def test_ngrams_are_known_words_by_themselves_and_in_order() -> None:
    vocabulary = Vocabulary(["brake", "fail", "the"])
    ngrams = vocabulary.encode(drop_separators(["the", "brake", ",", "fail"])).tolist()
    decoded = [vocabulary.decode(ngram) for ngram in ngrams]
    assert sorted(map(tuple, decoded)) == [
        ("brake",), ("brake", "fail"), ("fail",), ("the",), ("the", "brake"), ("the", "brake", "fail"),
    ]  # fmt: skip
    assert all(vocabulary.encode_ngram(words) == ngram for words, ngram in zip(decoded, ngrams, strict=True))


def test_an_unknown_word_breaks_an_ngram() -> None:
    vocabulary = Vocabulary(["brake", "fail"])
    ngrams = vocabulary.encode(drop_separators(["brake", "suddenly", "fail"])).tolist()
    assert [words for ngram in ngrams if (words := vocabulary.decode(ngram))] == [["brake"], ["fail"]]


def test_weights_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="table"):
        Weights({"M1": "major"}, ("a",), np.array([1]), (), np.zeros((2, 4), np.int8), 1.0, np.zeros(4))
    file = tmp_path / "weights.npz"
    file.write_bytes(b"no weights")
    with pytest.raises(FileError, match=r"weights\.npz: should be weights"):
        load_weights(file)
    np.savez(file, table=np.zeros((2, 4), np.int8))
    with pytest.raises(FileError, match=r"weights\.npz: should be weights .*ngrams"):
        load_weights(file)
