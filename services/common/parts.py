"""The parts every room that consumes is made of, started in order and stopped in reverse."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer

from services.common import kafka, metrics, mongo
from services.common.clock import Clock
from services.common.consumer import Consumer, Feed
from services.common.ends import Ends
from services.common.failures import bounded, persist
from services.common.health import Health
from services.common.partitions import OnPartitions, Partitions
from services.common.relay import Relay
from services.common.settings import CommonSettings
from services.common.skew import Ask, Skew
from services.common.store import Store
from services.common.table import Contents, LeftOut, Table
from services.common.waiting import release
from services.common.watchdog import watch

log = logging.getLogger(__name__)

T = TypeVar("T")
Beside = Callable[[Coroutine[Any, Any, None]], None]
LEFTOVERS_SECONDS = 600.0
GIVING_UP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Parts:
    """Connections of a room, all answering; what runs `beside` its work ends the room when it fails."""

    room: str
    settings: CommonSettings
    clock: Clock
    producer: AIOKafkaProducer
    database: mongo.Database
    relay: Relay
    skew: Skew
    beside: Beside
    health: Health

    async def table(
        self, contents: Contents[T], changed: Callable[[str, T | None], None] = lambda _key, _entry: None
    ) -> Table[T]:
        """A compacted topic, read to its end and followed; what is left out of it is told."""
        topic = self.settings.topic_prefix + contents.topic
        left_out = self.left_out(contents.topic)
        table = Table(self.settings.kafka, topic, contents, changed, left_out)
        await table.start()
        self.beside(table.follow())
        return table

    def left_out(self, topic: str) -> LeftOut:
        """Where to say what cannot be used of a topic, or of the files that are published there."""

        def tell(count: int, words: str) -> None:
            metrics.LEFT_OUT.labels(self.room, topic).set(count)
            self.health.note(topic, words)

        return LeftOut(tell)

    def conflicted(self) -> None:
        metrics.CONFLICTS.labels(self.room).inc()


@asynccontextmanager
async def connected(
    room: str,
    settings: CommonSettings,
    topics: Sequence[str],
    patience: float = math.inf,
    health: Health | None = None,
) -> AsyncIterator[Parts]:
    """Wait for Kafka with its topics and for the store; at the end publish what is still owed.

    `health` is a service's; a command has none.

    After `patience` seconds what is missing is raised as a transient failure.
    """
    await kafka.await_topics(settings.kafka, [settings.topic_prefix + topic for topic in topics], patience)
    database = mongo.connect(settings.mongo, settings.database)
    await mongo.answering(database, patience)
    producer = kafka.producer(settings.kafka)
    await persist(producer.start, _waits, patience)
    relay = Relay(producer, settings.topic_prefix, published=_counter(room))
    metrics.OUTBOX_AGE.labels(room).set_function(relay.oldest_seconds)
    try:
        async with background(relay.run()) as beside:
            skew = Skew(
                room, settings.clock_limit_seconds, _clocks(producer, settings.topic_prefix, database)
            )
            yield Parts(
                room,
                settings,
                settings.clock(),
                producer,
                database,
                relay,
                skew,
                beside,
                health or Health(room),
            )
    finally:
        await bounded(relay.flush)
        await bounded(producer.stop)
        database.client.close()


def _clocks(producer: AIOKafkaProducer, prefix: str, database: mongo.Database) -> dict[str, Ask]:
    return {
        "kafka": lambda: kafka.time_of_day(producer, prefix),
        "store": lambda: mongo.time_of_day(database),
    }


@asynccontextmanager
async def consuming(
    parts: Parts,
    health: Health,
    feed: Feed,
    stores: Sequence[Store[Any]],
    told: tuple[OnPartitions, OnPartitions],
) -> AsyncIterator[Consumer]:
    """Read a room's topics.

    `stores` are looked through for what a crash left unpublished and for what waits too long; `told` are
    called with the numbers of partitions that came and that went.
    """

    async def assigned(numbers: set[int]) -> None:
        await persist(lambda: _look_after_leftovers(stores), _waits)
        await told[0](numbers)

    ends = Ends(parts.settings.kafka)
    partitions = Partitions(parts.room, parts.settings.topic_prefix, assigned, told[1], ends.of)
    consumer = Consumer(parts.room, parts.settings, parts.producer, parts.relay, feed, partitions)
    metrics.HELD.labels(parts.room).set_function(
        lambda: sum(len(since) for store in stores for since in store.holding.values())
    )
    await parts.skew.check()
    await persist(consumer.start, _waits)
    async with background(
        parts.skew.run(),
        watch(health, consumer, mongo.Probe(parts.database, parts.room, parts.settings.instance)),
        _sweep(stores),
        _give_up(stores, consumer),
        consumer.heed_skips(),
        release(consumer, health),
    ):
        try:
            yield consumer
        finally:
            try:
                await consumer.stop()
            finally:
                await ends.stop()


@asynccontextmanager
async def background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[Beside]:
    """Run beside the body; the first that fails ends the room, all are cancelled at the end.

    What fails comes as a group, but a failure of the body alone as itself.
    """
    tasks: list[asyncio.Task[None]] = []
    failure: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks += map(group.create_task, work)
            try:
                yield lambda one: tasks.append(group.create_task(one))
            except Exception as error:
                failure = error
                raise
            finally:
                for task in tasks:
                    task.cancel()
    except ExceptionGroup as failures:
        if failure is not None and failures.exceptions == (failure,):
            raise failure from None
        raise


async def _look_after_leftovers(stores: Sequence[Store[Any]]) -> None:
    for store in stores:
        await store.look_after_leftovers()


async def _sweep(stores: Sequence[Store[Any]]) -> None:
    while True:
        await asyncio.sleep(LEFTOVERS_SECONDS)
        await persist(lambda: _look_after_leftovers(stores), _waits)


async def _give_up(stores: Sequence[Store[Any]], consumer: Consumer) -> None:
    """Only while all is read: before, what a record waits for may merely be unread."""
    while True:
        await asyncio.sleep(GIVING_UP_SECONDS)
        for store in stores if consumer.caught_up else ():
            await persist(lambda one=store: one.give_up(consumer.aside.held), _waits)  # type: ignore[misc]


def _counter(room: str) -> Callable[[str], None]:
    # Finding a metric by its labels costs more than counting it.
    labelled = cache(partial(metrics.PUBLISHED.labels, room))
    return lambda topic: labelled(topic).inc()


def _waits(error: Exception) -> None:
    log.warning("waiting", extra={"reason": repr(error)})
