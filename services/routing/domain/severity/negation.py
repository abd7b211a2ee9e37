"""Decides which words of a text do not count: what is denied, supposed, told of other people's cars, or over.

Concepts of the lexicon steer it: a `denial` ("not", "nobody") before a mention with only `light` words between, or
`came-to-nothing` after it; a `supposition` ("what if") before it in its clause; `others` ("my neighbour's") before it
in its sentence, unless its clause speaks of `mine`; `over-and-done` ("was fixed") after it in its sentence or the next,
unless it came back `again`. `not-a-denial` and `not-a-supposition` list what only looks like one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from services.routing.domain.severity.lexicon import Mention, Text

DENIAL_REACH = 7
"""How many words after a denial are denied at most."""


class Negation:
    """What one text negates, computed once for all patterns and for the classifier."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._words: dict[str, frozenset[int]] = {}
        self._denials = self._covered("denial") - self._covered("not-a-denial")
        self._light = self._covered("light")
        self._after_denials = frozenset(self._reached_by_denials())
        self._last_failures = _last_in(text.clauses, self._starts("came-to-nothing"))
        exceptions = self._covered("not-a-supposition")
        suppositions = [start for start in self._starts("supposition") if start not in exceptions]
        self._first_suppositions = _first_in(text.clauses, suppositions)
        self._first_others = _first_in(text.sentences, self._starts("others"))
        self._mine = self._starts("mine")
        self._own_clauses = {text.clauses[start] for start in self._mine}
        self._ended = self._starts("over-and-done")
        self._last_again = max(self._starts("again"), default=0)

    def negates_fact(self, parts: Sequence[Mention], concepts: Collection[str]) -> bool:
        """Whether the mentions `parts` of a pattern do not say that something happened to this car.

        `concepts` are those of the pattern: a denial that belongs to one of them is part of its sense.
        """
        return self.negates_act(parts, concepts) or self._is_supposed(parts) or self._is_over(parts)

    def negates_act(self, parts: Sequence[Mention], concepts: Collection[str]) -> bool:
        """Whether the mentions do not announce an act, which may also be announced on a condition."""
        return any(self.is_denied(part, concepts) for part in parts) or self._is_about_others(parts)

    def is_denied(self, mention: Mention, concepts: Collection[str] = ()) -> bool:
        """Whether a denial of another than these concepts stands before a mention, or it came to nothing."""
        start, end = mention
        if start in self._after_denials and (not concepts or self._is_after_denial(start, concepts)):
            return True
        return self._last_failures.get(self._text.clauses[start], 0) >= end

    @property
    def denied(self) -> frozenset[int]:
        """The words that a denial reaches."""
        return self._after_denials

    def find_unasserted(self) -> frozenset[int]:
        """Returns the words of supposed clauses and of sentences about other people's cars."""
        own = {self._text.sentences[start] for start in self._mine}
        others = self._first_others.keys() - own
        if not others and not self._first_suppositions:
            return frozenset()
        numbers = zip(self._text.clauses, self._text.sentences, strict=True)
        return frozenset(
            position
            for position, (clause, sentence) in enumerate(numbers)
            if clause in self._first_suppositions or sentence in others
        )

    def _is_supposed(self, parts: Sequence[Mention]) -> bool:
        start = parts[0][0]
        return self._first_suppositions.get(self._text.clauses[start], start) < start

    def _is_about_others(self, parts: Sequence[Mention]) -> bool:
        start, end = parts[0][0], parts[-1][1]
        others = self._first_others.get(self._text.sentences[start], end) < end
        return others and self._text.clauses[start] not in self._own_clauses

    def _is_over(self, parts: Sequence[Mention]) -> bool:
        start, end = parts[0][0], parts[-1][1]
        ended = next((position for position in self._ended if position >= end), None)
        if ended is None or self._text.sentences[ended] > self._text.sentences[start] + 1:
            return False
        return self._last_again <= ended

    def _reached_by_denials(self) -> Iterator[int]:
        """The words right after a denial, or after light words that follow it in its clause."""
        clauses = self._text.clauses
        for denial in self._denials:
            for position in range(denial + 1, min(denial + 1 + DENIAL_REACH, len(clauses))):
                if clauses[position] != clauses[denial]:
                    break
                yield position
                if position not in self._light:
                    break

    def _is_after_denial(self, start: int, concepts: Collection[str]) -> bool:
        """Walks back over light words to a denial that belongs to none of the concepts."""
        clauses = self._text.clauses
        for position in range(start - 1, max(start - DENIAL_REACH, 0) - 1, -1):
            if clauses[position] != clauses[start]:
                return False
            if position in self._denials and not self._belongs(position, concepts):
                return True
            if position not in self._light:
                return False
        return False

    def _belongs(self, position: int, concepts: Collection[str]) -> bool:
        return any(position in self._covered(concept) for concept in concepts)

    def _covered(self, concept: str) -> frozenset[int]:
        """The words that mentions of a concept consist of."""
        if concept not in self._words:
            mentions = self._text.mentions.get(concept, ())
            self._words[concept] = frozenset(word for start, end in mentions for word in range(start, end))
        return self._words[concept]

    def _starts(self, concept: str) -> list[int]:
        """Where mentions of a concept begin, in order."""
        return [start for start, _ in self._text.mentions.get(concept, ())]


def _first_in(numbers: Sequence[int], positions: Iterable[int]) -> dict[int, int]:
    """The first of the positions in each clause or sentence that has one, by its number."""
    return {numbers[position]: position for position in sorted(positions, reverse=True)}


def _last_in(numbers: Sequence[int], positions: Iterable[int]) -> dict[int, int]:
    """The last of the positions in each clause or sentence that has one, by its number."""
    return {numbers[position]: position for position in sorted(positions)}
