"""Finds the concepts that a text mentions: every term of every concept, in one walk over the words.

A concept is an idea with the terms by which people name it in Chinese and English (`brakes`: 刹车, 制动, brake).
A term is a few words; `(a|b|)` in it is a choice, `..` stands for up to four words of the same clause, and `<other>`
as a whole term includes the terms of another concept. All terms are compiled to one trie.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.routing.domain.severity.tokenize import (
    SEPARATORS,
    Stems,
    Tokens,
    number_clauses,
    tokenize_term,
)

GAP = ".."
GAP_WORDS = 4
COMPOUND = "compound"
"""The concept whose terms are longer words in which shorter ones do not count."""
CLAUSE_OPENING = "break"
"""The concept whose terms open a clause, such as "but"."""
_CHOICE = re.compile(r"\(([^()]*)\)")
# Signs of the pattern language, and of others that people know; no word is written with them.
_NO_WORD = frozenset("?*&~<>[]{}\\^$")

Mention = tuple[int, int]
"""The words [start, end) of a text that name a concept."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as the later steps read it: its words, where they stand, and the concepts they mention."""

    words: Sequence[str]
    spans: Sequence[tuple[int, int]]
    clauses: Sequence[int]
    sentences: Sequence[int]
    mentions: Mapping[str, Sequence[Mention]]

    def locate(self, words: Mention) -> tuple[int, int]:
        """Returns the characters [start, end) of the original text that the words [start, end) came from."""
        start, end = words
        return self.spans[start][0], self.spans[end - 1][1]


@dataclass(slots=True)
class _Node:
    """A state of the walk: where each next word leads, where a gap leads, and which concepts end here."""

    next: "dict[str, _Node]" = field(default_factory=dict)
    after_gap: "_Node | None" = None
    concepts: list[str] = field(default_factory=list)

    def child(self, word: str) -> "_Node":
        """Where a word of a term leads, made if it is not there yet."""
        if word != GAP:
            return self.next.setdefault(word, _Node())
        self.after_gap = self.after_gap or _Node()
        return self.after_gap


class Lexicon:
    """Concepts compiled to one trie; a walk is linear in the text for all practical terms."""

    def __init__(self, lemmas: Mapping[str, str], concepts: Mapping[str, Sequence[str]]) -> None:
        self.stems = Stems(dict(_normalized(lemmas)))
        self._root = _Node()
        for concept, terms in concepts.items():
            for term in terms:
                self._add(concept, term)

    def read(self, tokens: Tokens) -> Text:
        """Returns the text of `tokens` with its mentions, clauses and sentences."""
        mentions = self._find(tokens.words)
        opening = {start for start, _ in mentions.get(CLAUSE_OPENING, ())}
        clauses, sentences = number_clauses(tokens.words, opening)
        return Text(tokens.words, tokens.spans, clauses, sentences, mentions)

    def _add(self, concept: str, term: str) -> None:
        for variant in filter(_has_word, expand_choices(term)):
            node = self._root
            for word in self._split(variant):
                node = node.child(word)
            if concept not in node.concepts:
                node.concepts.append(concept)

    def _split(self, variant: str) -> Iterator[str]:
        for number, part in enumerate(variant.split(GAP)):
            if number:
                yield GAP
            yield from tokenize_term(part, self.stems)

    def _find(self, words: Sequence[str]) -> dict[str, list[Mention]]:
        """Returns the mentions of each concept that is present."""
        mentions: dict[str, list[Mention]] = defaultdict(list)
        first = self._root.next
        for start, word in enumerate(words):
            if (node := first.get(word)) is not None:
                _walk(node, words, start, start + 1, mentions)
        return _drop_inside_compounds(mentions) if COMPOUND in mentions else mentions


def _walk(
    node: _Node, words: Sequence[str], start: int, end: int, mentions: dict[str, list[Mention]]
) -> None:
    """Adds every concept that ends on the way from `node`, which was reached by the words [start, end)."""
    while True:
        for concept in node.concepts:
            mentions[concept].append((start, end))
        if node.after_gap is not None:
            _walk_after_gap(node.after_gap, words, start, end, mentions)
        if not node.next or end == len(words) or (following := node.next.get(words[end])) is None:
            return
        node, end = following, end + 1


def _walk_after_gap(
    node: _Node, words: Sequence[str], start: int, end: int, mentions: dict[str, list[Mention]]
) -> None:
    """Goes on from `node` after none to four words of the clause."""
    for position in range(end, min(end + GAP_WORDS + 1, len(words))):
        if (after := node.next.get(words[position])) is not None:
            _walk(after, words, start, position + 1, mentions)
        if words[position] in SEPARATORS:
            return


def _drop_inside_compounds(mentions: Mapping[str, Sequence[Mention]]) -> dict[str, list[Mention]]:
    """Leaves out what stands inside a longer word: the fire in "spark plug" or the Chinese "ignition" is none."""
    compounds: dict[int, Mention] = {}
    for compound in sorted(mentions[COMPOUND], key=lambda mention: mention[1] - mention[0]):
        compounds |= dict.fromkeys(range(*compound), compound)
    whole = {
        concept: [mention for mention in of_concept if not _is_inside(mention, compounds.get(mention[0]))]
        for concept, of_concept in mentions.items()
        if concept != COMPOUND
    }
    return {concept: of_concept for concept, of_concept in whole.items() if of_concept}


def _is_inside(mention: Mention, compound: Mention | None) -> bool:
    return compound is not None and mention != compound and mention[1] <= compound[1]


def _normalized(lemmas: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields each form with its lemma, both as stems; a lemma that names itself has the forms listed and no others."""
    plain = Stems({})
    for word, lemma in lemmas.items():
        if lemmas.get(lemma) == lemma:
            yield word, lemma
        else:
            yield tokenize_term(word, plain)[0], tokenize_term(lemma, plain)[0]


def is_reference(term: str) -> bool:
    """Whether a term stands for the terms of another concept."""
    return term.startswith("<") and term.endswith(">")


def expand_concepts(concepts: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Returns the terms of every concept, those of the concepts it includes among them.

    Raises ValueError naming a concept that is unknown or includes itself.
    """
    return {name: tuple(_expand(name, concepts, ())) for name in concepts}


def _expand(name: str, concepts: Mapping[str, Sequence[str]], above: tuple[str, ...]) -> Iterator[str]:
    if name not in concepts or name in above:
        raise ValueError(
            f"concept {name}: unknown or circular (reached through {' > '.join(above) or 'itself'})"
        )
    for term in concepts[name]:
        if is_reference(term):
            yield from _expand(term[1:-1], concepts, (*above, name))
        else:
            yield term


def expand_choices(term: str) -> Iterator[str]:
    """Spells out the choices of a term: "刹(车|)不住" -> "刹车不住", "刹不住"."""
    choice = _CHOICE.search(term)
    if choice is None:
        yield term
        return
    for chosen in choice.group(1).split("|"):
        yield from expand_choices(term[: choice.start()] + chosen + term[choice.end() :])


def _has_word(variant: str) -> bool:
    return any(character.isalnum() for character in variant)


def find_fault(term: str) -> str | None:
    """What is wrong with a term that could never match as it was meant, and what would be right."""
    if not _is_balanced(term):
        return (
            f"`{term}` should close every bracket it opens, and open every one it closes"
            " (a comma ends a term, also between brackets)"
        )
    if odd := sorted(_NO_WORD.intersection(term)):
        return f"`{term}` should hold words, `(a|b|)` and `..` only, not `{odd[0]}`"
    if "|" in _without_choices(term):
        return f"`{term}` should have its choices between brackets: `(a|b)`"
    if not all(map(_has_word, expand_choices(term))):
        return f"`{term}` should hold a letter, a figure or a Chinese character whatever is chosen"
    return None


def _is_balanced(term: str) -> bool:
    depth = 0
    for sign in term:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return False
    return not depth


def _without_choices(term: str) -> str:
    while (shorter := _CHOICE.sub("", term)) != term:
        term = shorter
    return term
