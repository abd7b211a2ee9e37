"""How the consumption of one service goes: what its watchdog, its health and its retries go by."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from services.common.runtime import metrics
from services.common.runtime.clock import ticks
from services.common.runtime.failures import retry

T = TypeVar("T")


@dataclass(slots=True)
class Status:
    """`progress` is when the last step of work was done, in ticks. `retrying` names the trouble of a batch.

    `stopped` names the fault, not of a record, for which nothing more is read or committed: a new process is
    the cure, and `leaving` is set once this one ends. `caught_up` is true while nothing is unread, as far as is
    known, once everything was read.
    """

    service: str
    progress: float = field(default_factory=ticks)
    retrying: str = ""
    stopped: str = ""
    caught_up: bool = False
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    def note_progress(self) -> None:
        self.progress = ticks()

    async def retry(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Retry transient failures until it works; meanwhile `retrying` names the trouble."""
        try:
            return await retry(attempt, "handle batch", failed=self._note_retry)
        finally:
            self.retrying = ""

    def _note_retry(self, error: Exception) -> None:
        self.retrying = repr(error)
        metrics.RETRIES.labels(self.service).inc()
