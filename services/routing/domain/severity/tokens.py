"""Cuts a text into tokens that keep their place: a Chinese character, a number, or an English word stem."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"[\u4e00-\u9fff]|[a-z]+?(?=n't\b)|n't\b|'(?:s|ve|re|ll|d|m)\b|[a-z]+|\d+(?:[.,]\d+)*|[^\s]",
    re.IGNORECASE,
)
# Fillers that Unicode counts as letters although nothing of them is seen.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
# Categories of what is not seen by itself: controls, formats, marks on other signs, unassigned code points.
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me", "Cn"})
_SPOKEN = {"n't": "not", "'ll": "will", "'d": "would", "ca": "can", "wo": "will", "sha": "shall"}
_SILENT = frozenset({"'s", "'ve", "'re", "'m"})
REMEMBERED = 50_000
_VOWEL = re.compile(r"[aeiouy]")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Normalised words with the character span each came from."""

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def stem(word: str) -> str:
    """Reduces an English word so that stops, stopped and stopping meet; other tokens stay as they are."""
    if len(word) < 4 or not word.isascii():
        return word
    return _trim(_without_ending(word))


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


def _trim(word: str) -> str:
    shorter = word[:-1] if word.endswith("e") and len(word) > 3 else word
    return shorter[:-1] if len(shorter) > 3 and shorter[-1] == shorter[-2] else shorter


class Speller(dict[str, tuple[str, ...]]):
    """The normalised words of a token as it is written, remembered once met; mostly one, sometimes none or two.

    `lemmas` maps irregular stems, and whole words that only look like a form of another, to what their
    family is known by: "fired" is never a flame, "note" is no "not".
    """

    def __init__(self, lemmas: Mapping[str, str]) -> None:
        super().__init__()
        self.lemmas = lemmas

    def __missing__(self, token: str) -> tuple[str, ...]:
        raw = token.lower()
        spoken = ("can", "not") if raw == "cannot" else (_SPOKEN.get(raw, raw),)
        words = () if raw in _SILENT else tuple(map(self._family, spoken))
        if len(self) < REMEMBERED:
            self[token] = words
        return words

    def _family(self, word: str) -> str:
        return self.lemmas.get(word) or self.lemmas.get(stem(word), stem(word))


class _Forms(dict[int, str]):
    """What is read of a character, by its code point: nothing, itself, or its plain form; remembered once met."""

    def __missing__(self, code: int) -> str:
        form = _form(chr(code))
        if len(self) < REMEMBERED:
            self[code] = form
        return form


_FORMS = _Forms({0x2018: "'", 0x2019: "'"})
# Most texts hold nothing else and need not be looked at sign by sign.
_PLAIN = re.compile("[ -~\n\t\u4e00-\u9fff，。！？；：、（）“”《》…—]*")


def _form(sign: str) -> str:
    """Letters and figures of any width or shape in their plain form; signs stay as they are.

    Half a character, as a careless cut leaves it, says nothing: it becomes a question mark.
    """
    if "\ud800" <= sign <= "\udfff":
        return "?"
    if sign in _FILLERS or (unicodedata.category(sign) in _UNSEEN and not sign.isspace()):
        return ""
    plain = unicodedata.normalize("NFKC", sign)
    return plain if plain.isalnum() else sign


def legible(text: str) -> tuple[str, Sequence[int]]:
    """Returns the text as a reader sees it, and where each of its characters stands in `text`."""
    if _PLAIN.fullmatch(text) or (read := text.translate(_FORMS)) == text:
        return text, range(len(text))
    return read, [at for at, sign in enumerate(text) for _ in _FORMS[ord(sign)]]


def tokenise(text: str, speller: Speller) -> Tokens:
    """Cuts `text` into the words that the speller knows them by; spans count in `text` as it was given."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    read, places = legible(text)
    for found in _TOKEN.finditer(read):
        known = speller[found[0]]
        words += known
        spans += ((places[found.start()], places[found.end() - 1] + 1),) * len(known)
    return Tokens(tuple(words), tuple(spans))
