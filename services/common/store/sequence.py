"""Which causes a document has applied: what tells a repeat, and a record that comes before its turn."""

from dataclasses import dataclass, field
from typing import Any, Literal

from services.common.store.decision import Cause

KEPT = 200
ACTIONS = "actions"

Verdict = Literal["next", "early", "duplicate", "reused"]


@dataclass(slots=True)
class Applied:
    """`numbers` holds the sequence number applied last, by stream.

    `recent` holds the newest causes applied of each stream without a sequence, and of the actions of people.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    recent: dict[str, list[str]] = field(default_factory=dict)

    def check(self, cause: Cause[Any]) -> Verdict:
        """Whether a cause is the next one, comes too early, or was applied before; `reused` is its id with another body."""
        if cause.seq:
            return self._check_number(cause)
        for mark in self.recent.get(_ring(cause), ()):
            if mark.startswith(str(cause.id)):
                return "duplicate" if mark == _mark(cause) else "reused"
        return "next"

    def _check_number(self, cause: Cause[Any]) -> Verdict:
        last = self.numbers.get(cause.stream, 0)
        if cause.seq <= last:
            return "duplicate"
        return "next" if cause.seq == last + 1 or cause.restarts else "early"

    def contains(self, cause: Cause[Any]) -> bool:
        return self.check(cause) in {"duplicate", "reused"}

    def remember(self, cause: Cause[Any]) -> bool:
        """Note that a cause was applied; whether there was anything to note."""
        if cause.seq:
            self.numbers[cause.stream] = cause.seq
        elif cause.once:
            ring = _ring(cause)
            self.recent[ring] = [*self.recent.get(ring, ())[-KEPT + 1 :], _mark(cause)]
        return bool(cause.seq or cause.once)


def _ring(cause: Cause[Any]) -> str:
    """Where a cause is remembered: messages, however many, must not push out what people did."""
    return cause.stream or ACTIONS


def _mark(cause: Cause[Any]) -> str:
    return f"{cause.id}:{cause.digest}" if cause.digest else str(cause.id)
