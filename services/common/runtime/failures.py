"""The two kinds of failure: a closed list is transient and retried in place, all else is poison."""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiokafka.errors import (
    BrokerNotAvailableError,
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaStorageError,
    KafkaTimeoutError,
    KafkaUnavailableError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotEnoughReplicasAfterAppendError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    ReplicaNotAvailableError,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
)
from pymongo.errors import ConnectionFailure, CursorNotFound, OperationFailure, PyMongoError, WTimeoutError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay

log = logging.getLogger(__name__)

T = TypeVar("T")

OUT_OF_DISK_SPACE = 14_031
STORE_TROUBLE = frozenset({
    6, 7, 89, 202, 317, 384, 407, 9_001,  # hosts that cannot be reached, networks that fail or take too long
    11, 13, 18, 391, 392, 404,  # a user, a password or a right that an operator has to mend
    24, 46, 112, 453,  # locks and writes in each other's way
    50, 262, 290,  # took longer than allowed
    91, 189, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436,  # shuts down, steps down
    175, 237, 279, 281, 355, 11_601, 46_841, 91_331, 10_045_600,  # is interrupted
    63, 133, 134, 150, 234, 249, 13_388,  # a cluster that is being changed, or has no majority yet
    64, 75, 79, 100,  # not confirmed by as many as the write asks for
    146, 264, 365, 371, 402, 433, 449, 450, 462, 8_000,  # out of memory, files, connections or quota
    OUT_OF_DISK_SPACE,
})  # fmt: skip
"""What MongoDB answers when it, and not the document, is in trouble: codes of its `error_codes.yml`."""
RETRYABLE_LABELS = ("RetryableWriteError", "TransientTransactionError", "RetryableError")


class StoreUnavailableError(PyMongoError):
    """The store answers but cannot do now what is asked of it, whatever the document."""


class ClockDoubtedError(Exception):
    """What is to be decided by our clock waits, because the clock is wrong."""


TRANSIENT: tuple[type[Exception], ...] = (
    BrokerNotAvailableError,
    ClockDoubtedError,
    InvalidTimestampError,  # our clock, or the broker's, is wrong; the record is not
    KafkaConnectionError,
    KafkaStorageError,  # the broker's disk
    KafkaTimeoutError,
    KafkaUnavailableError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotEnoughReplicasAfterAppendError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    ReplicaNotAvailableError,
    RequestTimedOutError,
    StoreUnavailableError,
    UnknownTopicOrPartitionError,  # what a topic not met before looks like while the broker is away
    ConnectionFailure,  # the parent of AutoReconnect, NetworkTimeout, NotPrimaryError and their kin
    CursorNotFound,  # the store was started anew between two pages of an answer
    WTimeoutError,
    TimeoutError,
)


def store_trouble(error: OperationFailure) -> StoreUnavailableError | None:
    """The trouble of the store in what it answered; None where the command or the document is at fault."""
    if error.code == OUT_OF_DISK_SPACE:
        return StoreUnavailableError(f"cannot write: disk full ({_answered(error)})")
    if error.code in STORE_TROUBLE or any(map(error.has_error_label, RETRYABLE_LABELS)):
        return StoreUnavailableError(f"cannot work now: {_answered(error)}")
    return None


def _answered(error: OperationFailure) -> str:
    return str(error).partition(", full error: ")[0].removeprefix("cannot write: ")


# A service waits for ever for those it starts before; whoever sits at a console does not.
PATIENCE = 20.0


def backoff(attempt: int, *, base: float = 0.1, most: float = 5.0) -> float:
    """Seconds to wait before the next try: exponential, with full jitter above a tenth."""
    ceiling = min(most, base * 2.0 ** min(attempt, 16))
    return ceiling * (0.1 + 0.9 * random.random())


async def retry(
    attempt: Callable[[], Awaitable[T]],
    work: str,
    *,
    patience: float = math.inf,
    failed: Callable[[Exception], None] = lambda _error: None,
) -> T:
    """Try until it works; only transient failures are retried, each is logged and handed to `failed`.

    `work` says in the log what was tried. After `patience` seconds the last failure is raised.
    """

    def note(state: RetryCallState) -> None:
        error = state.outcome and state.outcome.exception()
        if isinstance(error, Exception):
            log_retry(work, error)
            failed(error)

    async def try_once() -> T:
        return await attempt()

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(TRANSIENT),
        wait=lambda state: backoff(state.attempt_number - 1),
        stop=stop_after_delay(patience),
        after=note,
        reraise=True,
    )
    return await retrying(try_once)


def log_retry(work: str, error: Exception) -> None:
    log.warning("waits and tries again", extra={"work": work, "reason": brief(error) or repr(error)})


async def bounded(stop: Callable[[], Awaitable[Any]], seconds: float = 5.0) -> None:
    """End something, but do not wait longer than `seconds` for a broker or store that is away."""
    try:
        async with asyncio.timeout(seconds):
            await stop()
    except TRANSIENT as error:
        # Nothing is lost: an outbox is in the store, and what was not acknowledged was not promised.
        log.warning("left for the next start", extra={"reason": repr(error)})


def brief(error: Exception) -> str:
    """What a driver says, without all that it knows of a cluster."""
    return str(error).partition(" (configured timeouts")[0].partition(", Timeout: ")[0]
