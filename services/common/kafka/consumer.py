"""The one consumer of every service: a batch is handled, published, set aside and only then committed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, Topic
from pydantic import TypeAdapter

from services.common.kafka import dead_letters
from services.common.kafka.batch import Batch, Handle, Result
from services.common.kafka.dead_letter_writer import DeadLetterWriter, tell
from services.common.kafka.dead_letters import FailedRecord, Skip, dead_topic, replay_topic
from services.common.kafka.failure_limit import Limit
from services.common.kafka.outbox import OutboxPublisher
from services.common.kafka.partitions import Partitions, Stop
from services.common.kafka.positions import Place, Record
from services.common.runtime import metrics
from services.common.runtime.clock import ticks
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import retry
from services.common.runtime.settings import CommonSettings
from services.common.store.write_path import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_MS = 20
FETCH_WAIT_MS = 50
SESSION_MS = 10_000
REBALANCE_MS = 30_000
DRAIN_SECONDS = 25.0
SKIP_SECONDS = 2.0


class MovedError(TimeoutError):
    """Records were to be handled whose partition another process reads by now."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What records may have to wait for: whether it is there, the store that keeps them, a bell for what came."""

    store: Store[Any]
    is_known: Callable[[str], bool]
    news: asyncio.Event


@dataclass(frozen=True, slots=True)
class Feed:
    """What a service reads, how it handles it, and what records of it may wait for.

    Records of `personal` topics rest nowhere longer than there: what waits of them is only their place.
    """

    topics: Mapping[str, TypeAdapter[Any]]
    handle: Handle
    awaited: Awaited | None = None
    personal: frozenset[str] = frozenset()


@dataclass(slots=True)
class Consumer:
    """Reads a service's topics as one member of its group.

    `waiting` names the trouble a batch is retried for. A partition of which too many records fail stands, and
    the others go on. `stopped` names the fault, not of records, for which nothing more is read or committed:
    a new process is the cure. `caught_up` is true while nothing is known to wait unread, once everything was read.
    """

    service: str
    settings: CommonSettings
    producer: AIOKafkaProducer
    publisher: OutboxPublisher
    feed: Feed
    partitions: Partitions
    progress: float = field(default_factory=ticks)
    waiting: str = ""
    stopped: str = ""
    caught_up: bool = False
    _limits: dict[TopicPartition, Limit] = field(default_factory=dict)
    _skips: dict[TopicPartition, Skip] = field(default_factory=dict)
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)
    _broker: KafkaBroker | None = None

    async def start(self) -> None:
        """Join the group and begin to read."""
        prefix, member = self.settings.topic_prefix, f"{self.service}-{self.settings.instance}"
        self._broker = KafkaBroker(
            self.settings.kafka,
            logger=None,
            consumer_only=True,
            graceful_timeout=DRAIN_SECONDS,
            retry_backoff_ms=500,
            allow_auto_create_topics=False,
        )
        subscriber = self._broker.subscriber(
            *(
                Topic(prefix + name, declare=False)
                for name in (*self.feed.topics, replay_topic(self.service))
            ),
            group_id=prefix + self.service,
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

    @property
    def aside(self) -> DeadLetterWriter:
        """Where it sets aside what cannot be handled."""
        return DeadLetterWriter(
            self.service, self.settings.topic_prefix, frozenset(self.feed.topics), self.producer
        )

    async def heed_skips(self) -> None:
        """Until cancelled, let partitions that stand go on when somebody has said so on the dead topic."""
        while True:
            await asyncio.sleep(SKIP_SECONDS)
            if self.partitions.stops:
                await retry(self._heed_skips, "read skips of the dead topic")

    async def _heed_skips(self) -> None:
        topic = self.settings.topic_prefix + dead_topic(self.service)
        for skip in await dead_letters.skips(self.settings.kafka, topic):
            part = TopicPartition(skip.topic, skip.partition)
            stop = self.partitions.stops.get(part)
            if stop is not None and skip.covers(stop.place):
                self._skips[part] = skip
                self._limits.pop(part, None)
                self.partitions.resume(part)
                log.warning("partition goes on", extra={"place": stop.place, "by": skip.by})

    async def _on_batch(self, message: KafkaMessage) -> None:
        if self._leaving.is_set():
            return
        async with self.partitions.in_hand:
            started = ticks()
            # What was fetched before its partition went is its new reader's; of nothing no commit can be asked.
            records = [one for one in message.raw_message if self.partitions.reads(one)]
            try:
                if records:
                    await self._work(records)
            except Exception as error:
                self.stopped = describe(error)
                log.exception("consumer stopped")
            self._progressed()
            metrics.HANDLING.labels(self.service).observe(ticks() - started)
            if self.stopped:
                # Returning would fetch the next batch, whose commit would pass over this one.
                await self._leaving.wait()

    async def _work(self, records: Sequence[Record]) -> None:
        result = await self._handled(records)
        stops = self._judge(records, result)
        passed = [record for record in records if not _beyond(stops, Place.of(record))]
        await self._set_aside([one for one in result.dead if not _beyond(stops, one.at)])
        parked = [one for one in result.parked if not _beyond(stops, one.at)]
        await self._persist(lambda: self.aside.park(parked))
        await self._persist(lambda: self._commit(passed))
        for part, stop in stops.items():
            self.partitions.halt(part, stop)

    async def work_again(self, records: Sequence[Record]) -> Sequence[FailedRecord]:
        """Handle records that waited; those that were set aside instead. There is nothing to commit.

        Raises MovedError, and handles none, where the partition of one is another's by now.
        """
        async with self.partitions.in_hand:
            if not {one.partition for one in records if one.partition >= 0} <= self.partitions.numbers():
                raise MovedError("a partition has moved")
            result = await self._handled(records, waited=True)
            await self._set_aside(result.dead)
            return result.dead

    async def _set_aside(self, dead: Sequence[FailedRecord]) -> None:
        for one in dead:
            skip = self._skip(one.at)
            await self._persist(partial(self.aside.write, one.skipped(skip) if skip else one))
            self._progressed()

    async def _handled(self, records: Sequence[Record], *, waited: bool = False) -> Result:
        """What came of the records, once Kafka has all that was decided."""
        feed, reread = self.feed, partial(dead_letters.reread, self.settings.kafka)
        batch = Batch(
            self.service, self.settings.topic_prefix, feed.topics, feed.handle, reread, self._progressed, waited,
            feed.personal,
        )  # fmt: skip
        result = await self._persist(lambda: batch.work(records))
        await self._persist(self.publisher.flush)
        return result

    def _judge(self, records: Sequence[Record], result: Result) -> dict[TopicPartition, Stop]:
        """The partitions that have to stand, each from the first record beyond its limit."""
        dead = {failed.at: failed for failed in result.dead if failed.reason != "gap"}
        stops: dict[TopicPartition, Stop] = {}
        replays = self.settings.topic_prefix + replay_topic(self.service)
        for record in records:
            part = TopicPartition(record.topic, record.partition)
            # What is replayed has failed once already and been counted.
            if record.topic != replays and part not in stops:
                place = Place.of(record)
                why = "" if self._skip(place) else self._limit(part).note(handled=place not in dead)
                if why:
                    stops[part] = Stop(place, why)
                    tell(dead[place], "record at fault")
        return stops

    def _limit(self, part: TopicPartition) -> Limit:
        if part not in self._limits:
            self._limits[part] = Limit(self.settings.dead_in_a_row, self.settings.dead_of_hundred)
        return self._limits[part]

    def _skip(self, place: Place | None) -> Skip | None:
        """Who has said that what fails here is to be set aside."""
        if place is None:
            return None
        skip = self._skips.get(TopicPartition(place.topic, place.partition))
        return skip if skip is not None and skip.covers(place) else None

    async def _persist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until it works; meanwhile `waiting` names the trouble."""
        try:
            return await retry(attempt, "handle batch", failed=self._note_retry)
        finally:
            self.waiting = ""

    def _note_retry(self, error: Exception) -> None:
        self.waiting = repr(error)
        metrics.RETRIES.labels(self.service).inc()

    def _progressed(self) -> None:
        self.progress = ticks()

    async def _commit(self, records: Sequence[Record]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            part = TopicPartition(record.topic, record.partition)
            offsets[part] = max(offsets.get(part, 0), record.offset + 1)
        if offsets:
            await self.partitions.commit(offsets)


def _beyond(stops: Mapping[TopicPartition, Stop], place: Place | None) -> bool:
    """Whether a record stands where its partition has come to stand, or after."""
    if place is None:
        return False
    stop = stops.get(TopicPartition(place.topic, place.partition))
    return stop is not None and place.offset >= stop.offset


async def _clean_headers(records: tuple[Record, ...], original: Any) -> Any:
    """The framework's parser dies on a header that is null or not UTF-8, and drops the batch with it."""
    for record in records:
        record.headers = tuple(
            (name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers
        )
    return await original(records)


async def _raw(_message: KafkaMessage) -> bytes:
    return b""
