"""Reads the patterns of the lexicon and matches them against the mentions of a text.

A pattern is written with elements: a concept `<brakes>`, a term as it stands, or any of several, `<brakes>|pedal`.
`a ~ b` is a chain, in this order and near each other in one clause; `a & b` stand in one clause, `a + b` in one
sentence, `a ++ b` anywhere; ` - c` vetoes the clauses that mention c.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from services.routing.domain.severity.lexicon import Mention, Text, is_reference

REACH = 8
"""How many words may stand between two elements of a chain."""

Chain = tuple[str, ...]
Clause = tuple[Chain, ...]
Sentence = tuple[Clause, ...]
Mentions = tuple[Mention, ...]
Negates = Callable[[Sequence[Mention], Collection[str]], bool]
"""Whether the mentions that satisfy a chain do not count, given the concepts of the pattern."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed pattern; all `required` elements have to be mentioned before it is worth a closer look.

    `elements` says of which terms and concepts each element means any, those of vetoes too. An element that is just
    a concept goes by the name of that concept.
    """

    sentences: tuple[Sentence, ...]
    vetoes: tuple[str, ...]
    required: frozenset[str]
    elements: Mapping[str, tuple[str, ...]]

    @property
    def key(self) -> str:
        """The element by which the pattern is looked up."""
        return self.sentences[0][0][0][-1]


def parse(source: str) -> Pattern:
    """Reads a pattern as it is written in the lexicon."""
    elements: dict[str, tuple[str, ...]] = {}

    def read(element: str) -> str:
        alternatives = tuple(_split(element))
        is_concept = len(alternatives) == 1 and is_reference(alternatives[0])
        name = alternatives[0][1:-1] if is_concept else element.strip()
        elements[name] = alternatives
        return name

    body, *vetoes = source.split(" - ")
    sentences = tuple(
        tuple(
            tuple(tuple(read(element) for element in chain.split(" ~ ")) for chain in clause.split(" & "))
            for clause in sentence.split(" + ")
        )
        for sentence in body.split(" ++ ")
    )
    required = frozenset(elements)
    return Pattern(sentences, tuple(read(veto) for veto in vetoes), required, elements)


def _split(element: str) -> Iterator[str]:
    """Splits an element at each `|` that does not stand between brackets."""
    depth, alternative = 0, ""
    for sign in element:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            yield alternative.strip()
            alternative = ""
        else:
            alternative += sign
    yield alternative.strip()


def find_match(pattern: Pattern, text: Text, negates: Negates) -> Mention | None:
    """Returns the stretch of words that satisfies the pattern, or None; chains that are negated do not count."""
    if not text.mentions.keys() >= pattern.required:
        return None
    vetoed = {text.clauses[start] for veto in pattern.vetoes for start, _ in text.mentions.get(veto, ())}

    def counts(mentions: Mentions) -> bool:
        return text.clauses[mentions[0][0]] not in vetoed and not negates(mentions, pattern.required)

    spans: list[Mention] = []
    for sentence in pattern.sentences:
        matches = _in_both([_match_clause(clause, text, counts) for clause in sentence])
        if not matches:
            return None
        spans += matches[min(matches)]
    return min(spans)[0], max(end for _, end in spans)


Spans = Mapping[int, list[Mention]]
"""Stretches of words by the number of their clause or sentence."""


def _match_clause(clause: Clause, text: Text, counts: Callable[[Mentions], bool]) -> Spans:
    """Returns, by sentence, the stretches in clauses where every chain counts."""
    spans = [
        [(mentions[0][0], mentions[-1][1]) for mentions in _find_chains(chain, text) if counts(mentions)]
        for chain in clause
    ]
    if not all(spans):
        return {}
    if len(spans) > 1:
        spans = list(_in_both([_group(of_chain, text.clauses) for of_chain in spans]).values())
    return _group((span for group in spans for span in group), text.sentences)


def _find_chains(chain: Chain, text: Text) -> Iterator[Mentions]:
    """Yields where the elements of a chain follow each other inside one clause, each within reach."""
    head, *rest = chain
    for mention in text.mentions[head]:
        yield from _continued((mention,), rest, text)


def _continued(mentions: Mentions, rest: Sequence[str], text: Text) -> Iterator[Mentions]:
    if not rest:
        yield mentions
        return
    start, end = mentions[-1]
    for mention in text.mentions[rest[0]]:
        is_near = end <= mention[0] <= end + REACH
        if is_near and text.clauses[mention[0]] == text.clauses[start]:
            yield from _continued((*mentions, mention), rest[1:], text)


def _group(spans: Iterable[Mention], numbers: Sequence[int]) -> Spans:
    groups: Spans = defaultdict(list)
    for span in spans:
        groups[numbers[span[0]]].append(span)
    return groups


def _in_both(groups: Sequence[Spans]) -> Spans:
    """The stretches of the clauses or sentences that stand in all groups."""
    return reduce(lambda a, b: {number: a[number] + b[number] for number in a if number in b}, groups)
