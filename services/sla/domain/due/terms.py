"""When a round of a deadline is due and when it warns, by its specification and the calendar of the case."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from schemas.calendar import (
    CalendarDays,
    CalendarSpec,
    ElapsedMinutes,
    Hours,
    Limit,
    PublicDays,
)
from schemas.cases import CaseHeader
from schemas.deadline_spec import DeadlineSpec, Warn
from schemas.policies import Policy
from services.sla.domain.due import limits
from services.sla.domain.due.instants import MILLISECOND, MINUTE, from_ms, to_ms
from services.sla.domain.due.worktime import Calendar, compile_calendar
from services.sla.domain.state import Run

ALWAYS = Hours(**dict.fromkeys(Hours.model_fields, (("00:00", "24:00"),)))


class DeadlineRules(NamedTuple):
    """What deadlines are decided by: the policy of their case, and the public days announced of any country.

    `before` is the version by which the case went until now, where it goes on by another.
    """

    policy: Policy
    announced: tuple[PublicDays, ...] = ()
    before: Policy | None = None

    def escalates_outside_hours(self, header: CaseHeader) -> bool:
        """Whether the level of a case lets no escalation wait for its shop to open."""
        return self.policy.severity.level(header.severity).outside_hours


@lru_cache(maxsize=10_000)
def calendar_of(text: str, announced: tuple[PublicDays, ...]) -> Calendar:
    """The calendar of a shop; one that gave no hours is taken to be always open, so that deadlines run."""
    spec = CalendarSpec.model_validate_json(text)
    always = spec if any(spec.hours.days()) else spec.model_copy(update={"hours": ALWAYS})
    return compile_calendar(always, announced)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the times of a deadline depend on besides its run."""

    spec: DeadlineSpec
    calendar: Calendar
    received_at: int

    def anchor(self, at: int) -> int:
        """From when the limit of a round counts that an event of the moment `at` began."""
        return self.received_at if self.spec.starts_from == "receipt" else at

    def renews(self, run: Run) -> bool:
        """Whether the breach of the round begins the next one."""
        spec = self.spec
        spent = spec.repeats is not None and run.renewal + 1 >= spec.repeats and spec.then is None
        return spec.recurring and not spent and self.due(run) > run.anchor

    def limit(self, run: Run) -> Limit:
        """The limit of the round: by its severity, or the slower pace after so many breaches."""
        spec = self.spec
        if spec.then is not None and spec.repeats is not None and run.renewal >= spec.repeats:
            return spec.then
        return spec.limit_by_severity.get(run.severity, spec.limit)

    def due(self, run: Run) -> int:
        """When the round is used up, kept in the run until something moves it."""
        if run.due is None:
            limit = self.limit(run)
            if isinstance(limit, ElapsedMinutes) and not run.pauses:
                due, run.provisional = run.anchor + limit.elapsed_minutes * MINUTE, False
            else:
                at, run.provisional = limits.compute_due(
                    from_ms(run.anchor), limit, self.calendar, _as_moments(run.pauses)
                )
                due = to_ms(at)
            run.due = max(due, run.not_before)
        return run.due

    def warnings(self, run: Run) -> Iterator[tuple[int, int]]:
        """Level and moment of every warning, the first in time with the lowest level."""
        due = self.due(run)
        moments = sorted(
            (max(self._warning_at(run, warn), run.since) for warn in self.spec.warnings), reverse=True
        )
        for level, at in enumerate(moments, start=1):
            if at < due:
                yield -level, at

    def next_opening(self, at: int) -> int:
        """The first working moment from `at` on."""
        return to_ms(self.calendar.next_opening(from_ms(at)))

    def _warning_at(self, run: Run, warn: Warn) -> int:
        limit = self.limit(run)
        if isinstance(limit, ElapsedMinutes) and not run.pauses:
            length = limit.elapsed_minutes * MINUTE
            return run.anchor + _share(warn, length)
        working = None if isinstance(limit, ElapsedMinutes | CalendarDays) else self.calendar
        pauses = _as_moments(run.pauses)
        start = from_ms(run.anchor)
        length = limits.running_time(start, from_ms(self.due(run)), working, pauses) // MILLISECOND
        return to_ms(limits.advance(start, _share(warn, length) * MILLISECOND, working, pauses))


def _share(warn: Warn, length: int) -> int:
    if warn.percent is not None:
        return length * warn.percent // 100
    return max(0, length - (warn.minutes_before or 0) * MINUTE)


def _as_moments(pauses: tuple[tuple[int, int], ...]) -> limits.Pauses:
    return [(from_ms(begin), from_ms(end)) for begin, end in pauses]
