"""The only reader of clocks: business time, which can be scaled, and ticks, which never are."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas.base import instant

FASTEST = 1_800.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Business time runs `scale` times as fast as the wall since `epoch` (seconds since 1970).

    All services of a deployment share both, so they agree on the time of day.
    """

    scale: float = 1.0
    epoch: float = 0.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.scale <= FASTEST:
            raise ValueError(f"time scale must be between 1 and {FASTEST:g}, not {self.scale:g}")

    def now(self) -> datetime:
        """Business time, aware, UTC, whole milliseconds."""
        wall = time.time()
        return instant(datetime.fromtimestamp(self.epoch + (wall - self.epoch) * self.scale, UTC))

    def wall_seconds(self, span: timedelta) -> float:
        """How long `span` of business time takes on the wall."""
        return span.total_seconds() / self.scale


def ticks() -> float:
    """Monotonic seconds for time-outs, retries and lags; never scaled."""
    return time.monotonic()


def wall() -> datetime:
    """Unscaled time of day, for tokens, the ages of records on Kafka, and to compare with other clocks."""
    return datetime.fromtimestamp(time.time(), UTC)
