"""The lexicon as an operator writes it: concepts, and the patterns of concepts that show a signal."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from schemas.base import Strict


def _terms(value: object) -> object:
    """Terms may be written as one text, separated by commas."""
    return (
        tuple(term.strip() for term in value.split(",") if term.strip()) if isinstance(value, str) else value
    )


Terms = Annotated[tuple[str, ...], BeforeValidator(_terms)]


class SignalSpec(Strict):
    """The patterns by which the words of a complaint show one signal, by name.

    `asserts` says how the words must be meant: a `fact` must have happened in this case, an `act` may
    also be announced on a condition ("if nothing is done I shall sue"). A `strong` pattern speaks for itself;
    a `weak` one counts only where the classifier is nearly sure, or suspects it beside a flag that the policy names.
    """

    asserts: Literal["fact", "act"] = "fact"
    strong: dict[str, tuple[str, ...]] = {}
    weak: dict[str, tuple[str, ...]] = {}


class LexiconSpec(Strict):
    """Terms by concept, irregular forms by word, and signals; deploy/severity/README.md describes how they are written."""

    lemmas: dict[str, str] = {}
    concepts: dict[str, Terms] = {}
    signals: dict[str, SignalSpec] = {}
