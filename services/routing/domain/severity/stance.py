"""Whether words are asserted about this case: not denied, supposed, told of others, or over and done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.routing.domain.severity.lexicon import Mention
from services.routing.domain.severity.patterns import Scene

BRIDGE = 7
NONE: frozenset[int] = frozenset()
# Words that only steer how others are meant say nothing by themselves.
UNSPOKEN = frozenset({"light", "denial"})


@dataclass(frozen=True)
class Ground:
    """What one scene denies, supposes, tells of others or calls done, found once for all who ask."""

    scene: Scene

    def denied(self, part: Mention, own: Collection[int]) -> bool:
        """Whether a denial stands before the words, or they came to nothing; one of their `own` is no denial."""
        start, end = part
        if start in self._after_denials and (not own or self._stands_before(start, own)):
            return True
        if not self._came_to_nothing:
            return False
        clause = self.scene.layout.clause
        return any(at >= end and clause[at] == clause[start] for at in self._came_to_nothing)

    def supposed(self, span: Mention) -> bool:
        """Whether a supposition opens their clause before them."""
        return self._first_supposition.get(self.scene.layout.clause[span[0]], span[0]) < span[0]

    def of_others(self, span: Mention) -> bool:
        """Whether somebody else's car is spoken of before them, and not the customer's own beside them."""
        sentence, clause = self.scene.layout.sentence, self.scene.layout.clause
        told = self._first_other.get(sentence[span[0]], span[1]) < span[1]
        return told and clause[span[0]] not in self._own_clauses

    def over(self, span: Mention) -> bool:
        """Whether it is said after them, in this sentence or the next, that it is over, and not that it is back."""
        if not self._over_and_done:
            return False
        sentence = self.scene.layout.sentence
        place = sentence[span[0]]
        ended = [at for at in self._over_and_done if at >= span[1] and sentence[at] - place <= 1]
        return bool(ended) and not any(at > ended[0] for at, _ in self._mentions("again"))

    @cached_property
    def aside(self) -> frozenset[int]:
        """The tokens of supposed clauses and of sentences about other people's cars."""
        clause, sentence = self.scene.layout.clause, self.scene.layout.sentence
        ours = {sentence[at] for at, _ in self._mentions("mine")}
        others = self._first_other.keys() - ours
        supposed = self._first_supposition
        if not others and not supposed:
            return NONE
        return frozenset(at for at in range(len(clause)) if clause[at] in supposed or sentence[at] in others)

    @cached_property
    def _after_denials(self) -> frozenset[int]:
        """Where a denial stands right before, or before light words."""
        clause, light = self.scene.layout.clause, self._light
        after: set[int] = set()
        for denial in self._denials:
            for at in range(denial + 1, min(denial + 1 + BRIDGE, len(clause))):
                if clause[at] != clause[denial]:
                    break
                after.add(at)
                if at not in light:
                    break
        return frozenset(after)

    def _stands_before(self, start: int, own: Collection[int]) -> bool:
        """Walks back over light words; what stands before them may be a denial."""
        clause = self.scene.layout.clause
        for at in range(start - 1, max(start - BRIDGE, 0) - 1, -1):
            if clause[at] != clause[start]:
                return False
            if at in self._denials and at not in own:
                return True
            if at not in self._light:
                return False
        return False

    @cached_property
    def _denials(self) -> frozenset[int]:
        return self._covered("denial") - self._covered("not-a-denial")

    @cached_property
    def _light(self) -> frozenset[int]:
        return self._covered("light")

    @cached_property
    def _came_to_nothing(self) -> Sequence[int]:
        return [at for at, _ in self._mentions("came-to-nothing")]

    @cached_property
    def _over_and_done(self) -> Sequence[int]:
        return [at for at, _ in self._mentions("over-and-done")]

    @cached_property
    def _first_supposition(self) -> Mapping[int, int]:
        masked = self._covered("not-a-supposition")
        meant = [at for at, _ in self._mentions("supposition") if at not in masked]
        return _firsts(meant, self.scene.layout.clause)

    @cached_property
    def _first_other(self) -> Mapping[int, int]:
        return _firsts([at for at, _ in self._mentions("others")], self.scene.layout.sentence)

    @cached_property
    def _own_clauses(self) -> frozenset[int]:
        return frozenset(self.scene.layout.clause[at] for at, _ in self._mentions("mine"))

    def _covered(self, concept: str) -> frozenset[int]:
        return frozenset(at for start, end in self._mentions(concept) for at in range(start, end))

    def _mentions(self, concept: str) -> Sequence[Mention]:
        return self.scene.found.get(concept, ())


def _firsts(places: Sequence[int], numbers: Sequence[int]) -> dict[int, int]:
    """The first of the places in each clause or sentence that has one."""
    return {numbers[at]: at for at in sorted(places, reverse=True)}


@dataclass(frozen=True, slots=True)
class Asserted:
    """Judges words of one scene; `facts` also fall to suppositions and to closed history."""

    ground: Ground
    facts: bool

    def refuses(self, parts: Sequence[Mention], own: Collection[int]) -> bool:
        """Tells whether the words at `parts` do not count; a denial among `own` tokens is part of their sense."""
        ground, span = self.ground, (parts[0][0], parts[-1][1])
        for part in parts:
            if ground.denied(part, own):
                return True
        if ground.of_others(span):
            return True
        return self.facts and (ground.supposed(span) or ground.over(span))


@dataclass(frozen=True, slots=True)
class Voice:
    """The words of a text and where its ideas stand, with a mark on those not asserted about this case."""

    words: tuple[str, ...]
    ideas: tuple[tuple[int, str], ...]


def voice(words: Sequence[str], ground: Ground) -> Voice:
    """Marks words in supposed clauses and in other people's stories, and ideas that are denied besides.

    A pattern's mention of a named idea, in angle brackets, would only count that idea twice.
    """
    aside = ground.aside
    ideas = [
        (mention[0], concept if _holds(mention, ground, aside) else f"~{concept}")
        for concept, mentions in ground.scene.found.items()
        if concept not in UNSPOKEN and not concept.startswith("<")
        for mention in mentions
    ]
    marked = (f"~{word}" if at in aside else word for at, word in enumerate(words)) if aside else words
    return Voice(tuple(marked), tuple(ideas))


def _holds(mention: Mention, ground: Ground, aside: Collection[int]) -> bool:
    return mention[0] not in aside and not ground.denied(mention, NONE)
