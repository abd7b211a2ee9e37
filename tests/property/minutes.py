"""A deadline as a child would keep it: minute by minute, over things in the order in which they occurred."""

from dataclasses import dataclass
from typing import Any

from schemas.deadline_spec import DeadlineSpec

SEVERITIES = ("general", "major")


@dataclass(frozen=True)
class Happening:
    at: int
    seq: int
    kind: str
    severity: str | None = None
    """Where the event changed it."""


@dataclass
class Minutes:
    """One deadline, counted minute by minute over things in the order in which they occurred."""

    spec: DeadlineSpec
    happenings: list[Happening]
    running: bool = False
    paused: bool = False
    used: int = 0
    round: int = 0
    broken: bool = False
    armed: bool = False
    limit: int = 0
    ending: str = "dormant"

    def breaches(self, until: int) -> list[int]:
        """When it was broken."""
        found: list[int] = []
        for minute in range(until + 1):
            for one in sorted(h for h in self._at(minute)):
                self._check(minute, found)
                self._take(one[2], minute)
            self._look(minute)
            self._check(minute, found)
            self.used += self.running and not self.paused
        return found

    def stands(self) -> str:
        """How the deadline stands after the last minute."""
        if not self.running:
            return self.ending
        return "dormant" if not self.armed else "paused" if self.paused else "running"

    def _at(self, minute: int) -> list[tuple[int, int, Happening]]:
        return [(h.at, h.seq, h) for h in self.happenings if h.at == minute]

    def _look(self, minute: int, upto: int | None = None) -> None:
        """The last word on severity among what had occurred by then."""
        changes = [h for h in self.happenings if h.severity is not None]
        heard = [h for h in changes if h.at < minute or (h.at == minute and h.seq <= (upto or h.seq))]
        if heard:
            severity = max(heard, key=lambda h: h.seq).severity
            assert severity is not None
            self.armed = severity in self.spec.applies.get("severity", SEVERITIES)
            limit: Any = self.spec.limit_by_severity.get(severity, self.spec.limit)  # type: ignore[call-overload]
            self.limit = limit.elapsed_minutes

    def _check(self, minute: int, found: list[int]) -> None:
        slow = self.spec.then is not None and self.round >= (self.spec.repeats or 0)
        limit = self.spec.then.elapsed_minutes if slow else self.limit  # type: ignore[union-attr]
        due = self.running and self.armed and not self.paused and not self.broken and self.used >= limit
        if due:
            found.append(minute)
            if self.spec.recurring:
                self.used, self.round = 0, self.round + 1
            else:
                self.broken = True

    def _take(self, one: Happening, minute: int) -> None:
        self._look(minute, one.seq)
        effects = {
            name
            for name in ("cancel", "stop", "pause", "resume", "restart", "start")
            if self._does(name, one)
        }
        if self.running:
            self._go_on(effects)
        if not self.running and "start" in effects:
            self.running, self.used, self.round, self.broken, self.paused = True, 0, 0, False, False

    def _go_on(self, effects: set[str]) -> None:
        if effects & {"cancel", "stop"}:
            met = "late" if self.broken or self.round else "met"
            self.ending = "dormant" if not self.armed else "cancelled" if "cancel" in effects else met
            self.running = self.paused = False
            return
        self.paused = (self.paused or ("pause" in effects and not self.broken)) and "resume" not in effects
        if "restart" in effects:
            self.used, self.round, self.broken = 0, 0, False

    def _does(self, name: str, one: Happening) -> bool:
        return any(when.type == f"case.{one.kind}" for when in getattr(self.spec, name))
