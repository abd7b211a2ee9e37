"""Due times worked out by hand, from the calendars on the wall."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.calendar import Limit
from services.sla.domain.due.limits import compute_due
from services.sla.domain.due.worktime import NeverDueError
from tests.unit.sla.calendars import SHOPS, a_calendar

LIMITS: TypeAdapter[Limit] = TypeAdapter(Limit)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


WORKING_MINUTES = [
    ("shanghai", "2026-03-02T09:30+08:00", 120, "2026-03-02T03:30Z", "within the morning"),
    ("shanghai", "2026-03-02T09:30+08:00", 150, "2026-03-02T04:00Z", "used up exactly at the lunch break"),
    ("shanghai", "2026-03-02T09:30+08:00", 151, "2026-03-02T05:31Z", "a minute beyond the lunch break"),
    ("shanghai", "2026-03-02T07:00+08:00", 60, "2026-03-02T01:30Z", "started before opening"),
    ("shanghai", "2026-03-02T12:30+08:00", 60, "2026-03-02T06:30Z", "started at lunch"),
    ("shanghai", "2026-03-02T17:00+08:00", 30, "2026-03-02T09:30Z", "used up exactly at closing"),
    ("shanghai", "2026-03-02T17:00+08:00", 60, "2026-03-03T01:00Z", "overnight"),
    ("shanghai", "2026-03-02T17:30+08:00", 1, "2026-03-03T00:31Z", "started at closing"),
    ("shanghai", "2026-03-06T17:00+08:00", 60, "2026-03-09T01:00Z", "over the weekend"),
    ("shanghai", "2026-03-07T10:00+08:00", 60, "2026-03-09T01:30Z", "started on Saturday"),
    ("shanghai", "2026-03-02T08:30+08:00", 450, "2026-03-02T09:30Z", "one whole day"),
    ("shanghai", "2026-03-02T08:30+08:00", 451, "2026-03-03T00:31Z", "one day and a minute"),
    ("shanghai", "2026-03-02T08:30+08:00", 2250, "2026-03-06T09:30Z", "one whole week"),
    ("shanghai", "2026-02-13T17:00+08:00", 60, "2026-02-14T01:00Z", "into a make-up Saturday"),
    ("shanghai", "2026-02-14T17:00+08:00", 60, "2026-02-24T01:00Z", "over the Spring Festival"),
    ("shanghai", "2024-02-03T10:00+08:00", 60, "2024-02-04T01:30Z", "into a make-up Sunday"),
    ("shanghai by night", "2026-03-02T20:00+08:00", 240, "2026-03-02T16:00Z", "used up at 24:00"),
    ("shanghai by night", "2026-03-02T20:00+08:00", 300, "2026-03-02T17:00Z", "through midnight"),
    ("shanghai", "2026-03-02T10:00+08:00", 0, "2026-03-02T02:00Z", "nothing, while open"),
    ("shanghai", "2026-03-02T17:30+08:00", 0, "2026-03-02T09:30Z", "nothing, at closing"),
    ("shanghai", "2026-03-02T18:00+08:00", 0, "2026-03-03T00:30Z", "nothing, while shut"),
    (
        "new york",
        "2026-07-02T16:30-04:00",
        60,
        "2026-07-06T13:30Z",
        "over Independence Day, observed on Friday",
    ),
    ("new york", "2026-03-06T14:00-05:00", 480, "2026-03-09T18:00Z", "over the weekend summer time starts"),
    (
        "new york around the clock",
        "2026-03-08T00:00-05:00",
        1440,
        "2026-03-09T05:00Z",
        "through 23-hour day",
    ),
    ("new york early on sundays", "2026-03-08T00:00-05:00", 180, "2026-03-08T08:00Z", "four hours less one"),
    ("new york early on sundays", "2026-03-08T00:00-05:00", 181, "2026-03-15T04:01Z", "the hour is lost"),
    ("new york early on sundays", "2026-11-01T00:00-04:00", 300, "2026-11-01T09:00Z", "four hours and one"),
    ("new york opening in the gap", "2026-03-08T00:00-05:00", 30, "2026-03-08T07:30Z", "opens as it jumps"),
    ("new york within the gap", "2026-03-08T00:00-05:00", 30, "2026-03-15T06:30Z", "never opens that day"),
    ("lord howe early on sundays", "2026-10-04T00:00+10:30", 210, "2026-10-03T17:00Z", "half an hour less"),
    ("lord howe early on sundays", "2026-04-05T00:00+11:00", 270, "2026-04-04T17:30Z", "half an hour more"),
    ("berlin", "2026-03-28T12:30+01:00", 60, "2026-03-30T06:30Z", "summer time starts on Sunday"),
]

WORKING_DAYS = [
    ("shanghai", "2026-03-02T10:00+08:00", 3, "2026-03-05T09:30Z", "Monday to Thursday"),
    ("shanghai", "2026-03-06T10:00+08:00", 1, "2026-03-09T09:30Z", "Friday to Monday"),
    ("shanghai", "2026-03-07T10:00+08:00", 1, "2026-03-09T09:30Z", "Saturday to Monday"),
    ("shanghai", "2026-03-02T16:30Z", 1, "2026-03-04T09:30Z", "the local date counts, already Tuesday"),
    ("shanghai", "2026-02-13T10:00+08:00", 1, "2026-02-14T09:30Z", "a make-up Saturday"),
    ("shanghai", "2026-02-13T10:00+08:00", 2, "2026-02-24T09:30Z", "over the Spring Festival"),
    ("shanghai", "2026-02-24T10:00+08:00", 5, "2026-03-02T09:30Z", "with the make-up Saturday after it"),
    ("shanghai", "2025-10-10T10:00+08:00", 1, "2025-10-11T09:30Z", "the make-up Saturday of October 2025"),
    ("shanghai", "2025-09-30T10:00+08:00", 1, "2025-10-09T09:30Z", "over the eight days of October 2025"),
    ("shanghai", "2025-01-24T10:00+08:00", 3, "2025-02-05T09:30Z", "Sunday 26 and Monday 27 January worked"),
    ("shanghai", "2024-02-09T10:00+08:00", 1, "2024-02-18T09:30Z", "to the make-up Sunday of February 2024"),
    ("shanghai", "2024-10-11T10:00+08:00", 1, "2024-10-12T09:30Z", "the make-up Saturday of October 2024"),
    ("shanghai", "2025-12-31T10:00+08:00", 1, "2026-01-04T09:30Z", "over New Year to a make-up Sunday"),
    ("shanghai", "2026-04-30T10:00+08:00", 1, "2026-05-06T09:30Z", "over Labour Day"),
    ("shanghai", "2026-04-30T10:00+08:00", 4, "2026-05-09T09:30Z", "to the make-up Saturday of May"),
    ("shanghai", "2026-09-30T10:00+08:00", 3, "2026-10-10T09:30Z", "over National Day to a make-up Saturday"),
    ("shanghai with short saturdays", "2026-02-27T10:00+08:00", 1, "2026-02-28T04:00Z", "its own hours"),
    ("shanghai with short saturdays", "2026-05-01T10:00+08:00", 1, "2026-05-06T09:30Z", "2 May is a holiday"),
    (
        "shanghai shut on mondays",
        "2026-02-27T10:00+08:00",
        1,
        "2026-03-03T09:30Z",
        "no Monday's hours to take",
    ),
    ("new york", "2026-07-02T10:00-04:00", 1, "2026-07-06T21:00Z", "Independence Day observed on Friday"),
    ("new york", "2026-11-25T10:00-05:00", 1, "2026-11-27T22:00Z", "Thanksgiving"),
    ("new york", "2027-12-23T10:00-05:00", 1, "2027-12-27T22:00Z", "Christmas observed on Friday"),
    ("new york", "2027-12-30T10:00-05:00", 1, "2028-01-03T22:00Z", "next New Year observed this year"),
    ("new york", "2026-10-09T10:00-04:00", 1, "2026-10-13T21:00Z", "Columbus Day"),
    ("berlin", "2026-04-02T10:00+02:00", 1, "2026-04-04T11:00Z", "Good Friday, then Saturday's closing"),
    ("berlin", "2026-04-02T10:00+02:00", 2, "2026-04-07T16:00Z", "Easter Monday too"),
    ("berlin", "2026-06-03T10:00+02:00", 1, "2026-06-04T16:00Z", "Corpus Christi is of some states only"),
]

CALENDAR_DAYS = [
    ("shanghai", "2026-03-02T10:00+08:00", 1, "2026-03-03T16:00Z", "the end of tomorrow"),
    ("shanghai", "2026-03-02T23:59+08:00", 7, "2026-03-09T16:00Z", "a week"),
    ("shanghai", "2026-03-02T10:00+08:00", 0, "2026-03-02T16:00Z", "the end of today"),
    ("shanghai", "2026-03-02T16:00Z", 1, "2026-03-04T16:00Z", "started at local midnight"),
    ("new york", "2026-03-07T10:00-05:00", 1, "2026-03-09T04:00Z", "the day summer time starts"),
    ("new york", "2026-10-31T12:00-04:00", 1, "2026-11-02T05:00Z", "the day summer time ends"),
    ("berlin", "2026-03-27T09:00+01:00", 3, "2026-03-30T22:00Z", "over the start of summer time"),
    ("santiago", "2026-09-04T12:00-04:00", 1, "2026-09-06T04:00Z", "a midnight that the deadline jumps over"),
]

END_OF = [
    ("shanghai", "2026-03-02T10:00+08:00", "month", "2026-03-31T16:00Z", "thirty-one days"),
    ("shanghai", "2026-02-28T23:59+08:00", "month", "2026-02-28T16:00Z", "a minute before it"),
    ("shanghai", "2024-02-10T10:00+08:00", "month", "2024-02-29T16:00Z", "a leap year"),
    ("shanghai", "2026-03-31T16:00Z", "month", "2026-04-30T16:00Z", "the local date counts, already April"),
    ("shanghai", "2026-12-31T10:00+08:00", "month", "2026-12-31T16:00Z", "the last day of a year"),
    ("new york", "2026-10-15T10:00-04:00", "month", "2026-11-01T04:00Z", "the night summer time ends"),
    ("berlin", "2026-03-10T10:00+01:00", "month", "2026-03-31T22:00Z", "over the start of summer time"),
]

SAME_DAY = [
    ("shanghai", "2026-03-02T08:00+08:00", "2026-03-02T09:30Z", "before opening"),
    ("shanghai", "2026-03-02T12:30+08:00", "2026-03-02T09:30Z", "at lunch"),
    ("shanghai", "2026-03-02T17:29:59.999+08:00", "2026-03-02T09:30Z", "just before closing"),
    ("shanghai", "2026-03-02T17:30+08:00", "2026-03-03T09:30Z", "at closing"),
    ("shanghai", "2026-03-06T18:00+08:00", "2026-03-09T09:30Z", "after closing on Friday"),
    ("shanghai", "2026-03-07T10:00+08:00", "2026-03-09T09:30Z", "on Saturday"),
    ("shanghai", "2026-03-02T20:00Z", "2026-03-03T09:30Z", "the local date counts"),
    ("shanghai", "2025-09-28T10:00+08:00", "2025-09-28T09:30Z", "on a make-up Sunday"),
    ("shanghai", "2026-09-20T12:15+08:00", "2026-09-20T09:30Z", "at lunch of a make-up Sunday"),
    ("berlin", "2026-10-03T10:00+02:00", "2026-10-05T16:00Z", "Unity Day on a working Saturday"),
    ("berlin", "2026-10-31T10:00+01:00", "2026-10-31T12:00Z", "Reformation Day is of some states only"),
]

PAUSES = [
    ("elapsed_minutes", "09:00", 60, [("09:30", "10:00")], "10:30", "once"),
    ("elapsed_minutes", "09:00", 30, [("09:30", "10:00")], "09:30", "used up as the pause begins"),
    ("elapsed_minutes", "09:00", 60, [("09:10", "09:30"), ("09:20", "09:40")], "10:30", "overlapping"),
    ("elapsed_minutes", "09:00", 60, [("09:10", "09:40"), ("09:20", "09:30")], "10:30", "one in another"),
    ("elapsed_minutes", "09:00", 60, [("10:00", "10:10"), ("09:10", "09:20")], "10:20", "out of order"),
    ("elapsed_minutes", "09:00", 60, [("09:10", "09:20"), ("09:20", "09:30")], "10:20", "touching"),
    ("elapsed_minutes", "09:00", 60, [("08:00", "08:30")], "10:00", "before the start"),
    ("elapsed_minutes", "09:00", 60, [("08:30", "09:15")], "10:15", "around the start"),
    ("elapsed_minutes", "09:00", 60, [("11:00", "12:00")], "10:00", "after the due time"),
    ("elapsed_minutes", "09:00", 60, [("09:10", "09:10")], "10:00", "empty"),
    ("elapsed_minutes", "09:00", 0, [("09:00", "09:30")], "09:00", "nothing, as the pause begins"),
    ("elapsed_minutes", "09:00", 0, [("08:30", "09:30")], "09:30", "nothing, in the pause"),
    ("working_minutes", "11:30", 60, [("11:45", "14:00")], "14:45", "around the lunch break"),
    ("working_minutes", "11:00", 120, [("12:00", "13:30")], "14:30", "in the lunch break only"),
    ("working_minutes", "16:30", 60, [("17:00", "17:10")], "08:40 next", "carried to the next day"),
    ("working_minutes", "17:00", 15, [("17:15", "18:00")], "17:15", "used up as the pause begins"),
    ("working_days", "11:00", 1, [("11:10", "12:00")], "17:30 next", "ignored by days"),
]


def row_name(row: tuple[object, ...]) -> str:
    return f"{row[0]}: {row[-1]}"


COUNTED = [
    *(("working_minutes", *row) for row in WORKING_MINUTES),
    *(("working_days", *row) for row in WORKING_DAYS),
    *(("calendar_days", *row) for row in CALENDAR_DAYS),
    *(("end_of", *row) for row in END_OF),
    *(("same_day", shop, start, True, expected, why) for shop, start, expected, why in SAME_DAY),
]


@pytest.mark.parametrize("row", COUNTED, ids=row_name)
def test_a_limit_is_due_when_the_calendar_says(row: tuple[str, str, str, int | str, str, str]) -> None:
    key, shop, start, count, expected, _ = row
    assert compute_due(at(start), LIMITS.validate_python({key: count}), SHOPS[shop]).at == at(expected)


def monday(text: str) -> datetime:
    time, _, later = text.partition(" ")
    return at(f"2026-03-0{3 if later else 2}T{time}+08:00")


@pytest.mark.parametrize("row", PAUSES, ids=row_name)
def test_a_pause_holds_the_minutes(row: tuple[str, str, int, list[tuple[str, str]], str, str]) -> None:
    key, start, count, pauses, expected, _ = row
    held = [(monday(begin), monday(end)) for begin, end in pauses]
    assert compute_due(
        monday(start), LIMITS.validate_python({key: count}), SHOPS["shanghai"], held
    ).at == monday(expected)


def test_elapsed_minutes_need_no_calendar() -> None:
    assert compute_due(monday("09:00"), LIMITS.validate_python({"elapsed_minutes": 90}), None).at == monday(
        "10:30"
    )


@pytest.mark.parametrize(
    "limit",
    [
        {"working_minutes": 1},
        {"working_days": 1},
        {"calendar_days": 1},
        {"end_of": "month"},
        {"same_day": True},
    ],
)
def test_every_other_limit_names_the_calendar_it_misses(limit: dict[str, Any]) -> None:
    with pytest.raises(NeverDueError, match=r"^calendar: should give zone and hours"):
        compute_due(monday("09:00"), LIMITS.validate_python(limit), None)


@pytest.mark.parametrize("limit", [{"working_minutes": 1}, {"working_days": 1}, {"same_day": True}])
def test_a_shop_that_never_opens_is_refused(limit: dict[str, int]) -> None:
    with pytest.raises(NeverDueError, match=r"^calendar\.hours: should have at least one interval"):
        compute_due(monday("09:00"), LIMITS.validate_python(limit), a_calendar("Asia/Shanghai"))


@pytest.mark.parametrize("key", ["elapsed_minutes", "working_minutes", "working_days", "calendar_days"])
def test_a_limit_beyond_all_time_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="should be less than or equal to"):
        LIMITS.validate_python({key: 10**8})
