"""The two kinds of failure: a closed list is transient and retried in place, all else is poison."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    KafkaUnavailableError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotLeaderForPartitionError,
    RequestTimedOutError,
)
from pymongo.errors import AutoReconnect, NetworkTimeout, NotPrimaryError, WTimeoutError

T = TypeVar("T")

TRANSIENT: tuple[type[Exception], ...] = (
    KafkaConnectionError,
    KafkaTimeoutError,
    KafkaUnavailableError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotLeaderForPartitionError,
    RequestTimedOutError,
    AutoReconnect,  # the parent of ServerSelectionTimeoutError and ConnectionFailure's retryable kin
    NetworkTimeout,
    NotPrimaryError,
    WTimeoutError,
    TimeoutError,
)


def backoff(attempt: int, *, base: float = 0.1, most: float = 5.0) -> float:
    """Seconds to wait before the next try: exponential, with full jitter above a tenth."""
    ceiling = min(most, base * 2.0 ** min(attempt, 16))
    return ceiling * (0.1 + 0.9 * random.random())


async def persist(attempt: Callable[[], Awaitable[T]], failed: Callable[[Exception], None]) -> T:
    """Try until it works; only transient failures are retried, each is told to `failed`."""
    tries = 0
    while True:
        try:
            return await attempt()
        except TRANSIENT as error:
            failed(error)
            await asyncio.sleep(backoff(tries))
            tries += 1
