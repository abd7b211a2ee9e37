"""Cuts a long text into passages that overlap: what decides must not drown in the story around it."""

from math import ceil

from services.routing.domain.severity.clauses import Layout

UNITS = 4
RAMBLING = 25
MANY = 32

Passage = tuple[int, int]
"""Token positions, half open."""


def passages(layout: Layout) -> list[Passage]:
    """The whole text first; of one with more than five sentences every four of them besides.

    Of a text so long that these would be too many there are longer ones instead.
    """
    starts = _units(layout)
    end = len(layout.clause)
    whole = (0, end)
    if len(starts) <= UNITS + 1:
        return [whole]
    step = ceil((len(starts) - UNITS) / MANY)
    size = UNITS + step - 1
    bounds = [*starts, end]
    firsts = sorted({*range(0, len(starts) - size, step), len(starts) - size})
    return [whole, *((bounds[first], bounds[first + size]) for first in firsts)]


def _units(layout: Layout) -> list[int]:
    """Where sentences begin, and clauses of a sentence that goes on and on."""
    starts = [0]
    for at in range(1, len(layout.clause)):
        sentence = layout.sentence[at] != layout.sentence[at - 1]
        clause = layout.clause[at] != layout.clause[at - 1] and at - starts[-1] >= RAMBLING
        if sentence or clause:
            starts.append(at)
    return starts
