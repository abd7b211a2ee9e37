"""The course of a deadline: what its occurrences and the passing of time make of it, in order of occurrence."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.sla.domain.state import Effect, Mark, Occurrence, Run
from services.sla.domain.terms import Terms

Firings = dict[tuple[int, int, int], int]
"""(origin, renewal, level) of every warning and breach, and its moment."""


@dataclass(slots=True)
class Course:
    """A run on its way through time, and what it fired; it never goes back."""

    terms: Terms
    run: Run
    firings: Firings = field(default_factory=dict)

    def through(self, occurrences: Sequence[Occurrence]) -> None:
        """Follow what occurred; a due time at the very moment of a occurrence comes first."""
        for occurrence in occurrences:
            self.until(occurrence.at)
            self._hear(occurrence)

    def until(self, moment: int, most: int | None = None) -> int:
        """Fire what is due up to a moment, at most so many breaches; the moment that was reached."""
        fired = 0
        while self._runs():
            due, mark = self.terms.due(self.run), self.run.mark
            for level, at in self.terms.warnings(self.run):
                if at <= moment:
                    self.firings.setdefault((*mark, level), at)
            if due > moment:
                break
            self._breach(mark, due)
            fired += 1
            if fired == most:
                return due
        return moment

    def next_at(self) -> int | None:
        """The next moment at which it fires, unless something happens first."""
        if not self._runs():
            return None
        coming = [self.terms.due(self.run)]
        for level, at in self.terms.warnings(self.run):
            if (*self.run.mark, level) not in self.firings:
                coming.append(at)
        return min(coming)

    def due(self) -> int | None:
        """When the present round is or was due; while it stands still, as if it went on now."""
        if self.run.course == "idle":
            return None
        return self.terms.due(self.run) if self.run.breached is None else self.run.breached

    def _runs(self) -> bool:
        return self.run.status == "running" and self.run.breached is None

    def _breach(self, mark: Mark, due: int) -> None:
        self.firings[(*mark, 0)] = due
        if self.terms.renews(self.run):
            self._begin(mark[0], due, due)
            self.run.renewal = mark[1] + 1
        else:
            self.run.breached = due

    def _begin(self, origin: int, anchor: int, known: int) -> None:
        before = self.run
        self.run = Run(
            course="running",
            armed=before.armed,
            severity=before.severity,
            origin=origin,
            anchor=anchor,
            known=known,
        )

    def _hear(self, occurrence: Occurrence) -> None:
        if occurrence.severity is not None:
            self.run.severity = occurrence.severity
            self._reconsider(occurrence.at)
        for effect in occurrence.effects:
            self._do(effect, occurrence)

    def _reconsider(self, at: int) -> None:
        """What was no deadline before cannot have been broken before."""
        if self.run.course == "running" and self.run.breached is None:
            self.run.not_before = self.run.known = at
            self.run.due = None

    def _do(self, effect: Effect, occurrence: Occurrence) -> None:
        if effect in {"arm", "disarm"}:
            self.run.armed = effect == "arm"
            self._reconsider(occurrence.at)
        elif self.run.course != "running":
            if effect == "start":
                self._begin(occurrence.seq, self.terms.anchor(occurrence.at), occurrence.at)
        else:
            self._change(effect, occurrence)

    def _change(self, effect: Effect, occurrence: Occurrence) -> None:
        """What happens to a running deadline; a start means nothing to it."""
        match effect:
            case "cancel" | "stop":
                self._end(occurrence.at, met=effect == "stop")
            case "pause":
                self._pause(occurrence.at)
            case "resume":
                self._resume(occurrence.at)
            case "restart":
                self._renew(occurrence)

    def _end(self, at: int, *, met: bool) -> None:
        run = self.run
        self._resume(at)
        run.course, run.ended = ("met" if met else "cancelled"), at
        run.late = met and (run.breached is not None or run.renewal > 0)
        if not run.armed:
            run.course = "idle"

    def _pause(self, at: int) -> None:
        if self.run.paused_since is None and self.run.breached is None:
            self.run.paused_since = at

    def _resume(self, at: int) -> None:
        if self.run.paused_since is not None:
            self.run.pauses = (*self.run.pauses, (self.run.paused_since, at))
            self.run.paused_since = self.run.due = None

    def _renew(self, occurrence: Occurrence) -> None:
        paused = self.run.paused_since
        self._begin(occurrence.seq, occurrence.at, occurrence.at)
        self.run.paused_since = None if paused is None else occurrence.at


def course_of(terms: Terms, base: Run | None, occurrences: Sequence[Occurrence]) -> Course:
    """Where the occurrences lead from the base."""
    course = Course(terms, replace(base) if base else Run())
    course.through(occurrences)
    return course
