"""Extracts what the classifier counts in a passage: n-grams of words, concepts, and the signals of patterns.

A long text is also read in overlapping passages, so that what decides does not drown in the story around it. Words
and concepts that are not asserted about this case are marked with `~` and hence count as others. Concepts and
signals are counted apart in each language, because different words lead to them there.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.severity import Signal
from services.routing.domain.severity.lexicon import Text
from services.routing.domain.severity.negation import Negation
from services.routing.domain.severity.tokenize import SEPARATORS

NGRAM_VALUE, NAME_VALUE, LANGUAGE_VALUE = 1.0, 2.0, 0.5

Numbers: TypeAlias = NDArray[np.int64]
Passage = tuple[int, int]
"""The words [start, end) of a text."""

PASSAGE_SENTENCES = 4
LONG_SENTENCE = 25
"""After so many words a sentence is cut at its next clause."""
MAX_PASSAGES = 32
CHINESE_FROM = 3
"""With so many Chinese characters a text counts as Chinese, else as English."""

_UNKNOWN = 0
_SILENT = SEPARATORS | {f"~{sign}" for sign in SEPARATORS}
# Concepts that only steer how others are meant say nothing by themselves.
_STEERING = frozenset({"light", "denial"})


@dataclass(frozen=True, slots=True)
class Features:
    """What is counted in one passage: its n-grams, and names of concepts, detectors and criteria.

    `size` counts its words, also those of which nothing was learned.
    """

    language: str
    size: int
    ngrams: Numbers
    names: frozenset[str]

    @property
    def norm(self) -> float:
        """Dividing by it gives all but the language a length of about one, so that length decides nothing."""
        return sqrt(3 * NGRAM_VALUE**2 * self.size + NAME_VALUE**2 * len(self.names)) or 1.0


class MarkedText:
    """A text for the classifier: its words and concepts, `~` before each that is not asserted about this case."""

    def __init__(self, text: Text, negation: Negation) -> None:
        unasserted = negation.find_unasserted()
        self.clauses = text.clauses
        self.locate = text.locate
        self.language = detect_language(text.words)
        self.words: Sequence[str] = text.words
        if unasserted:
            self.words = [f"~{word}" if at in unasserted else word for at, word in enumerate(text.words)]
        self.passages = split_passages(text.clauses, text.sentences)
        self._spans = text.spans
        self._concepts = list(_marked_concepts(text, negation, unasserted))

    def extract(self, passage: Passage, signals: Collection[Signal], vocabulary: "Vocabulary") -> Features:
        """Returns what is counted in a passage, given the signals of the whole text."""
        start, end = passage
        mentioned = {concept for position, concept in self._concepts if start <= position < end}
        # What is asserted once is asserted, whatever is denied of it elsewhere.
        concepts = {name for name in mentioned if not name.startswith("~") or name[1:] not in mentioned}
        names = {f"{self.language}@{concept}" for concept in concepts}
        for signal in signals:
            if self.contains(passage, signal):
                names |= {f"{self.language}#{signal.detector}", f"{self.language}#{signal.criterion}"}
        words = drop_separators(self.words[start:end])
        return Features(f"={self.language}", _size(words), vocabulary.encode(words), frozenset(names))

    def contains(self, passage: Passage, signal: Signal) -> bool:
        """Whether a signal begins in a passage."""
        word = bisect_right(self._spans, signal.start or 0, key=lambda span: span[0]) - 1
        return passage[0] <= max(word, 0) < passage[1]


def _marked_concepts(
    text: Text, negation: Negation, unasserted: Collection[int]
) -> Iterator[tuple[int, str]]:
    """Yields the concepts of a text with the positions where their mentions start.

    An element of a pattern that begins with a concept is left out: it would count that concept twice.
    """
    for concept, mentions in text.mentions.items():
        if concept in _STEERING or concept.startswith("<"):
            continue
        for mention in mentions:
            negated = mention[0] in unasserted or negation.is_denied(mention)
            yield mention[0], f"~{concept}" if negated else concept


def drop_separators(words: Iterable[str]) -> list[str]:
    """Returns the words without the signs that only separate them."""
    return [word for word in words if word not in _SILENT]


def _size(words: Sequence[str]) -> int:
    """The number of words; what is repeated counts no further, however often."""
    return min(2, len(words)) + len(set(zip(words, words[1:], words[2:], strict=False)))


def detect_language(words: Iterable[str]) -> str:
    """Returns `zh` as soon as there are a few Chinese characters, else `en`."""
    chinese = (word for word in words if "\u4e00" <= word[:1] <= "\u9fff")
    return "en" if next(islice(chinese, CHINESE_FROM - 1, None), None) is None else "zh"


def split_passages(clauses: Sequence[int], sentences: Sequence[int]) -> list[Passage]:
    """Returns the whole text, and if it has more than five sentences every four of them besides.

    Takes the clause and the sentence number of every word. A text for which these would be too many is cut into
    longer ones.
    """
    starts = _sentence_starts(clauses, sentences)
    end = len(clauses)
    whole = (0, end)
    if len(starts) <= PASSAGE_SENTENCES + 1:
        return [whole]
    step = ceil((len(starts) - PASSAGE_SENTENCES) / MAX_PASSAGES)
    size = PASSAGE_SENTENCES + step - 1
    bounds = [*starts, end]
    firsts = sorted({*range(0, len(starts) - size, step), len(starts) - size})
    return [whole, *((bounds[first], bounds[first + size]) for first in firsts)]


def _sentence_starts(clauses: Sequence[int], sentences: Sequence[int]) -> list[int]:
    """Where sentences begin, and clauses of a sentence that goes on and on."""
    starts = [0]
    for at in range(1, len(clauses)):
        if sentences[at] != sentences[at - 1] or (
            clauses[at] != clauses[at - 1] and at - starts[-1] >= LONG_SENTENCE
        ):
            starts.append(at)
    return starts


class Vocabulary:
    """Writes n-grams of up to three words as whole numbers: its words are numbered from 1, all others are 0."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._numbers = {word: number for number, word in enumerate(words, 1)}
        self._base = len(words) + 1

    def encode(self, words: Iterable[str]) -> Numbers:
        """Returns the distinct words, pairs and triples of successive words, in ascending order."""
        numbers = self._numbers
        one = np.array([numbers.get(word, _UNKNOWN) for word in words], np.int64)
        two = one[:-1] * self._base + one[1:]
        three = two[:-1] * self._base + one[2:]
        # One that begins with an unknown word would pass for a shorter one, which is there anyway.
        return _distinct(np.concatenate((one, two, three)))

    def encode_ngram(self, words: Sequence[str]) -> int:
        """Returns the number of one n-gram of known words."""
        number = 0
        for word in words:
            number = number * self._base + self._numbers[word]
        return number

    def decode(self, ngram: int) -> list[str]:
        """Returns the words of an n-gram; none if one of them is unknown."""
        words: list[str] = []
        while ngram:
            ngram, number = divmod(ngram, self._base)
            if number == _UNKNOWN:
                return []
            words.insert(0, self.words[number - 1])
        return words


def _distinct(numbers: Numbers) -> Numbers:
    """Each number once, in order; `np.unique` takes three times as long for so few."""
    numbers.sort()
    is_first = np.empty(len(numbers), np.bool_)
    is_first[:1] = True
    np.not_equal(numbers[1:], numbers[:-1], out=is_first[1:])
    return numbers[is_first]
