"""Finds every term of every concept in one walk over the tokens."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.routing.domain.severity.tokens import Speller, tokenise

GAP = ".."
GAP_TOKENS = 4
BREAKS = frozenset("，,。.！!？?；;：:、\u2014()（）\n")
COMPOUND = "compound"
_CHOICE = re.compile(r"\(([^()]*)\)")
# Signs of the pattern language, and of others that people know; no word is written with them.
_NO_WORD = frozenset("?*&~<>[]{}\\^$")

Mention = tuple[int, int]


@dataclass(slots=True)
class Node:
    """A state of the walk: where each next word leads, where a gap leads, and which concepts end here."""

    then: "dict[str, Node]" = field(default_factory=dict)
    beyond: "Node | None" = None
    concepts: list[str] = field(default_factory=list)

    def step(self, word: str) -> "Node":
        """Where a word of a term leads, made if it is not there yet."""
        if word != GAP:
            return self.then.setdefault(word, Node())
        self.beyond = self.beyond or Node()
        return self.beyond


class Lexicon:
    """Concepts compiled to one trie; `find` is linear in the text for all practical terms."""

    def __init__(self, lemmas: Mapping[str, str], concepts: Mapping[str, Sequence[str]]) -> None:
        self.speller = Speller(dict(_families(lemmas)))
        self._root = Node()
        for concept, terms in concepts.items():
            for term in terms:
                self._add(concept, term)

    def _add(self, concept: str, term: str) -> None:
        for variant in filter(_has_word, variants(term)):
            node = self._root
            for word in self._words(variant):
                node = node.step(word)
            if concept not in node.concepts:
                node.concepts.append(concept)

    def _words(self, variant: str) -> Iterator[str]:
        for number, part in enumerate(variant.split(GAP)):
            if number:
                yield GAP
            yield from tokenise(part, self.speller).words

    def find(self, words: Sequence[str]) -> dict[str, list[Mention]]:
        """Returns, for each concept present, its mentions as [start, end) token positions."""
        found: dict[str, list[Mention]] = defaultdict(list)
        first = self._root.then
        for start, word in enumerate(words):
            if (node := first.get(word)) is not None:
                _walk(node, words, (start, start + 1), found)
        return _whole_words(found) if COMPOUND in found else found


def _whole_words(found: Mapping[str, Sequence[Mention]]) -> dict[str, list[Mention]]:
    """Leaves out what stands inside a longer word: the fire in "spark plug" or the Chinese "ignition" is none."""
    around: dict[int, Mention] = {}
    for compound in sorted(found[COMPOUND], key=lambda mention: mention[1] - mention[0]):
        around |= dict.fromkeys(range(*compound), compound)
    left = {
        concept: [each for each in mentions if not _inside(each, around.get(each[0]))]
        for concept, mentions in found.items()
        if concept != COMPOUND
    }
    return {concept: mentions for concept, mentions in left.items() if mentions}


def _inside(mention: Mention, word: Mention | None) -> bool:
    return word is not None and mention != word and mention[1] <= word[1]


def _families(lemmas: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each form with the word of its family; a family that names itself has the forms it lists and no others."""
    plain = Speller({})
    for word, base in lemmas.items():
        closed = lemmas.get(base) == base
        yield (word, base) if closed else (_lone(word, plain), _lone(base, plain))


def _lone(word: str, speller: Speller) -> str:
    return tokenise(word, speller).words[0]


def _walk(node: Node, words: Sequence[str], span: Mention, found: dict[str, list[Mention]]) -> None:
    """Notes every concept that ends on the way from `node`, which was reached by the words of `span`."""
    start, at = span
    after: Node | None = node
    while after is not None:
        for concept in after.concepts:
            found[concept].append((start, at))
        if after.beyond is not None:
            _leap(after.beyond, words, (start, at), found)
        after = after.then.get(words[at]) if at < len(words) else None
        at += 1


def _leap(node: Node, words: Sequence[str], span: Mention, found: dict[str, list[Mention]]) -> None:
    """Goes on after a gap of a few words inside the clause."""
    start, at = span
    for place in range(at, min(at + GAP_TOKENS + 1, len(words))):
        if (after := node.then.get(words[place])) is not None:
            _walk(after, words, (start, place + 1), found)
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


def _has_word(variant: str) -> bool:
    return any(sign.isalnum() for sign in variant)


def fault(term: str) -> str | None:
    """What is wrong with a term that could never match as it was meant, and what would be right."""
    if not _balanced(term):
        return (
            f"`{term}` should close every bracket it opens, and open every one it closes"
            " (a comma ends a term, also between brackets)"
        )
    if odd := sorted(_NO_WORD.intersection(term)):
        return f"`{term}` should hold words, `(a|b|)` and `..` only, not `{odd[0]}`"
    if "|" in _without_choices(term):
        return f"`{term}` should have its choices between brackets: `(a|b)`"
    if not all(map(_has_word, variants(term))):
        return f"`{term}` should hold a letter, a figure or a Chinese character whatever is chosen"
    return None


def _balanced(term: str) -> bool:
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
