"""The connections of every service that consumes, started in order and stopped in reverse."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer

from schemas import keys
from schemas.base import Stored
from services.common.kafka import client as kafka
from services.common.kafka.outbox import OutboxPublisher
from services.common.kafka.partitions import OnPartitions, Partitions
from services.common.kafka.subscription import Feed, Subscription
from services.common.kafka.table import Contents, LeftOut, Table
from services.common.kafka.waiting import redeliver_waiting
from services.common.kafka.watermarks import Watermarks
from services.common.runtime import metrics
from services.common.runtime.clock import Clock
from services.common.runtime.clock_skew import Ask, ClockSkew
from services.common.runtime.failures import bounded, retry
from services.common.runtime.health import Health
from services.common.runtime.settings import CommonSettings
from services.common.runtime.watchdog import watch
from services.common.store import mongo
from services.common.store.upgrade import upgrade
from services.common.store.write_path import Store
from services.common.web.keyring import Keyring

log = logging.getLogger(__name__)

T = TypeVar("T")
Beside = Callable[[Coroutine[Any, Any, None]], None]
LEFTOVERS_SECONDS = 600.0
GIVING_UP_SECONDS = 10.0
KEYS = Contents(keys.TOPIC, keys.ADAPTER, keys.key)


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections of a service, all answering; what runs `beside` its work ends the service when it fails."""

    service: str
    settings: CommonSettings
    clock: Clock
    producer: AIOKafkaProducer
    database: mongo.Database
    publisher: OutboxPublisher
    skew: ClockSkew
    beside: Beside
    health: Health

    async def table(
        self, contents: Contents[T], changed: Callable[[str, T | None], None] = lambda _key, _entry: None
    ) -> Table[T]:
        """A compacted topic, read to its end and followed; what is left out of it is reported."""
        topic = self.settings.topic_prefix + contents.topic
        left_out = self.left_out(contents.topic)
        table = Table(self.settings.kafka, topic, contents, changed, left_out)
        await table.start()
        self.beside(table.follow())
        return table

    async def documents(
        self,
        name: str,
        state: type[Stored],
        pages: str | None = None,
        unique: Sequence[str] = (),
        searched: Sequence[Sequence[str]] = (),
    ) -> mongo.MongoDocuments:
        """The documents of a collection, indexed and in the present format, but for those that cannot be."""
        documents = mongo.MongoDocuments(self.database, name, pages)
        await documents.prepare(*unique, searched=searched)
        await upgrade(documents, state, self.health)
        return documents

    def left_out(self, topic: str) -> LeftOut:
        """Where to report what cannot be used of a topic, or of the files that are published there."""

        def report(count: int, text: str) -> None:
            metrics.LEFT_OUT.labels(self.service, topic).set(count)
            self.health.note(topic, text)

        return LeftOut(report)

    def conflicted(self) -> None:
        metrics.CONFLICTS.labels(self.service).inc()


@asynccontextmanager
async def connected(
    service: str,
    settings: CommonSettings,
    topics: Sequence[str],
    patience: float = math.inf,
    health: Health | None = None,
) -> AsyncIterator[Connections]:
    """Wait for Kafka with its topics and for the store; at the end publish what is still unsent.

    `health` is a service's; a command has none.

    After `patience` seconds what is missing is raised as a transient failure.
    """
    await kafka.await_topics(settings.kafka, [settings.topic_prefix + topic for topic in topics], patience)
    database = mongo.connect(settings.mongo, settings.database)
    await mongo.answering(database, patience)
    producer = kafka.producer(settings.kafka)
    await retry(producer.start, "start producer", patience=patience)
    publisher = OutboxPublisher(producer, settings.topic_prefix, published=_counter(service))
    metrics.OUTBOX_AGE.labels(service).set_function(publisher.oldest_seconds)
    try:
        async with background(publisher.run()) as beside:
            skew = ClockSkew(
                service, settings.clock_limit_seconds, _clocks(producer, settings.topic_prefix, database)
            )
            yield Connections(
                service,
                settings,
                settings.clock(),
                producer,
                database,
                publisher,
                skew,
                beside,
                health or Health(service),
            )
    finally:
        await bounded(publisher.flush)
        await bounded(producer.stop)
        database.client.close()


def _clocks(producer: AIOKafkaProducer, prefix: str, database: mongo.Database) -> dict[str, Ask]:
    return {
        "kafka": lambda: kafka.time_of_day(producer, prefix),
        "store": lambda: mongo.time_of_day(database),
    }


@asynccontextmanager
async def consuming(
    parts: Connections,
    health: Health,
    feed: Feed,
    stores: Sequence[Store[Any]],
    moves: tuple[OnPartitions, OnPartitions],
) -> AsyncIterator[Subscription]:
    """Read a service's topics.

    `stores` are looked through for what a crash left unpublished and for what is pending too long; `moves` are
    called with the numbers of partitions that came and that went.
    """

    async def assigned(numbers: set[int]) -> None:
        await retry(lambda: look_after_leftovers(stores), "look for leftovers")
        await moves[0](numbers)

    ends = Watermarks(parts.settings.kafka)
    partitions = Partitions(parts.service, parts.settings.topic_prefix, assigned, moves[1], ends.of)
    subscription = Subscription(
        parts.service, parts.settings, parts.producer, parts.publisher, feed, partitions
    )
    metrics.PENDING.labels(parts.service).set_function(lambda: _count_pending(stores))
    await parts.skew.check()
    await retry(subscription.start, "start consumer")
    async with background(
        parts.skew.run(),
        watch(health, subscription, mongo.Probe(parts.database, parts.service, parts.settings.instance)),
        sweep(stores),
        _give_up(stores, subscription),
        subscription.limits.follow_skips(),
        redeliver_waiting(subscription, health),
    ):
        try:
            yield subscription
        finally:
            try:
                await subscription.stop()
            finally:
                await ends.stop()


@asynccontextmanager
async def believing(settings: CommonSettings, keyring: Keyring, health: Health) -> AsyncIterator[None]:
    """Read by which keys tokens are believed, and follow that; who believes nobody yet is not ready."""
    keyring.noted = partial(health.set, KEYS.topic)
    left_out = LeftOut(lambda _count, text: health.note(KEYS.topic, text))
    table = Table(settings.kafka, settings.topic_prefix + KEYS.topic, KEYS, keyring.changed, left_out)
    await table.start()
    keyring.heed()
    async with background(table.follow()):
        try:
            yield
        finally:
            await table.stop()


@asynccontextmanager
async def background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[Beside]:
    """Run beside the body; the first that fails ends the service, all are cancelled at the end.

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


def _count_pending(stores: Sequence[Store[Any]]) -> int:
    return sum(len(since) for store in stores for since in store.pending_since.values())


async def look_after_leftovers(stores: Sequence[Store[Any]]) -> None:
    """Owe what a crash left in outboxes."""
    for store in stores:
        await store.look_after_leftovers()


async def sweep(stores: Sequence[Store[Any]]) -> None:
    """Look after leftovers every ten minutes, until cancelled; at the start somebody has."""
    while True:
        await asyncio.sleep(LEFTOVERS_SECONDS)
        await retry(lambda: look_after_leftovers(stores), "look for leftovers")


async def _give_up(stores: Sequence[Store[Any]], subscription: Subscription) -> None:
    """Only while all is read: before, what a record waits for may merely be unread."""
    while True:
        await asyncio.sleep(GIVING_UP_SECONDS)
        for store in stores if subscription.status.caught_up else ():
            await retry(partial(store.give_up, subscription.dead_letters.write_expired), "give up on gaps")


def _counter(service: str) -> Callable[[str], None]:
    # Finding a metric by its labels costs more than counting it.
    labelled = cache(partial(metrics.PUBLISHED.labels, service))
    return lambda topic: labelled(topic).inc()
