"""Rounds in which both sides take turns, so that what else the machine does weighs on both."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Say = Callable[[str], None]
Rate = Callable[[str], Awaitable[float]]


async def compare(rounds: int, ours: Rate, floor: Rate, say: Say) -> dict[str, Any]:
    """Medians of both rates and of the ratio within each round; the side that begins alternates."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        first, second = (ours, floor) if number % 2 else (floor, ours)
        one, two = await first(str(number)), await second(str(number))
        pairs.append((one, two) if number % 2 else (two, one))
        say(f"  round {number + 1} of {rounds}: {pairs[-1][0]:,.0f}/s, floor {pairs[-1][1]:,.0f}/s")
    mine, theirs = zip(*pairs, strict=True)
    ratios = [one / other for one, other in pairs]
    return {
        "per_second": round(statistics.median(mine), 1),
        "floor_per_second": round(statistics.median(theirs), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def spread(seconds: Sequence[float]) -> dict[str, Any]:
    """Median, 99th percentile and worst in milliseconds; nearest rank."""
    ordered = sorted(seconds)
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    last = len(ordered) - 1
    told = {
        name: round(1000 * ordered[min(last, int(share * len(ordered)))], 1) for name, share in shares.items()
    }
    return {**told, "count": len(ordered)}
