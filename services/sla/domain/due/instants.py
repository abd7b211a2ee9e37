"""Moments as whole milliseconds since 1970 UTC, and local wall-clock times as such moments."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = datetime(1, 1, 1)  # noqa: DTZ001 - a wall clock knows no zone
MILLISECOND = timedelta(milliseconds=1)
MINUTE = 60_000
LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND

Span = tuple[int, int]
"""Half open, in milliseconds since 1970 UTC."""


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC, finer parts cut."""
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """The aware UTC moment; OverflowError after the year 9999."""
    return EPOCH + timedelta(milliseconds=ms)


def wall_moment(zone: ZoneInfo, day: int, minute: int) -> int:
    """When the clock on the wall first shows `minute` of the local `day` (an ordinal), or jumps past it."""
    local = FIRST_DAY + timedelta(days=day - 1, minutes=minute)
    before, after = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if before.utcoffset() < after.utcoffset():  # type: ignore[operator]
        return _find_jump(zone, to_ms(after), to_ms(before))
    return to_ms(before)


def _find_jump(zone: ZoneInfo, low: int, high: int) -> int:
    """The moment between two at which the offset of the zone changes."""
    offset = from_ms(high).astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if from_ms(middle).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high


@lru_cache(maxsize=100_000)
def spans(zone: ZoneInfo, day: int, intervals: tuple[tuple[int, int], ...]) -> tuple[Span, ...]:
    """The moments within `intervals` (minutes of the local day); what the clock jumps over is left out."""
    ends = (
        (wall_moment(zone, day, opening), wall_moment(zone, day, closing)) for opening, closing in intervals
    )
    return tuple((opening, closing) for opening, closing in ends if opening < closing)
