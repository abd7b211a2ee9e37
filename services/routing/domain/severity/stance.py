"""Whether words are asserted about this case: not denied, supposed, told of others, or over and done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.routing.domain.severity.lexicon import Mention
from services.routing.domain.severity.patterns import Scene

BRIDGE = 7


@dataclass(frozen=True)
class Asserted:
    """Judges words of one scene; `facts` also fall to suppositions and to closed history."""

    scene: Scene
    facts: bool

    def refuses(self, parts: Sequence[Mention], own: Collection[int]) -> bool:
        """Tells whether the words at `parts` do not count; a denial among `own` tokens is part of their sense."""
        span = (parts[0][0], parts[-1][1])
        if any(self._denied(part, own) for part in parts) or self._of_others(span):
            return True
        return self.facts and (self._supposed(span) or self._over(span))

    def holds(self, mention: Mention, aside: Collection[int]) -> bool:
        """Tells whether one idea is asserted where it is mentioned."""
        return mention[0] not in aside and not self._denied(mention, range(*mention))

    def aside(self) -> frozenset[int]:
        """The tokens of supposed clauses and of sentences about other people's cars."""
        clause, sentence = self.scene.layout.clause, self.scene.layout.sentence
        supposed = {clause[at] for at in self._suppositions}
        ours = {sentence[at] for at, _ in self._mentions("mine")}
        others = {sentence[at] for at, _ in self._mentions("others")} - ours
        return frozenset(at for at in range(len(clause)) if clause[at] in supposed or sentence[at] in others)

    def _denied(self, part: Mention, own: Collection[int]) -> bool:
        """Walks back over light words; what stands before them may be a denial."""
        start, end = part
        clause = self.scene.layout.clause
        for at in range(start - 1, max(start - BRIDGE, 0) - 1, -1):
            if clause[at] != clause[start]:
                break
            if at in self._denials and at not in own:
                return True
            if at not in self._light:
                break
        return any(at >= end and clause[at] == clause[start] for at, _ in self._mentions("came-to-nothing"))

    @cached_property
    def _denials(self) -> frozenset[int]:
        return self._covered("denial") - self._covered("not-a-denial")

    @cached_property
    def _light(self) -> frozenset[int]:
        return self._covered("light")

    @cached_property
    def _suppositions(self) -> frozenset[int]:
        masked = self._covered("not-a-supposition")
        return frozenset(start for start, _ in self._mentions("supposition") if start not in masked)

    def _covered(self, concept: str) -> frozenset[int]:
        return frozenset(at for start, end in self._mentions(concept) for at in range(start, end))

    def _of_others(self, span: Mention) -> bool:
        return self._same_sentence_before("others", span) and not self._same_clause("mine", span)

    def _supposed(self, span: Mention) -> bool:
        clause = self.scene.layout.clause
        return any(at < span[0] and clause[at] == clause[span[0]] for at in self._suppositions)

    def _over(self, span: Mention) -> bool:
        sentence = self.scene.layout.sentence
        place = sentence[span[0]]
        ended = [
            at for at, _ in self._mentions("over-and-done") if at >= span[1] and sentence[at] - place <= 1
        ]
        return bool(ended) and not any(at > ended[0] for at, _ in self._mentions("again"))

    def _same_clause(self, concept: str, span: Mention) -> bool:
        clause = self.scene.layout.clause
        return any(clause[at] == clause[span[0]] for at, _ in self._mentions(concept))

    def _same_sentence_before(self, concept: str, span: Mention) -> bool:
        sentence = self.scene.layout.sentence
        return any(at < span[1] and sentence[at] == sentence[span[0]] for at, _ in self._mentions(concept))

    def _mentions(self, concept: str) -> list[Mention]:
        return list(self.scene.found.get(concept, ()))


@dataclass(frozen=True, slots=True)
class Voice:
    """The words and ideas of a text, with a mark on those that are not asserted about this case."""

    words: tuple[str, ...]
    concepts: frozenset[str]


def voice(words: Sequence[str], scene: Scene) -> Voice:
    """Marks words in supposed clauses and in other people's stories, and ideas that are denied besides."""
    asserted = Asserted(scene, facts=True)
    aside = asserted.aside()
    concepts = {
        concept if any(asserted.holds(mention, aside) for mention in mentions) else f"~{concept}"
        for concept, mentions in scene.found.items()
    }
    marked = tuple(f"~{word}" if at in aside else word for at, word in enumerate(words))
    return Voice(marked, frozenset(concepts))
