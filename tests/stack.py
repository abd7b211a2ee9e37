"""Names that keep tests apart on one shared stack, and the traffic that they send and read there."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from deploy.local import Stack, create_topics
from deploy.local.topics import retried

Documents = AsyncDatabase[dict[str, Any]]


@dataclass(frozen=True)
class Names:
    """What one test has to itself: a prefix for every topic, a database, and a consumer group."""

    prefix: str
    database: str
    group: str

    @staticmethod
    def fresh() -> "Names":
        mark = uuid4().hex[:12]
        return Names(prefix=f"t{mark}.", database=f"t{mark}", group=f"t{mark}")

    def topic(self, name: str) -> str:
        return self.prefix + name

    def environment(self, stack: Stack) -> dict[str, str]:
        """What a service finds in its environment to work with these names on `stack`."""
        names = {"REDRESS_TOPIC_PREFIX": self.prefix, "REDRESS_DATABASE": self.database}
        return {**stack.addresses.environment(), **names}


@asynccontextmanager
async def own_names(stack: Stack) -> AsyncIterator[Names]:
    """Names whose topics are there meanwhile."""
    async with unused_names(stack) as names:
        await create_topics(stack.addresses.kafka, replication=1, prefix=names.prefix)
        yield names


@asynccontextmanager
async def unused_names(stack: Stack) -> AsyncIterator[Names]:
    """Names without topics; whatever topics they get are deleted at the end.

    A broker of ten thousand partitions has no time for its own heartbeat.
    """
    names = Names.fresh()
    try:
        yield names
    finally:
        await retried(lambda: _delete_topics(stack, names.prefix))


async def _delete_topics(stack: Stack, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.addresses.kafka)
    try:
        await admin.start()
        present = await admin.list_topics()
        answer = await admin.delete_topics([topic for topic in present if topic.startswith(prefix)])
        for topic, code in answer.topic_error_codes:
            if code:
                raise for_code(code)(topic)
    finally:
        await admin.close()


@asynccontextmanager
async def database(stack: Stack, name: str) -> AsyncIterator[Documents]:
    """The database `name`, written to as durably as the services write."""
    async with AsyncMongoClient[dict[str, Any]](stack.addresses.mongo, w="majority", journal=True) as client:
        yield client[name]


@asynccontextmanager
async def started(make: Callable[[], Any]) -> AsyncIterator[Any]:
    """A producer or consumer at work, made anew while Kafka says that it is not ready yet."""

    async def start() -> Any:
        client = make()
        try:
            await client.start()
        except BaseException:
            await client.stop()
            raise
        return client

    client = await retried(start)
    try:
        yield client
    finally:
        await client.stop()


async def produce(stack: Stack, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
    """Write keyed records and wait for every acknowledgement."""
    options: dict[str, Any] = {"acks": "all", "enable_idempotence": True}
    async with started(
        lambda: AIOKafkaProducer(bootstrap_servers=stack.addresses.kafka, **options)
    ) as producer:
        for sent in [await producer.send(topic, value, key=key) for key, value in records]:
            await sent


async def consume(stack: Stack, topic: str, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    """The first `count` records of a topic, read by no group; order holds within a partition."""
    options = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
    async with started(
        lambda: AIOKafkaConsumer(topic, bootstrap_servers=stack.addresses.kafka, **options)
    ) as consumer:
        return [await anext(consumer) for _ in range(count)]
