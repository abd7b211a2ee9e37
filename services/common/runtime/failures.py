"""The two kinds of failure: a closed list is transient and retried in place, all else is poison."""

import asyncio
import logging
import math
import random
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from aiokafka.errors import (
    BrokerNotAvailableError,
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
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

from services.common.runtime.clock import ticks
from services.common.runtime.settings import SettingsError

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


async def persist(
    attempt: Callable[[], Awaitable[T]], failed: Callable[[Exception], None], patience: float = math.inf
) -> T:
    """Try until it works; only transient failures are retried, each is told to `failed`.

    After `patience` seconds the last of them is raised.
    """
    tries, until = 0, ticks() + patience
    while True:
        try:
            return await attempt()
        except TRANSIENT as error:
            failed(error)
            if ticks() > until:
                raise
            await asyncio.sleep(backoff(tries))
            tries += 1


async def bounded(stop: Callable[[], Awaitable[Any]], seconds: float = 5.0) -> None:
    """End something, but do not wait longer than `seconds` for a broker or store that is away."""
    try:
        async with asyncio.timeout(seconds):
            await stop()
    except TRANSIENT as error:
        # Nothing is lost: an outbox is in the store, and what was not acknowledged was not promised.
        log.warning("left for the next start", extra={"reason": repr(error)})


def telling(error: BaseException) -> str:
    """The type of an error, and its text where that cannot quote a record: in our own and in transient ones."""
    ours = type(error).__module__.startswith("services.")
    return (
        f"{type(error).__name__}: {error}" if ours or isinstance(error, TRANSIENT) else type(error).__name__
    )


def plainly(error: Exception) -> str | None:
    """What an operator can mend, in one line; None for a fault of ours, which is to be seen in full."""
    match error:
        case ExceptionGroup():
            told = [plainly(part) for part in error.exceptions]
            return None if None in told else "; ".join(dict.fromkeys(filter(None, told)))
        case SettingsError():
            return str(error)
        case KafkaError():
            return f"gave up on Kafka (REDRESS_KAFKA): {brief(error)}"
        case PyMongoError():
            return f"gave up on the store (REDRESS_MONGO): {brief(error)}"
        case TimeoutError():
            return f"gave up: {str(error) or 'no answer in time'}"
    return None


def brief(error: Exception) -> str:
    """What a driver says, without all that it knows of a cluster."""
    return str(error).partition(" (configured timeouts")[0].partition(", Timeout: ")[0]


def frames(error: BaseException | None) -> str:
    """Types and places of an error, of its parts and of what led to it: texts can hold personal words."""
    return "" if error is None else "\n".join(_lines(error))


def _lines(error: BaseException) -> Iterator[str]:
    yield telling(error)
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename.rsplit('/', 3)[-1]}:{frame.lineno} {frame.name}"
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _lines(part)
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before)
