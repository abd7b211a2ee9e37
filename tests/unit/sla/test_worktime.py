"""What a calendar knows of moments and dates."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from schemas.calendar import CalendarSpec, PublicDays, WorkingDays, WorkingMinutes
from services.sla.domain.due.holidays import published_until
from services.sla.domain.due.limits import advance, compute_due, running_time
from services.sla.domain.due.worktime import Calendar, compile_calendar
from tests.unit.sla.calendars import SHOPS, SPLIT, WEEKDAYS

SHANGHAI = SHOPS["shanghai"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "open_then"),
    [
        ("2026-03-02T08:29:59+08:00", False),
        ("2026-03-02T08:30+08:00", True),
        ("2026-03-02T11:59:59+08:00", True),
        ("2026-03-02T12:00+08:00", False),
        ("2026-02-14T10:00+08:00", True),
        ("2026-02-16T10:00+08:00", False),
        ("2026-03-07T10:00+08:00", False),
    ],
)
def test_hours_are_half_open_and_know_public_days(moment: str, *, open_then: bool) -> None:
    assert SHANGHAI.is_working(at(moment)) is open_then


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-03-02T10:00+08:00", "2026-03-02T10:00+08:00"),
        ("2026-03-02T12:00+08:00", "2026-03-02T13:30+08:00"),
        ("2026-03-06T17:30+08:00", "2026-03-09T08:30+08:00"),
        ("2026-02-14T18:00+08:00", "2026-02-24T08:30+08:00"),
    ],
)
def test_the_next_opening_is_now_while_open(moment: str, opening: str) -> None:
    assert SHANGHAI.next_opening(at(moment)) == at(opening)


def test_worked_time_leaves_out_lunch_nights_and_holidays() -> None:
    assert SHANGHAI.worked(at("2026-02-14T11:00+08:00"), at("2026-02-24T09:00+08:00")) == timedelta(hours=5.5)
    assert SHANGHAI.worked(at("2026-03-02T10:00+08:00"), at("2026-03-02T10:00+08:00")) == timedelta()


def test_running_time_leaves_out_pauses_once() -> None:
    start, end = at("2026-03-02T11:00+08:00"), at("2026-03-02T14:00+08:00")
    pauses = [
        (at("2026-03-02T11:30+08:00"), at("2026-03-02T13:40+08:00")),
        (start, at("2026-03-02T11:10+08:00")),
    ]
    pauses.append((at("2026-03-02T11:20+08:00"), at("2026-03-02T11:50+08:00")))
    assert running_time(start, end, SHANGHAI, pauses) == timedelta(minutes=30)
    assert running_time(start, end, None, pauses) == timedelta(minutes=30)
    assert running_time(end, start, None) == timedelta()


def test_advancing_takes_parts_of_minutes() -> None:
    start = at("2026-03-02T11:59:59+08:00")
    assert advance(start, timedelta(seconds=1.5), SHANGHAI) == at("2026-03-02T13:30:00.500+08:00")
    assert advance(start, timedelta(seconds=1.5), None) == at("2026-03-02T12:00:00.500+08:00")


def with_extra_days(*announced: PublicDays, closures: tuple[date, ...] = ()) -> Calendar:
    spec = CalendarSpec.model_validate(
        {
            "zone": "Asia/Shanghai",
            "holidays": "CN",
            "hours": dict.fromkeys(WEEKDAYS, SPLIT),
            "closures": closures,
        }
    )
    return compile_calendar(spec, announced)


def test_a_closure_shuts_the_shop_even_on_a_make_up_day() -> None:
    shop = with_extra_days(closures=(date(2026, 2, 14), date(2026, 2, 24)))
    assert compute_due(at("2026-02-13T10:00+08:00"), WorkingDays(working_days=1), shop).at == at(
        "2026-02-25T09:30Z"
    )


def test_announced_days_win_over_the_library() -> None:
    announced = PublicDays(
        country="CN",
        published_until=2027,
        holidays=frozenset({date(2027, 2, 11)}),
        make_up=frozenset({date(2027, 2, 13)}),
    )
    start = at("2027-02-10T10:00+08:00")
    moved = compute_due(start, WorkingDays(working_days=1), with_extra_days(announced))
    assert moved.provisional is False
    assert moved.at - compute_due(start, WorkingDays(working_days=1), with_extra_days()).at >= timedelta(
        days=1
    )
    assert with_extra_days(announced).is_working(at("2027-02-13T10:00+08:00"))


def test_an_announced_working_day_cancels_a_holiday() -> None:
    announced = PublicDays(country="CN", published_until=2026, make_up=frozenset({date(2026, 5, 1)}))
    assert with_extra_days(announced).is_working(at("2026-05-01T10:00+08:00"))


def test_a_due_time_beyond_the_published_days_of_china_is_provisional() -> None:
    last = published_until("CN")
    within, beyond = datetime(last, 12, 1, tzinfo=UTC), datetime(last + 1, 3, 1, tzinfo=UTC)
    limit = WorkingMinutes(working_minutes=60)
    assert [compute_due(start, limit, SHANGHAI).provisional for start in (within, beyond)] == [False, True]
    assert compute_due(beyond, limit, SHOPS["new york"]).provisional is False


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"zone": "Asia/Nowhere"}, ("zone",)),
        ({"zone": "localtime"}, ("zone",)),
        ({"zone": "UTC", "holidays": "FR"}, ("holidays",)),
        ({"zone": "UTC", "hours": {"mon": [["09:00", "25:00"]]}}, ("hours", "mon", 0, 1)),
        ({"zone": "UTC", "hours": {"mon": [["9:00", "17:00"]]}}, ("hours", "mon", 0, 0)),
        ({"zone": "UTC", "hours": {"mon": [["09:00", "09:00"]]}}, ("hours", "mon")),
        ({"zone": "UTC", "hours": {"mon": [["09:00", "12:00"], ["11:59", "17:00"]]}}, ("hours", "mon")),
        ({"zone": "UTC", "hours": {"monday": []}}, ("hours", "monday")),
    ],
)
def test_a_wrong_calendar_names_its_field(wrong: dict[str, object], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        CalendarSpec.model_validate(wrong)
    assert [error["loc"] for error in refused.value.errors()] == [place]


def test_intervals_may_come_in_any_order_and_touch() -> None:
    spec = CalendarSpec.model_validate(
        {"zone": "UTC", "hours": {"mon": [["12:00", "17:00"], ["08:00", "12:00"]]}}
    )
    worked = compile_calendar(spec).worked(at("2026-03-02T00:00Z"), at("2026-03-03T00:00Z"))
    assert worked == timedelta(hours=9)
    assert CalendarSpec.model_validate_json(spec.model_dump_json()) == spec
