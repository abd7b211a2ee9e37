"""Finds every term of every concept in one walk over the tokens."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.routing.domain.severity.tokens import tokenise

GAP = ".."
GAP_TOKENS = 4
BREAKS = frozenset("，,。.！!？?；;：:、\u2014()（）\n")
_CHOICE = re.compile(r"\(([^()]*)\)")

Mention = tuple[int, int]


@dataclass(slots=True)
class Node:
    """A state of the walk: where each next word leads, and which concepts end here."""

    then: "dict[str, Node]" = field(default_factory=dict)
    concepts: list[str] = field(default_factory=list)


class Lexicon:
    """Concepts compiled to one trie; `find` is linear in the text for all practical terms."""

    def __init__(self, lemmas: Mapping[str, str], concepts: Mapping[str, Sequence[str]]) -> None:
        self.lemmas = {_lone(word): _lone(base) for word, base in lemmas.items()}
        self._root = Node()
        for concept, terms in concepts.items():
            for term in terms:
                self._add(concept, term)

    def _add(self, concept: str, term: str) -> None:
        for variant in variants(term):
            node = self._root
            for word in self._words(variant):
                node = node.then.setdefault(word, Node())
            if node is not self._root and concept not in node.concepts:
                node.concepts.append(concept)

    def _words(self, variant: str) -> Iterator[str]:
        for number, part in enumerate(variant.split(GAP)):
            if number:
                yield GAP
            yield from tokenise(part, self.lemmas).words

    def find(self, words: Sequence[str]) -> dict[str, list[Mention]]:
        """Returns, for each concept present, its mentions as [start, end) token positions."""
        found: dict[str, list[Mention]] = defaultdict(list)
        for start, word in enumerate(words):
            node = self._root.then.get(word)
            if node is not None:
                for concept, end in _ends(node, words, start + 1):
                    found[concept].append((start, end))
        return found


def _lone(word: str) -> str:
    return tokenise(word, {}).words[0]


def _ends(node: Node, words: Sequence[str], at: int) -> Iterator[tuple[str, int]]:
    for concept in node.concepts:
        yield concept, at
    if at < len(words) and (after := node.then.get(words[at])) is not None:
        yield from _ends(after, words, at + 1)
    if (beyond := node.then.get(GAP)) is not None:
        yield from _beyond(beyond, words, at)


def _beyond(node: Node, words: Sequence[str], at: int) -> Iterator[tuple[str, int]]:
    """Goes on after a gap of a few words inside the clause."""
    for place in range(at, min(at + GAP_TOKENS + 1, len(words))):
        if (after := node.then.get(words[place])) is not None:
            yield from _ends(after, words, place + 1)
        if words[place] in BREAKS:
            return


def variants(term: str) -> Iterator[str]:
    """Spells out the choices of a term: "刹(车|)不住" -> "刹车不住", "刹不住"."""
    found = _CHOICE.search(term)
    if found is None:
        yield term
        return
    for choice in found.group(1).split("|"):
        yield from variants(term[: found.start()] + choice + term[found.end() :])
