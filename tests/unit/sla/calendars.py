"""The shops whose due times the tests work out by hand."""

from schemas.calendar import CalendarSpec
from services.sla.domain.due.worktime import Calendar, compile_calendar

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
SPLIT = [["08:30", "12:00"], ["13:30", "17:30"]]
LONG = [["08:00", "18:00"]]
NINE_TO_FIVE = [["09:00", "17:00"]]
AROUND = [["00:00", "24:00"]]


def a_calendar(zone: str, holidays: str | None = None, /, **hours: list[list[str]]) -> Calendar:
    return compile_calendar(CalendarSpec.model_validate({"zone": zone, "holidays": holidays, "hours": hours}))


SHOPS = {
    "shanghai": a_calendar("Asia/Shanghai", "CN", **dict.fromkeys(WEEKDAYS, SPLIT)),
    "shanghai with short saturdays": a_calendar(
        "Asia/Shanghai", "CN", **dict.fromkeys(WEEKDAYS, SPLIT), sat=[["09:00", "12:00"]]
    ),
    "shanghai shut on mondays": a_calendar("Asia/Shanghai", "CN", **dict.fromkeys(WEEKDAYS[1:], SPLIT)),
    "shanghai by night": a_calendar("Asia/Shanghai", mon=[["20:00", "24:00"]], tue=[["00:00", "02:00"]]),
    "new york": a_calendar("America/New_York", "US", **dict.fromkeys(WEEKDAYS, NINE_TO_FIVE)),
    "new york around the clock": a_calendar(
        "America/New_York", **dict.fromkeys((*WEEKDAYS, "sat", "sun"), AROUND)
    ),
    "new york early on sundays": a_calendar("America/New_York", sun=[["00:00", "04:00"]]),
    "new york opening in the gap": a_calendar("America/New_York", sun=[["02:30", "04:00"]]),
    "new york within the gap": a_calendar("America/New_York", sun=[["02:00", "03:00"]]),
    "berlin": a_calendar("Europe/Berlin", "DE", **dict.fromkeys(WEEKDAYS, LONG), sat=[["09:00", "13:00"]]),
    "lord howe early on sundays": a_calendar("Australia/Lord_Howe", sun=[["00:00", "04:00"]]),
    "santiago": a_calendar("America/Santiago"),
}
