"""What is measured, what is aimed at, and what a series of rounds shows: a median, its interval and a verdict."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CONFIDENCE = 0.95

Numbers = dict[str, float]
"""What one measurement found, by name."""
Round = Mapping[str, Numbers]
"""What one round found, by part."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median with its interval."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} [{self.low:.3g} .. {self.high:.3g}]"


def estimate(values: Sequence[float]) -> Estimate:
    """The median between two of the values, by their ranks, that enclose the true one in 95 % of cases or more.

    Nothing is assumed of how the values are spread. Fewer than six values enclose it less often.
    """
    ordered, rank = sorted(values), _rank(len(values))
    return Estimate(statistics.median(ordered), ordered[rank], ordered[-1 - rank])


def _rank(count: int) -> int:
    """How many values may be left out at either end."""
    left_out = 0
    while _outside(count, left_out + 1) <= 1 - CONFIDENCE:
        left_out += 1
    return left_out


def _outside(count: int, left_out: int) -> float:
    """The chance that the true median lies beyond what remains when so many are left out at either end."""
    return 2.0 * sum(math.comb(count, index) for index in range(left_out + 1)) / 2.0**count


def spread(seconds: Sequence[float]) -> Numbers:
    """Median, 99th percentile and worst in milliseconds; nearest rank."""
    ordered = sorted(seconds)
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    last = len(ordered) - 1
    ranks = {name: min(last, int(share * len(ordered))) for name, share in shares.items()}
    return {**{name: round(1000 * ordered[rank], 1) for name, rank in ranks.items()}, "count": len(ordered)}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a part; with `most`, less is better. The aim is for the store in memory."""

    text: str
    part: str
    name: str
    aim: float | None = None
    most: bool = False

    def values(self, rounds: Sequence[Round]) -> list[float]:
        """The number in every round in which it was measured."""
        return [numbers[self.part][self.name] for numbers in rounds if self.part in numbers]

    def ratios(self, ours: Sequence[Round], theirs: Sequence[Round]) -> list[float]:
        """How many times as good ours is, round by round; above one is better whatever the number means."""
        pairs = [
            (our[self.part][self.name], their[self.part][self.name])
            for our, their in zip(ours, theirs, strict=True)
            if self.part in our and self.part in their
        ]
        return [their / our if self.most else our / their for our, their in pairs]


# The names are a contract: another commit is measured by its own code and compared by them.
FIGURES = (
    Figure("(a) contacts/s through intake", "a", "per_second"),
    Figure("(a) share of the bare server's rate", "a", "share", 0.7),
    Figure("(b) contacts to routed cases/s", "b", "per_second", 500),
    Figure("(b) share of the floor's rate", "b", "share", 0.5),
    Figure("(c) p50 in ms from 202 to owner", "c", "p50_ms", most=True),
    Figure("(c) p99 in ms from 202 to owner", "c", "p99_ms", 250, most=True),
    Figure("(d) p99 in ms of lateness", "d", "late_p99_ms", 500, most=True),
    Figure("(d) overdue deadlines fired/s after a start", "d", "catch_up_per_second", 1_667),
)


def missed(result: Estimate, aim: float, *, most: bool) -> bool:
    """Whether the whole interval lies on the wrong side."""
    return result.low > aim if most else result.high < aim


def judged(figure: Figure, rounds: Sequence[Round], *, aimed: bool) -> dict[str, Any] | None:
    """The number with its interval, and whether its aim is missed; None when it was not measured."""
    if not (values := figure.values(rounds)):
        return None
    result = estimate(values)
    aim = figure.aim if aimed else None
    fields = {"median": result.median, "interval": [result.low, result.high], "rounds": len(values)}
    line = f"{figure.text:46}{result!s:28}"
    if aim is not None:
        short = missed(result, aim, most=figure.most)
        fields |= {"aim": aim, "missed": short}
        line += f"aim {'<=' if figure.most else '>='} {aim:g}: {'missed' if short else 'not missed'}"
    return {**fields, "line": line.rstrip()}


def compared(figure: Figure, ours: Sequence[Round], theirs: Sequence[Round]) -> dict[str, Any] | None:
    """Both medians, and the median of the ratios of each round with its interval; None when not measured."""
    if not (ratios := figure.ratios(ours, theirs)):
        return None
    our, their, ratio = estimate(figure.values(ours)), estimate(figure.values(theirs)), estimate(ratios)
    worse = missed(ratio, 1.0, most=False)
    verdict = "worse" if worse else "better" if ratio.low > 1 else "no worse"
    return {
        "median": our.median,
        "median_before": their.median,
        "ratio": ratio.median,
        "interval": [ratio.low, ratio.high],
        "ratios": ratios,
        "worse": worse,
        "line": f"{figure.text:46}{our.median:>9.4g}{their.median:>9.4g}   {ratio!s:26}{verdict}",
    }
