"""Whether words are asserted about this case: not denied, supposed, told of others, or over and done."""

from dataclasses import dataclass
from functools import cached_property

from services.routing.domain.severity.lexicon import Mention
from services.routing.domain.severity.patterns import Scene

DENIAL_REACH = 5


@dataclass(frozen=True)
class Asserted:
    """Judges spans of one scene; `facts` also fall to suppositions and to closed history."""

    scene: Scene
    facts: bool

    def refuses(self, span: Mention) -> bool:
        """Tells whether the words at `span` do not count for this case."""
        if self._denied(span) or self._of_others(span):
            return True
        return self.facts and (self._supposed(span) or self._over(span))

    def _denied(self, span: Mention) -> bool:
        start, end = span
        clause = self.scene.layout.clause
        before = any(
            start - DENIAL_REACH <= at < start and stop <= start and clause[at] == clause[start]
            for at, stop in self._denials
        )
        return before or any(at >= end and clause[at] == clause[start] for at, _ in self._mentions("came-to-nothing"))

    @cached_property
    def _denials(self) -> list[Mention]:
        masked = {at for start, end in self._mentions("not-a-denial") for at in range(start, end)}
        return [mention for mention in self._mentions("denial") if mention[0] not in masked]

    def _of_others(self, span: Mention) -> bool:
        return self._same_sentence_before("others", span) and not self._same_clause("mine", span)

    def _supposed(self, span: Mention) -> bool:
        clause = self.scene.layout.clause
        return any(at < span[1] and clause[at] == clause[span[0]] for at, _ in self._mentions("supposition"))

    def _over(self, span: Mention) -> bool:
        sentence = self.scene.layout.sentence
        place = sentence[span[0]]
        return any(at >= span[1] and sentence[at] - place <= 1 for at, _ in self._mentions("over-and-done"))

    def _same_clause(self, concept: str, span: Mention) -> bool:
        clause = self.scene.layout.clause
        return any(clause[at] == clause[span[0]] for at, _ in self._mentions(concept))

    def _same_sentence_before(self, concept: str, span: Mention) -> bool:
        sentence = self.scene.layout.sentence
        return any(at < span[1] and sentence[at] == sentence[span[0]] for at, _ in self._mentions(concept))

    def _mentions(self, concept: str) -> list[Mention]:
        return list(self.scene.found.get(concept, ()))
