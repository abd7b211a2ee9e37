"""Working hours, holidays and limits: what a due time is computed from."""

import re
import zoneinfo
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StrictInt, Tag, field_validator

from schemas.base import MOST_DAYS, MOST_MINUTES, Strict

Country = Literal["CN", "DE", "US"]


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def _check_zone(zone: str) -> str:
    if zone not in _zones():
        raise ValueError(f"{zone!r} is no IANA time zone such as 'Asia/Shanghai'")
    return zone


def _check_time(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", text):
        raise ValueError(f"{text!r} should be a time 'HH:MM' up to '24:00'")
    return text


def minute(time: str) -> int:
    """Minutes since local midnight of an "HH:MM" up to "24:00"."""
    return int(time[:2]) * 60 + int(time[3:])


def _sort_intervals(day: tuple["Interval", ...]) -> tuple["Interval", ...]:
    intervals = tuple(sorted(day))
    for opening, closing in intervals:
        if closing <= opening:
            raise ValueError(f"[{opening}, {closing}] should end after it starts")
    for (_, closing), (opening, _) in pairwise(intervals):
        if opening < closing:
            raise ValueError(f"intervals should not overlap: one ends {closing}, the next starts {opening}")
    return intervals


Zone = Annotated[str, AfterValidator(_check_zone)]
Time = Annotated[str, AfterValidator(_check_time)]
Interval = tuple[Time, Time]
Day = Annotated[tuple[Interval, ...], AfterValidator(_sort_intervals)]


class Hours(Strict):
    """Opening intervals by local weekday, sorted; no interval is a day off."""

    mon: Day = ()
    tue: Day = ()
    wed: Day = ()
    thu: Day = ()
    fri: Day = ()
    sat: Day = ()
    sun: Day = ()

    def days(self) -> Iterator[Day]:
        """The intervals of Monday to Sunday."""
        yield from (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)


class CalendarSpec(Strict):
    """When a shop works: its zone, its country's holidays, its hours and the dates it is shut besides."""

    zone: Zone
    holidays: Country | None = None
    hours: Hours = Hours()
    closures: tuple[date, ...] = ()


class PublicDays(Strict):
    """What a government announced after the holiday library was released; it wins over the library."""

    country: Country
    published_until: Annotated[int, Field(ge=1900, le=9999)]
    holidays: frozenset[date] = frozenset()
    make_up: frozenset[date] = frozenset()


class ElapsedMinutes(Strict):
    """Minutes that pass day and night."""

    elapsed_minutes: StrictInt = Field(ge=0, le=MOST_MINUTES)


class WorkingMinutes(Strict):
    """Minutes within working hours."""

    working_minutes: StrictInt = Field(ge=0, le=MOST_MINUTES)


class WorkingDays(Strict):
    """Close of business on the nth working day after the local date of the start."""

    working_days: StrictInt = Field(ge=1, le=MOST_DAYS)


class CalendarDays(Strict):
    """The end, 24:00, of the nth local day after that of the start."""

    calendar_days: StrictInt = Field(ge=0, le=MOST_DAYS)


class EndOf(Strict):
    """The end, 24:00, of the last local day of the month of the start."""

    end_of: Literal["month"]


class SameDay(Strict):
    """Close of business that day; when that has passed or never comes, of the next working day."""

    same_day: Literal[True]

    @field_validator("same_day", mode="before")
    @classmethod
    def _refuse_numbers(cls, value: Any) -> Any:
        return value if value is True else None


_SHAPES = ("elapsed_minutes", "working_minutes", "working_days", "calendar_days", "end_of", "same_day")
_MODELS = (ElapsedMinutes, WorkingMinutes, WorkingDays, CalendarDays, EndOf, SameDay)


def _shape(limit: Any) -> str | None:
    if isinstance(limit, _MODELS):
        return next(iter(type(limit).model_fields))
    named = [key for key in limit if key in _SHAPES] if isinstance(limit, dict) else []
    return named[0] if len(named) == 1 else None


Limit = Annotated[
    Annotated[ElapsedMinutes, Tag("elapsed_minutes")]
    | Annotated[WorkingMinutes, Tag("working_minutes")]
    | Annotated[WorkingDays, Tag("working_days")]
    | Annotated[CalendarDays, Tag("calendar_days")]
    | Annotated[EndOf, Tag("end_of")]
    | Annotated[SameDay, Tag("same_day")],
    Discriminator(
        _shape,
        custom_error_type="limit_shape",
        custom_error_message=f"should be an object with exactly one of {', '.join(_SHAPES)}",
    ),
]
