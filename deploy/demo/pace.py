"""How fast time may run: as fast as allowed where the machine is free, slower where it has to be shared."""

import resource
from datetime import UTC, datetime, timedelta

from services.common.runtime.clock import FASTEST, Clock, ticks, wall

TRIES = 6
TRIED = 0.08
SLOWEST = 600.0
# Shanghai's Monday, five in the morning: when everything runs, the shops are about to open.
MONDAY = timedelta(hours=5 - 8)


def monday() -> Clock:
    """A clock of this machine's pace, by which it is now early on the next Monday in Shanghai."""
    return clock_at(wall(), max(SLOWEST, FASTEST / crowding()))


def crowding() -> float:
    """How many times longer work takes here than it would on a machine of its own; the best of some tries."""
    return max(1.0, min(_tried() for _ in range(TRIES)))


def _tried() -> float:
    started, used = ticks(), _used()
    while _used() - used < TRIED:
        pass
    return (ticks() - started) / (_used() - used)


def clock_at(now: datetime, scale: float) -> Clock:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(days=7 - midnight.weekday()) + MONDAY
    if start <= now:
        start += timedelta(days=7)
    return Clock(scale, now.timestamp() - (start - now).total_seconds() / (scale - 1))


def _used() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime
