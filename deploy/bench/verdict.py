"""What is measured, what is aimed at, and what a series of rounds says about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.bench.ground import Numbers
from deploy.bench.rounds import Estimate, estimate

Round = Mapping[str, Numbers]
"""What one round found, by part."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a part; with `most`, less is better. The aim is for the store in memory."""

    text: str
    part: str
    name: str
    aim: float | None = None
    most: bool = False

    def of(self, rounds: Sequence[Round]) -> list[float]:
        """The number in every round in which it was measured."""
        return [found[self.part][self.name] for found in rounds if self.part in found]

    def ratios(self, ours: Sequence[Round], theirs: Sequence[Round]) -> list[float]:
        """How many times as good ours is, round by round; above one is better whatever the number means."""
        pairs = [
            (one[self.part][self.name], other[self.part][self.name])
            for one, other in zip(ours, theirs, strict=True)
            if self.part in one and self.part in other
        ]
        return [other / one if self.most else one / other for one, other in pairs]


FIGURES = (
    Figure("(a) contacts/s through intake", "a", "per_second"),
    Figure("(a) share of the bare server's rate", "a", "share", 0.7),
    Figure("(b) contacts to routed cases/s", "b", "per_second", 500),
    Figure("(b) share of the floor's rate", "b", "share", 0.5),
    Figure("(c) p50 in ms from 202 to owner", "c", "p50_ms", most=True),
    Figure("(c) p99 in ms from 202 to owner", "c", "p99_ms", 250, most=True),
    Figure("(d) p99 in ms of lateness", "d", "late_p99_ms", 500, most=True),
    Figure("(d) overdue clocks fired/s after a start", "d", "catch_up_per_second", 1_667),
)


def missed(found: Estimate, aim: float, *, most: bool) -> bool:
    """Whether the whole interval lies on the wrong side."""
    return found.low > aim if most else found.high < aim


def judged(figure: Figure, rounds: Sequence[Round], *, aimed: bool) -> dict[str, Any] | None:
    """The number with its interval, and whether its aim is missed; None when it was not measured."""
    if not (values := figure.of(rounds)):
        return None
    found = estimate(values)
    aim = figure.aim if aimed else None
    result = {"median": found.median, "interval": [found.low, found.high], "rounds": len(values)}
    said = f"{figure.text:42}{found!s:28}"
    if aim is not None:
        short = missed(found, aim, most=figure.most)
        result |= {"aim": aim, "missed": short}
        said += f"aim {'<=' if figure.most else '>='} {aim:g}: {'missed' if short else 'not missed'}"
    return {**result, "said": said.rstrip()}


def compared(figure: Figure, ours: Sequence[Round], theirs: Sequence[Round]) -> dict[str, Any] | None:
    """Both medians, and the median of the ratios of each round with its interval; None when not measured."""
    if not (ratios := figure.ratios(ours, theirs)):
        return None
    one, other, ratio = estimate(figure.of(ours)), estimate(figure.of(theirs)), estimate(ratios)
    worse = missed(ratio, 1.0, most=False)
    word = "worse" if worse else "better" if ratio.low > 1 else "no worse"
    return {
        "median": one.median,
        "median_before": other.median,
        "ratio": ratio.median,
        "interval": [ratio.low, ratio.high],
        "ratios": ratios,
        "worse": worse,
        "said": f"{figure.text:42}{one.median:>9.4g}{other.median:>9.4g}   {ratio!s:26}{word}",
    }
