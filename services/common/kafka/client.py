"""Connecting to Kafka: a producer that loses nothing, and waiting until the broker answers."""

import logging
import math
from collections.abc import Iterable
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

from services.common.runtime.failures import retry

log = logging.getLogger(__name__)

RETRY_BACKOFF_MS = 500
REQUEST_TIMEOUT_MS = 10_000
CLOCK_TOPIC = "clock"
LOG_APPEND_TIME = 1


def producer(
    bootstrap: str, *, linger_ms: int = 0, request_timeout_ms: int = REQUEST_TIMEOUT_MS
) -> AIOKafkaProducer:
    """Acknowledged by all replicas, without duplicates of its own making."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=linger_ms,
        max_batch_size=128 * 1024,
        retry_backoff_ms=RETRY_BACKOFF_MS,
        request_timeout_ms=request_timeout_ms,
    )


async def reach(producer: AIOKafkaProducer) -> None:
    """Return when a broker answers the producer; raises KafkaConnectionError when none does."""
    if not await producer.client.force_metadata_update():
        raise KafkaConnectionError("no broker answers")


async def time_of_day(producer: AIOKafkaProducer, prefix: str) -> datetime:
    """What the clock of a broker says: it stamps a record on a topic that is declared to be stamped by it.

    Raises ValueError when the topic is not.
    """
    stamped = await producer.send_and_wait(prefix + CLOCK_TOPIC, b"")
    if stamped.timestamp_type != LOG_APPEND_TIME:
        raise ValueError(f"topic {prefix + CLOCK_TOPIC}: message.timestamp.type should be LogAppendTime")
    return datetime.fromtimestamp(stamped.timestamp / 1_000, UTC)


async def await_topics(bootstrap: str, topics: Iterable[str], patience: float = math.inf) -> None:
    """Return when the broker answers and has every topic; services may start before either.

    After `patience` seconds what is missing is raised as a transient failure.
    """
    wanted = set(topics)

    async def attempt() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            missing = wanted - set(await admin.list_topics())
        finally:
            await admin.close()
        if missing:
            raise TimeoutError(f"topics not there yet: {', '.join(sorted(missing))}")

    await retry(attempt, "reach Kafka", patience=patience)
