"""The one consumer of every room: a batch is handled, published, set aside and only then committed."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, Topic
from pydantic import TypeAdapter

from services.common import metrics
from services.common.batch import Batch, Handle, Result
from services.common.clock import ticks
from services.common.dead_letters import Casualty, Record, dead_topic, replay_topic
from services.common.failures import frames, persist, telling
from services.common.limit import Limit, LimitError
from services.common.partitions import Partitions
from services.common.relay import Relay
from services.common.settings import CommonSettings

log = logging.getLogger(__name__)

POLL_MS = 20
FETCH_WAIT_MS = 50
SESSION_MS = 10_000
REBALANCE_MS = 30_000
DRAIN_SECONDS = 25.0


@dataclass(frozen=True, slots=True)
class Feed:
    """What a room reads and how it handles it."""

    topics: Mapping[str, TypeAdapter[Any]]
    handle: Handle


@dataclass(slots=True)
class Consumer:
    """Reads a room's topics as one member of its group.

    `waiting` names the trouble a batch is retried for. `stopped` names why it stopped for good:
    nothing more is read or committed then, and the room is not ready. `fault` is set beside it where
    not the records are the trouble: then a new process is the cure. `caught_up` is true while nothing is
    known to wait unread, once everything was read.
    """

    room: str
    settings: CommonSettings
    producer: AIOKafkaProducer
    relay: Relay
    feed: Feed
    partitions: Partitions
    progress: float = field(default_factory=ticks)
    waiting: str = ""
    stopped: str = ""
    fault: bool = False
    caught_up: bool = False
    _limit: Limit = field(default_factory=Limit)
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)
    _broker: KafkaBroker | None = None

    async def start(self) -> None:
        """Join the group and begin to read."""
        prefix, member = self.settings.topic_prefix, f"{self.room}-{self.settings.instance}"
        self._broker = KafkaBroker(
            self.settings.kafka,
            logger=None,
            consumer_only=True,
            graceful_timeout=DRAIN_SECONDS,
            retry_backoff_ms=500,
            allow_auto_create_topics=False,
        )
        subscriber = self._broker.subscriber(
            *(Topic(prefix + name, declare=False) for name in (*self.feed.topics, replay_topic(self.room))),
            group_id=prefix + self.room,
            group_instance_id=prefix + member,
            auto_offset_reset="earliest",
            batch=True,
            max_records=self.settings.max_records,
            batch_timeout_ms=POLL_MS,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=SESSION_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=_clean_headers,
            decoder=_raw,
            listener=self.partitions,
        )
        subscriber(self._on_batch)
        self.partitions.driver = lambda: subscriber.consumer
        try:
            await self._broker.start()
        except Exception:
            await self._broker.stop()
            raise

    async def stop(self) -> None:
        """Finish the batch in hand, then leave."""
        self.partitions.stop()
        if self.stopped:
            self._leaving.set()
        if self._broker is not None:
            async with asyncio.timeout(DRAIN_SECONDS + 5):
                await self._broker.stop()

    async def _on_batch(self, message: KafkaMessage) -> None:
        if self._leaving.is_set():
            return
        async with self.partitions.in_hand:
            started = ticks()
            # What was fetched before its partition went is its new reader's; of nothing no commit can be asked.
            records = [one for one in message.raw_message if self.partitions.holds(one)]
            try:
                if records:
                    await self._work(records)
            except Exception as error:
                self.stopped, self.fault = telling(error), not isinstance(error, LimitError)
                log.exception("consumer stopped")
            self.progress, self.waiting = ticks(), ""
            metrics.HANDLING.labels(self.room).observe(ticks() - started)
        if self.stopped:
            # Returning would fetch the next batch, whose commit would pass over this one.
            await self._leaving.wait()

    async def _work(self, records: Sequence[Record]) -> None:
        batch = Batch(self.room, self.settings.topic_prefix, self.feed.topics, self.feed.handle)
        result = await persist(lambda: batch.work(records), self._waits)
        await persist(self.relay.flush, self._waits)
        self._judge(records, result)
        for casualty in result.dead:
            await persist(lambda dead=casualty: self._set_aside(dead), self._waits)  # type: ignore[misc]
        await persist(lambda: self._commit(records), self._waits)

    def _judge(self, records: Sequence[Record], result: Result) -> None:
        poison = result.poison()
        try:
            self._limit.note([(record.value or b"") not in poison for record in records])
        except LimitError:
            # Nothing of it is set aside, so this is where an operator sees what is wrong.
            for dead in [one for one in result.dead if one.reason != "gap"][-1:]:
                self._tell(dead, "record at fault")
            raise

    def _waits(self, error: Exception) -> None:
        self.waiting = repr(error)
        metrics.RETRIES.labels(self.room).inc()
        log.warning("batch waits", extra={"reason": self.waiting})

    async def _set_aside(self, dead: Casualty) -> None:
        topic = self.settings.topic_prefix + dead_topic(self.room)
        await self.producer.send_and_wait(topic, dead.value, dead.key, headers=dead.headers())
        first = dead.origin.split("/")[0].removeprefix(self.settings.topic_prefix)
        metrics.DEAD.labels(self.room, first if first in self.feed.topics else "unknown", dead.reason).inc()
        self._tell(dead, "record set aside")

    async def set_aside_held(self, key: UUID, stream: str, raw: bytes, reason: str) -> None:
        """Set aside a record that waited in its document for one that did not come, or failed in its turn."""
        topic = self.settings.topic_prefix + stream
        await self._set_aside(Casualty.held_back(key, topic, raw, reason))

    def _tell(self, dead: Casualty, event: str) -> None:
        named = {"case_id": (dead.key or b"").decode(errors="replace"), "message_id": dead.message_id}
        stack = {"stack": frames(dead.error)} if dead.error else {}
        log.error(event, extra={"reason": dead.reason, "origin": dead.origin, **named, **stack})

    async def _commit(self, records: Sequence[Record]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            part = TopicPartition(record.topic, record.partition)
            offsets[part] = max(offsets.get(part, 0), record.offset + 1)
        await self.partitions.commit(offsets)


async def _clean_headers(records: tuple[Record, ...], original: Any) -> Any:
    """The framework's parser dies on a header that is null or not UTF-8, and drops the batch with it."""
    for record in records:
        record.headers = tuple(
            (name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers
        )
    return await original(records)


async def _raw(_message: KafkaMessage) -> bytes:
    return b""
