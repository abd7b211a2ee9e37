"""Watches store, broker and consumer of a service, and ends one that silently stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from services.common.kafka.subscription import Subscription
from services.common.runtime.clock import ticks
from services.common.runtime.failures import TRANSIENT
from services.common.runtime.health import ANSWER_SECONDS, LOOK_SECONDS, Health, trouble
from services.common.runtime.tasks import waiting_places

log = logging.getLogger(__name__)

STALLED_SECONDS = 30.0
LOST_SECONDS = 90.0
LONGEST_LOOK = LOOK_SECONDS + 2 * ANSWER_SECONDS


class StalledError(Exception):
    """The consumer stands still though there is work; a new process is the cure."""


async def watch(health: Health, subscription: Subscription, probe: Callable[[], Awaitable[None]]) -> None:
    """Look after store, broker and consumer, until cancelled; raises `StalledError`.

    `probe` asks the store whether it does its work.
    """
    looked = ticks()
    while True:
        health.set("store", await trouble(probe()))
        await _look(health, subscription)
        await asyncio.sleep(LOOK_SECONDS)
        # A process too busy, or frozen, to look does not stand still.
        looked, before = ticks(), looked
        subscription.status.progress += max(0.0, looked - before - LONGEST_LOOK)


async def _look(health: Health, subscription: Subscription) -> None:
    partitions, status = subscription.partitions, subscription.status
    try:
        lag = await partitions.lag()
    except TRANSIENT as error:
        # Time without a broker is not the consumer's standing still.
        status.progress, status.caught_up = ticks(), False
        health.set("kafka", repr(error))
        return
    health.set("kafka", "")
    # A member may well be given no partition; one that waits for its group is not idle.
    idle = not lag and partitions.joined
    if idle or status.retrying:
        status.progress = ticks()
    stuck = status.retrying or status.stopped or partitions.stops
    status.caught_up = not stuck and (idle or status.caught_up)
    _judge(health, subscription)


def _judge(health: Health, subscription: Subscription) -> None:
    partitions, status = subscription.partitions, subscription.status
    still = ticks() - status.progress
    stalled = f"no progress for {still:.0f} s" if still > STALLED_SECONDS else ""
    health.set("consumer", status.stopped or partitions.failed or status.retrying or stalled)
    health.set("dead letters", _describe_stops(subscription))
    if broken := partitions.failed or status.stopped:
        raise StalledError(broken)
    if still > LOST_SECONDS:
        log.error("consumer stands still", extra={"tasks": waiting_places()})
        raise StalledError(stalled)


def _describe_stops(subscription: Subscription) -> str:
    """Which partitions stand and why, and what to do about it."""
    if not (stops := subscription.partitions.stops):
        return ""
    where = "; ".join(f"{stop.place} is not read: {stop.why}" for stop in stops.values())
    service = subscription.service
    return f"{where}. See `redress dead list {service}`; to go on: `redress dead skip {service} --reason ...`"
