"""A shop's working time: which moments count, and which local dates are working days."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from schemas.calendar import CalendarSpec, Country, PublicDays, minute
from services.sla.domain.due.holidays import NO_DAYS, YearOfDays, horizon, load_days, override
from services.sla.domain.due.instants import Span, from_ms, spans, to_ms, wall_moment

# A hundred years: whoever is not open by then never is, and a search has to end.
SEARCHED_DAYS = 36_525
MIDNIGHT = 24 * 60

Intervals = tuple[tuple[int, int], ...]


class NeverDueError(ValueError):
    """The limit cannot be used up; the text says which field forbids it."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """A shop's calendar; days are ordinals of local dates, moments aware UTC datetimes."""

    zone: ZoneInfo
    country: Country | None
    week: tuple[Intervals, ...]
    closures: frozenset[int]
    announced: PublicDays | None

    def day_of(self, at: datetime) -> int:
        """The local date of a moment."""
        return at.astimezone(self.zone).toordinal()

    def intervals(self, day: int) -> Intervals:
        """Opening intervals in local minutes; a make-up day without its own takes Monday's."""
        if day in self.closures:
            return ()
        off, make_up = self._public(date.fromordinal(day).year)
        own = () if day in off else self.week[(day - 1) % 7]
        return self.week[0] if day in make_up and not own else own

    def spans(self, day: int) -> tuple[Span, ...]:
        """The working moments of a local date, in order."""
        intervals = self.intervals(day)
        return spans(self.zone, day, intervals) if intervals else ()

    def working_days(self, day: int) -> Iterator[tuple[int, tuple[Span, ...]]]:
        """Working days from `day` on with their moments; NeverDueError when the calendar is out of them."""
        if not any(self.week):
            raise NeverDueError("calendar.hours: should have at least one interval on one weekday")
        for later in range(day, min(day + SEARCHED_DAYS, date.max.toordinal())):
            if working := self.spans(later):
                yield later, working
        raise NeverDueError("limit: should be used up within 100 years of the hours in calendar.hours")

    def working(self, start: int) -> Iterator[Span]:
        """Working spans from a moment on; the first may be empty, when the moment is a closing."""
        for _, day in self.working_days(self.day_of(from_ms(start))):
            for opening, closing in day:
                if closing >= start:
                    yield max(opening, start), closing

    def closing_after(self, start: datetime, days: int) -> int:
        """Close of business on the nth working day after the start's local date; for 0 the next one at all."""
        today, at = self.day_of(start), to_ms(start)
        closings = ((day, working[-1][1]) for day, working in self.working_days(today))
        later = (closing for day, closing in closings if (day > today if days else closing > at))
        return next(islice(later, min(max(days - 1, 0), SEARCHED_DAYS), None))

    def midnight_after(self, start: datetime, days: int) -> int:
        """The end of the nth local day after the start's."""
        return wall_moment(self.zone, self.day_of(start) + days, MIDNIGHT)

    def month_end(self, start: datetime) -> int:
        """The end of the last local day of the start's month."""
        day = start.astimezone(self.zone).date()
        return self.midnight_after(start, monthrange(day.year, day.month)[1] - day.day)

    def is_working(self, at: datetime) -> bool:
        """Whether a moment counts."""
        return any(opening <= to_ms(at) < closing for opening, closing in self.spans(self.day_of(at)))

    def next_opening(self, at: datetime) -> datetime:
        """The first working moment from `at` on; `at` itself while open."""
        return from_ms(next(opening for opening, closing in self.working(to_ms(at)) if opening < closing))

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments."""
        first, last = to_ms(start), to_ms(end)
        days = range(self.day_of(start), self.day_of(end) + 1)
        inside = ((max(a, first), min(b, last)) for day in days for a, b in self.spans(day))
        return timedelta(milliseconds=sum(b - a for a, b in inside if a < b))

    def is_provisional(self, at: datetime) -> bool:
        """Whether the public holidays up to a moment may still change."""
        if self.country is None:
            return False
        return at.astimezone(self.zone).year > horizon(self.country, self.announced)

    def _public(self, year: int) -> YearOfDays:
        days = load_days(self.country, year) if self.country else NO_DAYS
        return override(days, self.announced, year)


@lru_cache(maxsize=10_000)
def compile_calendar(spec: CalendarSpec, announced: tuple[PublicDays, ...] = ()) -> Calendar:
    """The calendar of a specification; `announced` are days of any country newer than the library."""
    week = tuple(
        tuple((minute(opening), minute(closing)) for opening, closing in day) for day in spec.hours.days()
    )
    closures = frozenset(day.toordinal() for day in spec.closures)
    of_country = next((days for days in announced if days.country == spec.holidays), None)
    return Calendar(ZoneInfo(spec.zone), spec.holidays, week, closures, of_country)
