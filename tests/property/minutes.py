"""The model of a deadline: counted minute by minute, over events in the order in which they occurred."""

from dataclasses import dataclass
from typing import Any

from schemas.conditions import When
from schemas.deadline_spec import DeadlineSpec

SEVERITIES = ("general", "major")


@dataclass(frozen=True)
class Happening:
    at: int
    seq: int
    kind: str
    severity: str | None = None
    """Where the event changed it."""

    def meets(self, when: When) -> bool:
        """Whether it is an event of the type, or the action that is asked for."""
        return when.type == f"case.{self.kind}" or when.where.get("action") == (self.kind,)


@dataclass
class Minutes:
    """One deadline, counted minute by minute over events in the order in which they occurred."""

    spec: DeadlineSpec
    happenings: list[Happening]
    running: bool = False
    paused: bool = False
    used: int = 0
    round: int = 0
    breached: bool = False
    armed: bool = False
    limit: int = 0
    ending: str = "dormant"

    def breaches(self, until: int) -> list[int]:
        """When it was breached, in minutes."""
        breaches: list[int] = []
        for minute in range(until + 1):
            for _, _, happening in sorted(self._at(minute)):
                self._check(minute, breaches)
                self._apply(happening, minute)
            self._set_severity(minute)
            self._check(minute, breaches)
            self.used += self.running and not self.paused
        return breaches

    def status(self) -> str:
        """The status of the deadline after the last minute."""
        if not self.running:
            return self.ending
        return "dormant" if not self.armed else "paused" if self.paused else "running"

    def _at(self, minute: int) -> list[tuple[int, int, Happening]]:
        return [(h.at, h.seq, h) for h in self.happenings if h.at == minute]

    def _set_severity(self, minute: int, upto: int | None = None) -> None:
        """By the newest event among those that had occurred by then."""
        changes = [h for h in self.happenings if h.severity is not None]
        occurred = [h for h in changes if h.at < minute or (h.at == minute and h.seq <= (upto or h.seq))]
        if occurred:
            severity = max(occurred, key=lambda h: h.seq).severity
            assert severity is not None
            self.armed = severity in self.spec.applies.get("severity", SEVERITIES)
            limit: Any = self.spec.limit_by_severity.get(severity, self.spec.limit)
            self.limit = limit.elapsed_minutes

    def _check(self, minute: int, breaches: list[int]) -> None:
        slow = self.spec.then is not None and self.round >= (self.spec.repeats or 0)
        limit = self.spec.then.elapsed_minutes if slow else self.limit  # type: ignore[union-attr]
        due = self.running and self.armed and not self.paused and not self.breached and self.used >= limit
        if due:
            breaches.append(minute)
            if self.spec.recurring:
                self.used, self.round = 0, self.round + 1
            else:
                self.breached = True

    def _apply(self, happening: Happening, minute: int) -> None:
        self._set_severity(minute, happening.seq)
        effects = {
            name
            for name in ("cancel", "stop", "pause", "resume", "restart", "start")
            if self._has_effect(name, happening)
        }
        if self.running:
            self._change(effects)
        if not self.running and "start" in effects:
            self.running, self.used, self.round, self.breached, self.paused = True, 0, 0, False, False

    def _change(self, effects: set[str]) -> None:
        if effects & {"cancel", "stop"}:
            met = "late" if self.breached or self.round else "met"
            self.ending = "dormant" if not self.armed else "cancelled" if "cancel" in effects else met
            self.running = self.paused = False
            return
        self.paused = (self.paused or ("pause" in effects and not self.breached)) and "resume" not in effects
        if "restart" in effects:
            self.used, self.round, self.breached = 0, 0, False

    def _has_effect(self, name: str, happening: Happening) -> bool:
        return any(happening.meets(when) for when in getattr(self.spec, name))
