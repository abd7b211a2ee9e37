"""Patterns of ideas: parsed once from policy text, matched against what the lexicon found."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from services.routing.domain.severity.clauses import Layout
from services.routing.domain.severity.lexicon import Mention

REACH = 8

Chain = tuple[str, ...]
Parts = tuple[Mention, ...]
Clause = tuple[Chain, ...]
Sentence = tuple[Clause, ...]


class Stance(Protocol):
    """Says whether words are not asserted about this case."""

    def __call__(self, parts: Sequence[Mention], own: Collection[int], /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """`text` holds sentences of clauses of chains of concepts; `needs` must all be present."""

    source: str
    text: tuple[Sentence, ...]
    vetoes: tuple[str, ...]
    needs: frozenset[str]

    @property
    def key(self) -> str:
        """The concept this pattern is looked up by."""
        return self.text[0][0][0][-1]


def parse(source: str) -> Pattern:
    """Reads `a ~ b` (in order, near), `a & b` (one clause), `a + b` (one sentence), `a ++ b`, ` - veto`."""
    body, *vetoes = source.split(" - ")
    text = tuple(
        tuple(
            tuple(tuple(part.strip() for part in chain.split(" ~ ")) for chain in clause.split(" & "))
            for clause in sentence.split(" + ")
        )
        for sentence in body.split(" ++ ")
    )
    needs = frozenset(name for sentence in text for clause in sentence for chain in clause for name in chain)
    return Pattern(source, text, tuple(veto.strip() for veto in vetoes), needs)


@dataclass(frozen=True, slots=True)
class Scene:
    """One text as the patterns see it."""

    found: Mapping[str, Sequence[Mention]]
    layout: Layout

    def chains(self, chain: Chain) -> Iterator[Parts]:
        """Yields where the chain's concepts follow each other inside one clause, each within reach."""
        head, *rest = chain
        for mention in self.found[head]:
            yield from self._grown((mention,), rest)

    def _grown(self, parts: Parts, rest: Sequence[str]) -> Iterator[Parts]:
        if not rest:
            yield parts
            return
        last = parts[-1]
        for mention in self.found[rest[0]]:
            near = last[1] <= mention[0] <= last[1] + REACH
            if near and self.layout.clause[mention[0]] == self.layout.clause[last[0]]:
                yield from self._grown((*parts, mention), rest[1:])


Places = Mapping[int, list[Mention]]


def matched(pattern: Pattern, scene: Scene, unasserted: Stance) -> Mention | None:
    """Returns the stretch of asserted words that satisfies the pattern, if there is one."""
    if not scene.found.keys() >= pattern.needs:
        return None
    own = {at for name in pattern.needs for start, end in scene.found[name] for at in range(start, end)}
    vetoed = {scene.layout.clause[at] for veto in pattern.vetoes for at, _ in scene.found.get(veto, ())}

    def counts(parts: Parts) -> bool:
        return scene.layout.clause[parts[0][0]] not in vetoed and not unasserted(parts, own)

    spans: list[Mention] = []
    for sentence in pattern.text:
        places = _both([_in_clause(clause, scene, counts) for clause in sentence])
        if not places:
            return None
        spans += places[min(places)]
    return min(spans)[0], max(end for _, end in spans)


def _in_clause(clause: Clause, scene: Scene, counts: Callable[[Parts], bool]) -> Places:
    """The spans, by sentence, of clauses in which every chain counts."""
    asserted = [
        [(parts[0][0], parts[-1][1]) for parts in scene.chains(chain) if counts(parts)] for chain in clause
    ]
    if not all(asserted):
        return {}
    if len(asserted) > 1:
        by_clause = _both([_by(scene.layout.clause, spans) for spans in asserted])
        asserted = list(by_clause.values())
    return _by(scene.layout.sentence, (span for spans in asserted for span in spans))


def _by(numbers: Sequence[int], spans: Iterable[Mention]) -> Places:
    places: Places = defaultdict(list)
    for span in spans:
        places[numbers[span[0]]].append(span)
    return places


def _both(parts: Sequence[Places]) -> Places:
    return reduce(lambda a, b: {n: a[n] + b[n] for n in a if n in b}, parts)
