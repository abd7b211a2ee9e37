"""Everything that goes over Kafka, taken down as it stands there: for the live numbers and for the audit."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
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
class Tape:
    """`records` by topic in the order of their partitions, doubles included; belongs to no group."""

    consumer: Any
    prefix: str
    records: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    async def follow(self) -> None:
        while True:
            await self._take()

    async def to_the_end(self) -> None:
        """Return once all that stands there now is taken down; nobody may follow meanwhile."""
        ends = await self.consumer.end_offsets(self.consumer.assignment())
        while any([await self.consumer.position(part) < end for part, end in ends.items()]):
            await self._take()

    async def _take(self) -> None:
        for part, found in (await self.consumer.getmany(timeout_ms=POLL_MS)).items():
            topic = part.topic.removeprefix(self.prefix)
            self.records[topic].extend(READERS[topic].validate_json(record.value) for record in found)


@asynccontextmanager
async def tape(bootstrap: str, prefix: str, topics: Sequence[str]) -> AsyncIterator[Tape]:
    """A tape from the first record of each topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = [part for topic in topics for part in await _parts(consumer, prefix + topic)]
        consumer.assign(parts)
        await consumer.seek_to_beginning()
        yield Tape(consumer, prefix)
    finally:
        await consumer.stop()


async def _parts(consumer: Any, topic: str) -> list[TopicPartition]:
    # A read of offsets makes the driver learn of a topic it has not met.
    await consumer.end_offsets([TopicPartition(topic, 0)])
    return [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]


@asynccontextmanager
async def followed(tape: Tape) -> AsyncIterator[None]:
    """The tape runs while the block does."""
    task = asyncio.create_task(tape.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
