"""Whether a room lives and can do its work, and the watchdog that ends one that silently stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.common import metrics
from services.common.clock import ticks
from services.common.consumer import Consumer
from services.common.failures import TRANSIENT

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
ANSWER_SECONDS = 5.0
STALLED_SECONDS = 30.0
LOST_SECONDS = 90.0


class StalledError(Exception):
    """The consumer stands still though there is work; a new process is the cure."""


@dataclass(slots=True)
class Health:
    """`troubles` maps a part to what keeps it from working; the room is ready when there are none."""

    room: str
    troubles: dict[str, str] = field(default_factory=dict)

    def set(self, part: str, trouble: str) -> None:
        """Note a trouble, or with an empty text that there is none."""
        if trouble:
            self.troubles[part] = trouble
        else:
            self.troubles.pop(part, None)
        metrics.READY.labels(self.room).set(not self.troubles)


async def watch(health: Health, consumer: Consumer, ping: Callable[[], Awaitable[None]]) -> None:
    """Look after store, broker and consumer, until cancelled; raises `StalledError`."""
    while True:
        health.set("store", await _trouble(ping()))
        await _look(health, consumer)
        await asyncio.sleep(LOOK_SECONDS)


async def keep_asking(health: Health, part: str, ask: Callable[[], Awaitable[None]]) -> None:
    """Note whether one part answers, until cancelled: the watch of a room that consumes nothing."""
    while True:
        health.set(part, await _trouble(ask()))
        await asyncio.sleep(LOOK_SECONDS)


async def _look(health: Health, consumer: Consumer) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            lag = await consumer.partitions.lag()
    except TRANSIENT as error:
        # Time without a broker is not the consumer's standing still.
        consumer.progress = ticks()
        health.set("kafka", repr(error))
        return
    health.set("kafka", "")
    idle = not lag and consumer.partitions.held()
    if idle or consumer.waiting:
        consumer.progress = ticks()
    still = ticks() - consumer.progress
    stands = f"no progress for {still:.0f} s" if still > STALLED_SECONDS else ""
    health.set("consumer", consumer.stopped or consumer.partitions.failed or consumer.waiting or stands)
    if broken := consumer.partitions.failed or (consumer.stopped if consumer.fault else ""):
        raise StalledError(broken)
    if still > LOST_SECONDS and not consumer.stopped:
        raise StalledError(stands)


async def _trouble(question: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await question
    except TRANSIENT as error:
        return repr(error)
    return ""
