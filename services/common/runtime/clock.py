"""The only reader of clocks: business time, which can be scaled, and ticks, which never are."""

import mmap
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.base import instant

FASTEST = 1_800.0


_SECONDS = struct.Struct("d")


class Jumps:
    """By how many seconds business time is ahead of where it would be: in a file that all processes see at once.

    A file that is not there yet begins with `first`.
    """

    def __init__(self, file: Path, first: float = 0.0) -> None:
        if not file.exists():
            file.write_bytes(_SECONDS.pack(first))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), _SECONDS.size)

    def __call__(self) -> float:
        return float(_SECONDS.unpack_from(self._shared)[0])

    def jump(self, seconds: float) -> None:
        """Let business time be further ahead by so much; it never goes back."""
        _SECONDS.pack_into(self._shared, 0, self() + max(0.0, seconds))


def _never() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Business time runs `scale` times as fast as the wall since `epoch` (seconds since 1970), and is `ahead` besides.

    All services of a deployment share all three, so they agree on the time of day. Only plays and tests let it jump ahead.
    """

    scale: float = 1.0
    epoch: float = 0.0
    ahead: Callable[[], float] = _never

    def __post_init__(self) -> None:
        if not 1.0 <= self.scale <= FASTEST:
            raise ValueError(f"time scale must be between 1 and {FASTEST:g}, not {self.scale:g}")

    def now(self) -> datetime:
        """Business time, aware, UTC, whole milliseconds."""
        wall = time.time()
        passed = (wall - self.epoch) * self.scale + self.ahead()
        return instant(datetime.fromtimestamp(self.epoch + passed, UTC))

    def wall_seconds(self, span: timedelta) -> float:
        """How long `span` of business time takes on the wall."""
        return span.total_seconds() / self.scale


def ticks() -> float:
    """Monotonic seconds for time-outs, retries and lags; never scaled."""
    return time.monotonic()


def wall() -> datetime:
    """Unscaled time of day, for tokens, the ages of records on Kafka, and to compare with other clocks."""
    return datetime.fromtimestamp(time.time(), UTC)
