"""A deadline replayed: the run that follows from what occurred and the passing of time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from schemas.cases import CaseHeader
from schemas.conditions import satisfies
from services.sla.domain.due.terms import Terms
from services.sla.domain.state import DeadlineState, Effect, Occurrence, Round, Run

Firings = dict[tuple[int, int, int], int]
"""(origin, renewal, level) of every warning and breach, and its moment."""

MOST_KEPT = 60
"""Occurrences, warnings and breaches of one deadline that are kept."""

KEPT_WHEN_COMPACTED = 30


@dataclass(slots=True)
class Replay:
    """A run on its way through time, and the warnings and breaches it came by; it never goes back."""

    terms: Terms
    run: Run
    firings: Firings = field(default_factory=dict)

    def follow(self, occurrences: Sequence[Occurrence]) -> None:
        """Apply what occurred; a due time at the very moment of an occurrence comes first."""
        for occurrence in occurrences:
            self.fire_until(occurrence.at)
            self._apply(occurrence)

    def fire_until(self, moment: int, most: int | None = None) -> int:
        """Fire what is due up to a moment, at most so many breaches; returns the moment that was reached."""
        breaches = 0
        while self._is_open():
            due, current = self.terms.due(self.run), self.run.round
            for level, at in self.terms.warnings(self.run):
                if at <= moment:
                    self.firings.setdefault((*current, level), at)
            if due > moment:
                break
            self._breach(current, due)
            breaches += 1
            if breaches == most:
                return due
        return moment

    def next_at(self) -> int | None:
        """The next moment at which it fires, unless something happens first."""
        if not self._is_open():
            return None
        coming = [self.terms.due(self.run)]
        for level, at in self.terms.warnings(self.run):
            if (*self.run.round, level) not in self.firings:
                coming.append(at)
        return min(coming)

    def due(self) -> int | None:
        """When the present round is or was due; while it is paused, as if it went on now."""
        if self.run.phase == "idle":
            return None
        return self.terms.due(self.run) if self.run.breached is None else self.run.breached

    def _is_open(self) -> bool:
        return self.run.status == "running" and self.run.breached is None

    def _breach(self, current: Round, due: int) -> None:
        self.firings[(*current, 0)] = due
        if self.terms.renews(self.run):
            self._begin(current[0], due, due)
            self.run.renewal = current[1] + 1
        else:
            self.run.breached = due

    def _begin(self, origin: int, anchor: int, since: int) -> None:
        before = self.run
        self.run = Run(
            phase="running",
            armed=before.armed,
            severity=before.severity,
            origin=origin,
            anchor=anchor,
            since=since,
        )

    def _apply(self, occurrence: Occurrence) -> None:
        if occurrence.severity is not None:
            self.run.severity = occurrence.severity
            self._reconsider(occurrence.at)
        for effect in occurrence.effects:
            self._do(effect, occurrence)

    def _reconsider(self, at: int) -> None:
        """What was no deadline before cannot have been breached before."""
        if self.run.phase == "running" and self.run.breached is None:
            self.run.not_before = self.run.since = at
            self.run.due = None

    def _do(self, effect: Effect, occurrence: Occurrence) -> None:
        if effect in {"arm", "disarm"}:
            self.run.armed = effect == "arm"
            self._reconsider(occurrence.at)
        elif self.run.phase != "running":
            if effect == "start":
                anchor = occurrence.at if occurrence.again else self.terms.anchor(occurrence.at)
                self._begin(occurrence.seq, anchor, occurrence.at)
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
                self._restart(occurrence)

    def _end(self, at: int, *, met: bool) -> None:
        run = self.run
        self._resume(at)
        run.phase, run.ended = ("met" if met else "cancelled"), at
        run.late = met and (run.breached is not None or run.renewal > 0)
        if not run.armed:
            run.phase = "idle"

    def _pause(self, at: int) -> None:
        if self.run.paused_since is None and self.run.breached is None:
            self.run.paused_since = at

    def _resume(self, at: int) -> None:
        run = self.run
        if run.paused_since is not None:
            if run.not_before > run.paused_since:
                # What came to apply during a pause cannot be breached before the pause ends.
                run.not_before = run.since = at
            run.pauses = (*run.pauses, (run.paused_since, at))
            run.paused_since = run.due = None

    def _restart(self, occurrence: Occurrence) -> None:
        paused = self.run.paused_since
        self._begin(occurrence.seq, occurrence.at, occurrence.at)
        self.run.paused_since = None if paused is None else occurrence.at


def replay(terms: Terms, base: Run | None, occurrences: Sequence[Occurrence]) -> Replay:
    """Where the occurrences lead from the base."""
    replayed = Replay(terms, replace(base) if base else Run())
    if base is not None and base.breached is not None:
        replayed.firings[*base.round, 0] = base.breached
    replayed.follow(occurrences)
    return replayed


def compact(terms: Terms, deadline: DeadlineState) -> DeadlineState:
    """The deadline with all but the newest of what it keeps replayed into its base, where it keeps too much."""
    if len(deadline.occurrences) + len(deadline.fired) <= MOST_KEPT:
        return deadline
    moments = sorted(
        [occurrence.at for occurrence in deadline.occurrences] + [fired.at for fired in deadline.fired]
    )
    return replay_into_base(terms, deadline, moments[-KEPT_WHEN_COMPACTED])


def replay_into_base(terms: Terms, deadline: DeadlineState, floor: int) -> DeadlineState:
    """The deadline with all that occurred up to a moment replayed into its base: nothing of that changes any more."""
    before = replay(terms, deadline.base, [one for one in deadline.occurrences if one.at <= floor])
    before.fire_until(floor)
    return deadline.model_copy(
        update={
            # Worked out anew from here on: public days may be announced that move it.
            "base": replace(before.run, due=None),
            "floor": floor,
            "occurrences": tuple(one for one in deadline.occurrences if one.at > floor),
            "fired": tuple(one for one in deadline.fired if one.at > floor or one.round == before.run.round),
        }
    )


def under_other_terms(
    deadline: DeadlineState, terms: Terms | None, header: CaseHeader
) -> tuple[DeadlineState, bool]:
    """What is settled, to go on by other terms; they can breach nothing before that.

    A limit that by them, and as the case is now, would lie in the past starts now: whether it does.
    """
    run, at = deadline.base, deadline.floor
    if run is None or run.phase != "running" or run.breached is not None:
        return deadline, False
    starts = (
        terms is not None
        and satisfies(terms.spec.applies, header)
        and _due_as_it_is(terms, run, header, at) < at
    )
    if starts:
        paused = None if run.paused_since is None else at
        run = replace(run, anchor=at, pauses=(), paused_since=paused)
    return deadline.model_copy(update={"base": replace(run, not_before=at, since=at)}), starts


def _due_as_it_is(terms: Terms, run: Run, header: CaseHeader, at: int) -> int:
    """When a run would be due by the level of the case; one that is paused, if it went on now."""
    paused = () if run.paused_since is None else ((run.paused_since, at),)
    return terms.due(
        replace(run, severity=header.severity, pauses=(*run.pauses, *paused), not_before=0, due=None)
    )
