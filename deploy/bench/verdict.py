"""What was aimed at, and whether it was reached."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Aim:
    """A number of the results, by its path, that should be at least (or with `most` at most) so much."""

    text: str
    path: tuple[str, ...]
    value: float
    most: bool = False


AIMS = (
    Aim("(a) share of the bare server's rate", ("a", "ratio"), 0.7),
    Aim("(b) share of the floor's rate", ("b", "ratio"), 0.5),
    Aim("(b) cases/s", ("b", "per_second"), 500),
    Aim("(c) p99 in ms from 202 to owner", ("c", "p99_ms"), 250, most=True),
    Aim(
        "(d) p99 in ms of lateness, on file of a tenth of the clocks",
        ("d", "lateness", "p99_ms"),
        500,
        most=True,
    ),
    Aim(
        "(d) seconds to fire what was overdue, on file a tenth of it",
        ("d", "catch_up", "seconds"),
        60,
        most=True,
    ),
)


def met(aim: Aim, results: dict[str, Any]) -> str | None:
    """One line: what was reached in memory and on file beside the aim; None when it was not measured."""
    memory, file = (_found(results[form], aim.path) for form in ("memory", "file"))
    if memory is None:
        return None
    reached = memory <= aim.value if aim.most else memory >= aim.value
    sign, word = "<=" if aim.most else ">=", "reached" if reached else "short"
    beside = "" if file is None else f"; on file {file:g}"
    return f"{word:8}{aim.text}: {memory:g} (aim {sign} {aim.value:g}){beside}"


def _found(results: Any, path: tuple[str, ...]) -> float | None:
    for name in path:
        results = results.get(name) if isinstance(results, dict) else None
    return None if results is None else float(results)
