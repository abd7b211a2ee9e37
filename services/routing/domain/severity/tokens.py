"""Cuts a text into tokens that keep their place: a Chinese character, a number, or an English word stem."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"[\u4e00-\u9fff]|[a-z]+?(?=n't\b)|n't\b|'(?:s|ve|re|ll|d|m)\b|[a-z]+|\d+(?:[.,]\d+)*|[^\s]",
    re.IGNORECASE,
)
_SAME_WIDTH = str.maketrans(
    {"\u2019": "'", "\u2018": "'", **{chr(c): chr(c - 0xFEE0) for c in range(0xFF10, 0xFF5B)}}
)
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

    `lemmas` maps irregular stems to the one their family is known by.
    """

    def __init__(self, lemmas: Mapping[str, str]) -> None:
        super().__init__()
        self.lemmas = lemmas

    def __missing__(self, token: str) -> tuple[str, ...]:
        raw = token.lower()
        spoken = ("can", "not") if raw == "cannot" else (_SPOKEN.get(raw, raw),)
        words = () if raw in _SILENT else tuple(self.lemmas.get(stem(word), stem(word)) for word in spoken)
        if len(self) < REMEMBERED:
            self[token] = words
        return words


def tokenise(text: str, speller: Speller) -> Tokens:
    """Cuts `text` into the words that the speller knows them by."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    # Half a character, as a careless cut leaves it, says nothing.
    whole = text.encode("utf-8", "replace").decode().translate(_SAME_WIDTH)
    for found in _TOKEN.finditer(whole):
        known = speller[found[0]]
        words += known
        spans += (found.span(),) * len(known)
    return Tokens(tuple(words), tuple(spans))
