"""Reads one complaint: its text in one form, its words, the concepts they mention, and how they are meant."""

from dataclasses import dataclass

from services.routing.domain.severity.lexicon import Lexicon, Text
from services.routing.domain.severity.negation import Negation
from services.routing.domain.severity.normalize import Normalized, normalize
from services.routing.domain.severity.tokenize import tokenize

NEUTRAL = "neutral"
"""The concept whose terms say nothing of the matter, whatever words they are made of."""
UNASSERTED = "~"
"""Stands before a word that is not said of this case, which so becomes another word."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One complaint as the detectors and the classifier read it."""

    normalized: Normalized
    text: Text
    negation: Negation

    def mark_unasserted(self) -> list[str]:
        """Returns the words for the classifier, as many as the text has.

        Those that say nothing of the matter are left empty: a greeting, thanks, a car switched off by its driver. Those
        that are denied, supposed or said of other people's cars are marked.
        """
        words = list(self.text.words)
        for at in self.negation.denied | self.negation.find_unasserted():
            words[at] = UNASSERTED + words[at]
        for start, end in self.text.mentions.get(NEUTRAL, ()):
            words[start:end] = [""] * (end - start)
        return words


def read(text: str, lexicon: Lexicon) -> Reading:
    """Reads a text by a lexicon."""
    normalized = normalize(text)
    worded = lexicon.read(tokenize(normalized, lexicon.stems))
    return Reading(normalized, worded, Negation(worded))
