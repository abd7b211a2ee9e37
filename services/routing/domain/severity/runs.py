"""Words and runs of two and three words as whole numbers: what the scorer counts in a text."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.routing.domain.severity.lexicon import BREAKS

Numbers: TypeAlias = NDArray[np.int64]
UNKNOWN, SILENT = 0, -1


class Vocabulary:
    """Numbers its words from 1; a word it does not know is 0, a sign that only separates is left out."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        silent = [*BREAKS, *(f"~{sign}" for sign in BREAKS)]
        self._numbers = {word: number for number, word in enumerate(words, 1)} | dict.fromkeys(silent, SILENT)
        self._base = len(words) + 1

    def read(self, words: Iterable[str]) -> Numbers:
        """The words of a text (characters in Chinese) by number."""
        numbers = self._numbers
        read = [number for word in words if (number := numbers.get(word, UNKNOWN)) != SILENT]
        return np.array(read, np.int64)

    def runs(self, one: Numbers) -> Numbers:
        """The distinct words of what was read, and their runs of two and three."""
        two = one[:-1] * self._base + one[1:]
        three = two[:-1] * self._base + one[2:]
        # A run that begins with an unknown word would pass for a shorter one, which is there anyway.
        return _distinct(np.concatenate((one, two, three)))

    def run(self, words: Sequence[str]) -> int:
        """The number of a run of known words."""
        return sum(
            number * self._base**place for place, number in enumerate(reversed(self.read(words).tolist()))
        )

    def spelt(self, run: int) -> list[str]:
        """The words of a run; none where one of them is not known."""
        spelt: list[str] = []
        while run:
            run, number = divmod(run, self._base)
            if number == UNKNOWN:
                return []
            spelt.insert(0, self.words[number - 1])
        return spelt


def _distinct(numbers: Numbers) -> Numbers:
    """Each number once, in order; `np.unique` takes three times as long over so few."""
    numbers.sort()
    first = np.empty(len(numbers), np.bool_)
    first[:1] = True
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]
