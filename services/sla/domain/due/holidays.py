"""Public holidays and make-up working days, by country and year."""

from datetime import date
from functools import cache
from typing import NamedTuple

import holidays

from schemas.calendar import Country, PublicDays


class YearOfDays(NamedTuple):
    """Local dates, as ordinals, on which a country rests or, at a weekend, makes up for it."""

    off: frozenset[int]
    make_up: frozenset[int]


NO_DAYS = YearOfDays(frozenset(), frozenset())


def _ordinals(days: set[date] | frozenset[date], year: int) -> frozenset[int]:
    return frozenset(day.toordinal() for day in days if day.year == year)


@cache
def load_days(country: Country, year: int) -> YearOfDays:
    """The national days of the library, observed ones included; beyond its years there are none."""
    days = holidays.country_holidays(country, years=[year])
    return YearOfDays(_ordinals(set(days), year), _ordinals(days.weekend_workdays, year))


def override(days: YearOfDays, announced: PublicDays | None, year: int) -> YearOfDays:
    """`days` with what was announced since put on top."""
    if announced is None:
        return days
    off, make_up = _ordinals(announced.holidays, year), _ordinals(announced.make_up, year)
    return YearOfDays(days.off - make_up | off, days.make_up - off | make_up)


@cache
def published_until(country: Country) -> int:
    """The last year whose days are certain. China announces each year's by notice; other countries' follow from law."""
    days = holidays.country_holidays(country)
    return max(days.special_public_holidays) if country == "CN" else days.end_year


def horizon(country: Country, announced: PublicDays | None) -> int:
    """The last year whose days are certain by the library or by what was announced since."""
    return max(published_until(country), announced.published_until if announced else 0)
