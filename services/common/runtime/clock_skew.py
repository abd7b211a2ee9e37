"""How far our clock is apart from those of the broker and of the store, at any moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.common.runtime import metrics
from services.common.runtime.clock import ticks, wall

log = logging.getLogger(__name__)

ASK_SECONDS = 60.0
ANSWER_SECONDS = 5.0
LOOK_SECONDS = 1.0
NOTABLE_SECONDS = 1.0

Ask = Callable[[], Awaitable[datetime]]


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Another clock: its time less our monotonic one, right to within `margin` seconds.

    The monotonic clock runs on when ours is set, so a step of ours is seen without asking again.
    """

    base: float
    margin: float

    def ahead(self) -> float:
        """Seconds by which ours is ahead now; negative when it is behind."""
        return wall().timestamp() - ticks() - self.base

    def beyond(self, seconds: float) -> bool:
        """Whether ours is further away than this, whatever the margin."""
        return abs(self.ahead()) - self.margin > seconds


@dataclass(slots=True)
class ClockSkew:
    """Compares our clock with others, at the start and every minute, and at once after a step.

    With one other clock against ours nobody can say which is wrong, so it takes all that answered to
    doubt ours: one wrong or silent source stops nothing.
    """

    service: str
    limit: float
    sources: Mapping[str, Ask]
    readings: dict[str, ClockReading] = field(default_factory=dict)

    def doubt(self) -> str:
        """Why nothing should be done by our clock; empty while another confirms it, or none was ever read."""
        beyond = [name for name, reading in self.readings.items() if reading.beyond(self.limit)]
        if not beyond or len(beyond) < len(self.readings):
            return ""
        apart = ", ".join(f"{_apart(self.readings[name].ahead())} {name}" for name in sorted(beyond))
        return f"our clock is {apart}; more than {self.limit:g} s is too much"

    async def check(self) -> None:
        """Ask every source; one that does not answer keeps its last reading."""
        await asyncio.gather(*(self._read(name, ask) for name, ask in self.sources.items()))

    async def run(self) -> None:
        """Check again and again until cancelled."""
        while True:
            asked, before = ticks(), self._ahead()
            while ticks() < asked + ASK_SECONDS and not self._stepped(before):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(LOOK_SECONDS)
            await self.check()

    def _ahead(self) -> dict[str, float]:
        return {name: reading.ahead() for name, reading in self.readings.items()}

    def _stepped(self, before: Mapping[str, float]) -> bool:
        now = self._ahead()
        return any(abs(now[name] - before[name]) > NOTABLE_SECONDS for name in before)

    async def _read(self, name: str, ask: Ask) -> None:
        sent = ticks()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                theirs = await ask()
        except Exception as error:  # noqa: BLE001 - what is wrong with another clock is no trouble of ours
            log.warning("another clock cannot be read", extra={"source": name, "reason": repr(error)})
            return
        margin = (ticks() - sent) / 2
        reading = self.readings[name] = ClockReading(theirs.timestamp() - sent - margin, margin)
        ahead = reading.ahead()
        metrics.CLOCK_OFFSET.labels(self.service, name).set(ahead)
        if reading.beyond(NOTABLE_SECONDS):
            log.warning("our clock differs", extra={"source": name, "ahead_seconds": round(ahead, 3)})


def _apart(ahead: float) -> str:
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"
