"""What several rounds say together: a median and the interval in which the true one lies."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SURE = 0.95


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
    while _outside(count, left_out + 1) <= 1 - SURE:
        left_out += 1
    return left_out


def _outside(count: int, left_out: int) -> float:
    """The chance that the true median lies beyond what remains when so many are left out at either end."""
    return 2.0 * sum(math.comb(count, each) for each in range(left_out + 1)) / 2.0**count


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and worst in milliseconds; nearest rank."""
    ordered = sorted(seconds)
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    last = len(ordered) - 1
    found = {
        name: round(1000 * ordered[min(last, int(share * len(ordered)))], 1) for name, share in shares.items()
    }
    return {**found, "count": len(ordered)}
