"""Records everything that goes over Kafka, for the live numbers and for the audit."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import TypeAdapter

from schemas import cases, contacts, deadlines, deliveries
from schemas.contacts import ContactReceived

POLL_MS = 200
READERS: dict[str, TypeAdapter[Any]] = {
    contacts.TOPIC: TypeAdapter(ContactReceived),
    cases.TOPIC: cases.ADAPTER,
    deadlines.TOPIC: deadlines.ADAPTER,
    deliveries.TOPIC: deliveries.ADAPTER,
}


@dataclass(slots=True)
class Recorder:
    """`records` by topic in the order of their partitions, doubles included; belongs to no group."""

    consumer: Any
    prefix: str
    records: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    async def follow(self) -> None:
        while True:
            await self._read()

    async def read_to_end(self) -> None:
        """Return once all that stands there now is read; nobody may follow meanwhile."""
        watermarks = await self.consumer.end_offsets(self.consumer.assignment())
        while any([await self.consumer.position(partition) < end for partition, end in watermarks.items()]):
            await self._read()

    async def _read(self) -> None:
        for partition, batch in (await self.consumer.getmany(timeout_ms=POLL_MS)).items():
            topic = partition.topic.removeprefix(self.prefix)
            self.records[topic].extend(READERS[topic].validate_json(record.value) for record in batch)


@asynccontextmanager
async def recorder(bootstrap: str, prefix: str) -> AsyncIterator[Recorder]:
    """A recorder that reads from the first record of each of these topics."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(
            [partition for topic in READERS for partition in await _partitions(consumer, prefix + topic)]
        )
        await consumer.seek_to_beginning()
        yield Recorder(consumer, prefix)
    finally:
        await consumer.stop()


async def _partitions(consumer: Any, topic: str) -> list[TopicPartition]:
    # A read of offsets makes the driver learn of a topic it has not met.
    await consumer.end_offsets([TopicPartition(topic, 0)])
    return [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]


@asynccontextmanager
async def following(recorder: Recorder) -> AsyncIterator[None]:
    """The recorder reads along while the block runs."""
    task = asyncio.create_task(recorder.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
