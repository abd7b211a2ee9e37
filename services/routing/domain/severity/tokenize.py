"""Cuts a text into normalised words that keep their place, and numbers its clauses and sentences.

A word is a Chinese character, a number, or the stem of an English word: "stops", "stopped" and "stopping" are one
word. Signs stay words too, because clauses end at them. What nobody sees (zero-width characters) is left out, and
letters of another width or shape become the plain ones, so that neither hides a word.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

SEPARATORS = frozenset("，,。.！!？?；;：:、\u2014()（）\n")
"""Signs that separate words and mean nothing themselves."""

_FULL_STOPS = frozenset("。.！!？?；;")
_TOKEN = re.compile(
    r"[\u4e00-\u9fff]|[a-z]+?(?=n't\b)|n't\b|'(?:s|ve|re|ll|d|m)\b|[a-z]+|\d+(?:[.,]\d+)*|[^\s]",
    re.IGNORECASE,
)
# Fillers that Unicode counts as letters although nothing of them is seen.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
# Categories of what is not seen by itself: controls, formats, marks on other signs, unassigned code points.
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me", "Cn"})
_CONTRACTIONS = {"n't": "not", "'ll": "will", "'d": "would", "ca": "can", "wo": "will", "sha": "shall"}
_SILENT = frozenset({"'s", "'ve", "'re", "'m"})
_CACHE_SIZE = 50_000
_VOWEL = re.compile(r"[aeiouy]")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Normalised words, and the characters [start, end) of the text that each came from."""

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def tokenize(text: str, normalizer: "Normalizer") -> Tokens:
    """Returns the words of `text` as `normalizer` writes them; spans count in `text` as it was given."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    visible, origins = simplify(text)
    for token in _TOKEN.finditer(visible):
        normalized = normalizer[token[0]]
        words += normalized
        spans += (token.span(),) * len(normalized)
    if visible != text:
        spans = [(origins[start], origins[end - 1] + 1) for start, end in spans]
    return Tokens(tuple(words), tuple(spans))


def number_clauses(words: Sequence[str], opening: Collection[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the clause number and the sentence number of every word.

    A clause ends at a separator, or before one of the positions in `opening`, where a word such as "but" stands.
    """
    clause = sentence = 0
    clauses, sentences = [], []
    for position, word in enumerate(words):
        if position in opening:
            clause += 1
        clauses.append(clause)
        sentences.append(sentence)
        if word in SEPARATORS:
            clause += word != "、"
            sentence += word in _FULL_STOPS
    return tuple(clauses), tuple(sentences)


class Normalizer(dict[str, tuple[str, ...]]):
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


class _Forms(dict[int, str]):
    """The visible form of a character by its code point: nothing, itself, or its plain form; computed once."""

    def __missing__(self, code: int) -> str:
        form = _visible_form(chr(code))
        if len(self) < _CACHE_SIZE:
            self[code] = form
        return form


_FORMS = _Forms({0x2018: "'", 0x2019: "'"})
# Most texts hold nothing else and need not be read character by character.
_PLAIN = re.compile("[ -~\n\t\u4e00-\u9fff，。！？；：、（）“”《》…—]*")


def _visible_form(character: str) -> str:
    """Letters and figures of any width or shape in their plain form; signs stay as they are.

    Half a surrogate pair, as a careless cut leaves it, becomes a question mark.
    """
    if "\ud800" <= character <= "\udfff":
        return "?"
    if character in _FILLERS or (unicodedata.category(character) in _UNSEEN and not character.isspace()):
        return ""
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain.isalnum() else character


def simplify(text: str) -> tuple[str, Sequence[int]]:
    """Returns the text as a reader sees it, and the position in `text` of each of its characters."""
    if _PLAIN.fullmatch(text) or (visible := text.translate(_FORMS)) == text:
        return text, range(len(text))
    return visible, [at for at, character in enumerate(text) for _ in _FORMS[ord(character)]]
