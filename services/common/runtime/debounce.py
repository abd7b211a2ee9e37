"""What is built of announcements, once they pause: half of a load decides nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.common.runtime.clock import ticks

QUIET_SECONDS = 1.0
LATEST_SECONDS = 15.0

T = TypeVar("T")


@dataclass(slots=True)
class Debounced(Generic[T]):
    """What `build` makes of the announcements as they were when nothing had been announced for a second.

    The entries of one load come in any order and in several reads: between them somebody seems to have lost a post
    whose next holder is not known yet. Announcements that never pause are heeded all the same, some time after the
    first of them.
    """

    build: Callable[[], T]
    now: Callable[[], float] = ticks
    _built: T = field(init=False)
    _due: float | None = None
    _latest: float = 0.0

    def __post_init__(self) -> None:
        self.heed()

    def heed(self) -> None:
        """Take what was announced as it is."""
        self._built, self._due = self.build(), None

    def outdate(self) -> None:
        """Something was announced."""
        if self._due is None:
            self._latest = self.now() + LATEST_SECONDS
        self._due = min(self.now() + QUIET_SECONDS, self._latest)

    def value(self) -> T:
        if self._due is not None and self.now() >= self._due:
            self.heed()
        return self._built

    async def wait(self) -> None:
        """Wait until all that was announced is heeded."""
        while self._due is not None and self.now() < self._due:  # noqa: ASYNC110 - it is a time, and it moves
            await asyncio.sleep(max(0.0, self._due - self.now()))
