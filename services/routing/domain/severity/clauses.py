"""Where clauses and sentences begin and end in a run of tokens."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.routing.domain.severity.lexicon import BREAKS

_FULL_STOPS = frozenset("。.！!？?；;")


@dataclass(frozen=True, slots=True)
class Layout:
    """The clause number and the sentence number of every token."""

    clause: tuple[int, ...]
    sentence: tuple[int, ...]


def lay_out(words: Sequence[str], breaks_before: Collection[int]) -> Layout:
    """Numbers clauses and sentences; `breaks_before` are tokens such as "but" that open a clause."""
    clause = sentence = 0
    clauses, sentences = [], []
    for at, word in enumerate(words):
        clause += at in breaks_before
        clauses.append(clause)
        sentences.append(sentence)
        clause += word in BREAKS and word != "、"
        sentence += word in _FULL_STOPS
    return Layout(tuple(clauses), tuple(sentences))
