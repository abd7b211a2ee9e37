"""Cuts a normalised text into words that keep their place, and numbers its clauses and sentences.

A word is a Chinese character, a number, or the stem of an English word: "stops", "stopped" and "stopping" are one
word. Signs stay words too, because clauses end at them.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.routing.domain.severity.normalize import Normalized, normalize

SEPARATORS = frozenset("，,。.！!？?；;：:、\u2014()（）\n")
"""Signs that separate words and mean nothing themselves."""

LONGEST_CLAUSE = 40
"""Words after which a clause without any sign ends."""

_FULL_STOPS = frozenset("。.！!？?；;")
_TOKEN = re.compile(
    r"[\u4e00-\u9fff]|[a-z]+?(?=n't\b)|n't\b|'(?:s|ve|re|ll|d|m)\b|[a-z]+|\d+(?:[.,]\d+)*|\n|[^\s]",
    re.IGNORECASE,
)
_CONTRACTIONS = {"n't": "not", "'ll": "will", "'d": "would", "ca": "can", "wo": "will", "sha": "shall"}
_SILENT = frozenset({"'s", "'ve", "'re", "'m"})
_CACHE_SIZE = 50_000
_VOWEL = re.compile(r"[aeiouy]")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Normalised words, and the characters [start, end) of the text that each came from."""

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def tokenize(normalized: Normalized, stems: "Stems") -> Tokens:
    """Returns the words of a text as `stems` writes them; spans count in the text as it was given."""
    origins = normalized.origins
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(normalized.text):
        start, end = token.span()
        for word in stems[token[0]]:
            words.append(word)
            spans.append((origins[start], origins[end - 1] + 1))
    return Tokens(tuple(words), tuple(spans))


def tokenize_term(text: str, stems: "Stems") -> tuple[str, ...]:
    """Returns the words of a text, such as a term of the lexicon."""
    return tokenize(normalize(text), stems).words


def number_clauses(words: Sequence[str], opening: Collection[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the clause number and the sentence number of every word.

    A clause ends at a separator, or before one of the positions in `opening`, where a word such as "but" stands. Where
    nobody set a sign, one ends after so many words, and a sentence with it.
    """
    steps = _find_steps(words, opening)
    clauses: list[int] = []
    sentences: list[int] = []
    clause = sentence = start = 0
    for end in sorted(steps):
        while start < end:
            run = min(end - start, LONGEST_CLAUSE)
            clauses += [clause] * run
            sentences += [sentence] * run
            start += run
            if start < end:
                clause, sentence = clause + 1, sentence + 1
        clause, sentence = clause + steps[end][0], sentence + steps[end][1]
    return tuple(clauses), tuple(sentences)


def _find_steps(words: Sequence[str], opening: Collection[int]) -> dict[int, tuple[int, int]]:
    """Returns by how much the clause and the sentence number rise before a position; the end of the text is one."""
    steps: dict[int, tuple[int, int]] = {len(words): (0, 0)}
    for position, word in enumerate(words):
        if word in SEPARATORS:
            steps[position + 1] = (word != "、", word in _FULL_STOPS)
    for position in opening:
        clause, sentence = steps.get(position, (0, 0))
        steps[position] = (clause + 1, sentence)
    return steps


def is_chinese(word: str) -> bool:
    """Whether a word is a Chinese character."""
    return "\u4e00" <= word[:1] <= "\u9fff"


class Stems(dict[str, tuple[str, ...]]):
    """The normalised words of a token by its spelling, computed once: mostly one, sometimes none or two.

    `lemmas` maps irregular stems to a common one, and whole words that only look like a form of another to
    themselves: "fired" is not a form of "fire", nor "note" of "not".
    """

    def __init__(self, lemmas: Mapping[str, str]) -> None:
        super().__init__()
        self.lemmas = lemmas

    def __missing__(self, token: str) -> tuple[str, ...]:
        lower = token.lower()
        full = ("can", "not") if lower == "cannot" else (_CONTRACTIONS.get(lower, lower),)
        normalized = () if lower in _SILENT else tuple(map(self._lemma, full))
        if len(self) < _CACHE_SIZE:
            self[token] = normalized
        return normalized

    def _lemma(self, word: str) -> str:
        return self.lemmas.get(word) or self.lemmas.get(stem(word), stem(word))


def stem(word: str) -> str:
    """Returns an English word without its ending; other words as they are."""
    if len(word) < 4 or not word.isascii():
        return word
    return _shorten(_without_ending(word))


def _without_ending(word: str) -> str:
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "y"
    word = _singular(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 2 + (ending == "ing") and _VOWEL.search(rest) and rest[-1] != "e":
            return rest
    return word


def _singular(word: str) -> str:
    rest = word[:-2] if word.endswith(("ses", "xes", "ches", "shes")) else word[:-1]
    plural = word.endswith("s") and len(rest) > 2 and rest[-1] not in "siu"
    return rest if plural else word


def _shorten(word: str) -> str:
    """Without a silent e and without a doubled last letter."""
    shorter = word[:-1] if word.endswith("e") and len(word) > 3 else word
    return shorter[:-1] if len(shorter) > 3 and shorter[-1] == shorter[-2] else shorter
