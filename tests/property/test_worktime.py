"""Working time against a model that asks every single minute what the clock on the wall shows."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.calendar import CalendarDays, CalendarSpec, Hours, SameDay, WorkingDays, WorkingMinutes, minute
from services.sla.domain.due.limits import advance, compute_due, running_time
from services.sla.domain.due.worktime import compile_calendar
from tests.soak import rounds

MINUTE = timedelta(minutes=1)
Pauses = list[tuple[datetime, datetime]]

# Around the days on which clocks change or holidays and make-up days meet. A shop that opens or closes
# at a time the clock shows twice means its first showing; such times are left to the literal examples.
PLACES = {
    "America/New_York": ("US", {"01:30"}, (date(2026, 3, 6), date(2026, 10, 30), date(2026, 7, 1))),
    "Europe/Berlin": ("DE", {"02:30"}, (date(2026, 3, 27), date(2026, 10, 23), date(2026, 4, 2))),
    "Australia/Lord_Howe": (None, set[str](), (date(2026, 4, 3), date(2026, 10, 2))),
    "America/Santiago": (None, {"23:30"}, (date(2026, 4, 3), date(2026, 9, 4))),
    "Asia/Shanghai": ("CN", set[str](), (date(2026, 2, 12), date(2025, 9, 26), date(2024, 2, 7))),
}
HALF_HOURS = [f"{half // 2:02d}:{half % 2 * 30:02d}" for half in range(49)]


@st.composite
def days(draw: st.DrawFn, shown_twice: set[str]) -> list[tuple[str, str]]:
    times = [half for half in HALF_HOURS if half not in shown_twice]
    ends = sorted(draw(st.lists(st.sampled_from(times), unique=True, max_size=4)))
    return list(zip(ends[::2], ends[1::2], strict=False))


@st.composite
def specs(draw: st.DrawFn) -> tuple[CalendarSpec, datetime]:
    zone = draw(st.sampled_from(sorted(PLACES)))
    country, shown_twice, starts = PLACES[zone]
    hours = {key: draw(days(shown_twice)) for key in Hours.model_fields}
    hours["wed"] = hours["wed"] or [("09:00", "17:00")]
    spec = CalendarSpec.model_validate(
        {"zone": zone, "holidays": draw(st.sampled_from([country, None])), "hours": hours}
    )
    midnight = datetime.combine(draw(st.sampled_from(starts)), time(), tzinfo=UTC)
    return spec, midnight + MINUTE * draw(st.integers(0, 5 * 24 * 60))


@st.composite
def pauses_after(draw: st.DrawFn, start: datetime) -> Pauses:
    begins = draw(st.lists(st.tuples(st.integers(-120, 1500), st.integers(0, 400)), max_size=4))
    return [(start + MINUTE * begin, start + MINUTE * (begin + length)) for begin, length in begins]


def modelled_hours(spec: CalendarSpec, day: date) -> tuple[tuple[str, str], ...]:
    week = list(spec.hours.days())
    if spec.holidays is None:
        return week[day.weekday()]
    public = holidays.country_holidays(spec.holidays, years=[day.year])
    own = () if day in public else week[day.weekday()]
    return week[0] if day in public.weekend_workdays and not own else own


def is_open(spec: CalendarSpec) -> Callable[[datetime], bool]:
    zone = ZoneInfo(spec.zone)
    known: dict[date, set[int]] = {}

    def ask(at: datetime) -> bool:
        shown = at.astimezone(zone)
        if shown.date() not in known:
            intervals = [range(minute(a), minute(b)) for a, b in modelled_hours(spec, shown.date())]
            known[shown.date()] = set().union(*intervals)
        return shown.hour * 60 + shown.minute in known[shown.date()]

    return ask


def minutes_from(at: datetime) -> Iterator[datetime]:
    while True:
        yield at
        at += MINUTE


def modelled_closing(spec: CalendarSpec, day: date) -> datetime | None:
    """The end of the last minute of a local date on which the shop is open."""
    opened, zone = is_open(spec), ZoneInfo(spec.zone)
    noon = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
    near = (noon + MINUTE * later for later in range(13 * 60 + 30, -13 * 60 - 30, -1))
    last = next((at for at in near if at.astimezone(zone).date() == day and opened(at)), None)
    return last + MINUTE if last else None


@settings(max_examples=rounds(75, 1_000), deadline=None)
@given(place=specs(), count=st.integers(1, 500), data=st.data())
def test_working_minutes_are_those_a_watcher_counts(
    place: tuple[CalendarSpec, datetime], count: int, data: st.DataObject
) -> None:
    (spec, start), opened = place, is_open(place[0])
    pauses = data.draw(pauses_after(start))
    counted = (
        at for at in minutes_from(start) if opened(at) and not any(begin <= at < end for begin, end in pauses)
    )
    last = next(at for number, at in enumerate(counted, 1) if number == count)
    assert (
        compute_due(start, WorkingMinutes(working_minutes=count), compile_calendar(spec), pauses).at
        == last + MINUTE
    )


@settings(max_examples=rounds(50, 1_000), deadline=None)
@given(place=specs(), count=st.integers(0, 3))
def test_days_end_when_a_watcher_sees_the_last_open_minute(
    place: tuple[CalendarSpec, datetime], count: int
) -> None:
    spec, start = place
    today = start.astimezone(ZoneInfo(spec.zone)).date()
    dates = (today + timedelta(days=later) for later in range(60))
    closings = ((day, closing) for day in dates if (closing := modelled_closing(spec, day)))
    wanted = (closing for day, closing in closings if (day > today if count else closing > start))
    expected = next(closing for number, closing in enumerate(wanted, 1) if number == max(count, 1))
    limit = WorkingDays(working_days=count) if count else SameDay(same_day=True)
    assert compute_due(start, limit, compile_calendar(spec)).at == expected


@settings(max_examples=rounds(50, 1_000), deadline=None)
@given(place=specs(), count=st.integers(0, 5))
def test_calendar_days_end_at_the_first_minute_of_the_day_after(
    place: tuple[CalendarSpec, datetime], count: int
) -> None:
    (spec, start), zone = place, ZoneInfo(place[0].zone)
    last = start.astimezone(zone).date() + timedelta(days=count)
    expected = next(at for at in minutes_from(start) if at.astimezone(zone).date() > last)
    assert compute_due(start, CalendarDays(calendar_days=count), compile_calendar(spec)).at == expected


@given(place=specs(), first=st.integers(1, 10**7), second=st.integers(1, 10**7), data=st.data())
def test_a_length_can_be_run_in_two_parts(
    place: tuple[CalendarSpec, datetime], first: int, second: int, data: st.DataObject
) -> None:
    shop, start = compile_calendar(place[0]), place[1]
    pauses = data.draw(pauses_after(start))
    one, other = timedelta(milliseconds=first), timedelta(milliseconds=second)
    end = advance(start, one + other, shop, pauses)
    assert advance(advance(start, one, shop, pauses), other, shop, pauses) == end
    assert running_time(start, end, shop, pauses) == one + other


@given(place=specs(), data=st.data(), milliseconds=st.integers(0, 10**8))
def test_elapsed_time_runs_only_outside_pauses(
    place: tuple[CalendarSpec, datetime], data: st.DataObject, milliseconds: int
) -> None:
    _, start = place
    pauses = data.draw(pauses_after(start))
    length = timedelta(milliseconds=milliseconds)
    end = advance(start, length, None, pauses)
    assert running_time(start, end, None, pauses) == length
    assert advance(start, length, None, pauses[::-1] + pauses) == end
