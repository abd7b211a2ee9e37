"""One text as the learned scorer sees it: passage by passage, words and ideas with how they are meant."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from schemas.severity import Signal
from services.routing.domain.severity import stance
from services.routing.domain.severity.lexicon import BREAKS
from services.routing.domain.severity.linear import Features, Scorer, language
from services.routing.domain.severity.passages import Passage, passages
from services.routing.domain.severity.runs import Vocabulary
from services.routing.domain.severity.stance import Ground, Voice
from services.routing.domain.severity.tokens import Tokens


@dataclass(frozen=True)
class Text:
    """Tokens with what they assert."""

    tokens: Tokens
    ground: Ground

    @cached_property
    def passages(self) -> list[Passage]:
        """The whole first."""
        return passages(self.ground.scene.layout)

    def features(self, passage: Passage, heard: Collection[Signal], vocabulary: Vocabulary) -> Features:
        """What of a passage is weighed, `heard` being the signals of the whole text.

        Ideas and detectors are weighed apart in each language: they meet different words there.
        """
        start, end = passage
        meant = {idea for at, idea in self.voice.ideas if start <= at < end}
        ideas = {idea for idea in meant if not idea.startswith("~") or idea[1:] not in meant}
        names = {f"{self._tongue}@{idea}" for idea in ideas}
        for signal in heard:
            if self.holds(passage, signal):
                names |= {f"{self._tongue}#{signal.detector}", f"{self._tongue}#{signal.criterion}"}
        words = self.voice.words[start:end]
        read = vocabulary.read(words)
        return Features(f"={self._tongue}", _spoken(words), vocabulary.runs(read), frozenset(names))

    def holds(self, passage: Passage, signal: Signal) -> bool:
        """Whether a signal begins in a passage."""
        start, end = passage
        return start <= self._token(signal.start or 0) < end

    def telling(self, criterion: str, passage: Passage, scorer: Scorer) -> tuple[int, int]:
        """The clause of a passage that speaks most for a criterion, in character positions."""
        clauses: dict[int, list[int]] = defaultdict(list)
        for at in range(*passage):
            clauses[self.ground.scene.layout.clause[at]].append(at)
        words, vocabulary = self.voice.words, scorer.vocabulary
        spoken = [clause for clause in clauses.values() if any(words[at].isalnum() for at in clause)]
        best = max(
            spoken or clauses.values(),
            key=lambda clause: scorer.leaning(
                vocabulary.runs(vocabulary.read(words[at] for at in clause)), criterion
            ),
        )
        return self.tokens.spans[best[0]][0], self.tokens.spans[best[-1]][1]

    @cached_property
    def voice(self) -> Voice:
        """Its words and ideas with how they are meant."""
        return stance.voice(self.tokens.words, self.ground)

    @cached_property
    def _tongue(self) -> str:
        return language(self.tokens.words)

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.tokens.spans]

    def _token(self, character: int) -> int:
        return max(0, bisect_right(self._starts, character) - 1)


def _spoken(words: Sequence[str]) -> int:
    """How much is said: what is said again counts no further, however often."""
    spoken = [word for word in words if word.lstrip("~") not in BREAKS]
    return min(2, len(spoken)) + len(set(zip(spoken, spoken[1:], spoken[2:], strict=False)))
