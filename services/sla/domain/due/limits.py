"""When a limit is used up, and how much of it has been."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.calendar import CalendarDays, ElapsedMinutes, EndOf, Limit, SameDay, WorkingDays, WorkingMinutes
from services.sla.domain.due.instants import LAST, MILLISECOND, MINUTE, Span, from_ms, to_ms
from services.sla.domain.due.worktime import Calendar, NeverDueError

Pauses = Sequence[tuple[datetime, datetime]]


class DueTime(NamedTuple):
    """A due moment in UTC; provisional while the public holidays up to it may still change."""

    at: datetime
    provisional: bool


def compute_due(start: datetime, limit: Limit, calendar: Calendar | None, pauses: Pauses = ()) -> DueTime:
    """The moment a limit is used up; NeverDueError names the field that forbids one.

    Pauses are half open, in any order, count once where they overlap, and hold minutes only.
    A limit used up exactly at a closing or as a pause begins is due then. Only elapsed minutes do
    without a calendar. No minutes at all are due as soon as they could run.
    """
    try:
        at = from_ms(_due_ms(start, limit, calendar, pauses))
    except OverflowError:
        raise NeverDueError("start and limit: should stay within the years 1 to 9999") from None
    if calendar is None or isinstance(limit, ElapsedMinutes | CalendarDays | EndOf):
        return DueTime(at, provisional=False)
    return DueTime(at, calendar.is_provisional(at))


def advance(start: datetime, length: timedelta, calendar: Calendar | None, pauses: Pauses = ()) -> datetime:
    """The moment `length` of running time has passed: working time with a calendar, any time without."""
    return from_ms(_use_up(to_ms(start), length // MILLISECOND, calendar, pauses))


def running_time(start: datetime, end: datetime, calendar: Calendar | None, pauses: Pauses = ()) -> timedelta:
    """How long a deadline ran between two moments; `advance` by it never passes `end`."""
    paused = (_passed(max(from_ms(a), start), min(from_ms(b), end), calendar) for a, b in _merge(pauses))
    return _passed(start, end, calendar) - sum(paused, timedelta())


def _passed(start: datetime, end: datetime, calendar: Calendar | None) -> timedelta:
    if end <= start:
        return timedelta()
    return calendar.worked(start, end) if calendar else end - start


def _due_ms(start: datetime, limit: Limit, calendar: Calendar | None, pauses: Pauses) -> int:
    if isinstance(limit, ElapsedMinutes):
        return _use_up(to_ms(start), limit.elapsed_minutes * MINUTE, None, pauses)
    if calendar is None:
        raise NeverDueError("calendar: should give zone and hours; only elapsed_minutes do without")
    return _due_in_calendar(calendar, start, limit, pauses)


def _due_in_calendar(
    calendar: Calendar,
    start: datetime,
    limit: WorkingMinutes | WorkingDays | CalendarDays | EndOf | SameDay,
    pauses: Pauses,
) -> int:
    match limit:
        case WorkingMinutes(working_minutes=minutes):
            return _use_up(to_ms(start), minutes * MINUTE, calendar, pauses)
        case WorkingDays(working_days=days):
            return calendar.closing_after(start, days)
        case CalendarDays(calendar_days=days):
            return calendar.midnight_after(start, days)
        case EndOf():
            return calendar.month_end(start)
        case SameDay():
            return calendar.closing_after(start, 0)


def _use_up(start: int, length: int, calendar: Calendar | None, pauses: Pauses) -> int:
    spans = calendar.working(start) if calendar else iter([(start, max(LAST, start + length))])
    for opening, closing in _without(spans, _merge(pauses)) if pauses else spans:
        if closing - opening >= length:
            return opening + length
        length -= closing - opening
    raise OverflowError


def _merge(pauses: Pauses) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted((to_ms(begin), to_ms(end)) for begin, end in pauses):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _without(spans: Iterator[Span], pauses: list[Span]) -> Iterator[Span]:
    for opening, closing in spans:
        cursor = opening
        for begin, end in pauses:
            if begin < closing and end > cursor:
                if begin >= cursor:
                    yield cursor, begin
                cursor = end
        if cursor <= closing:
            yield cursor, closing
