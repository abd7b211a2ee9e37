"""Places on Kafka, such as `contacts/3/56`, and what stands there, read outside any group."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

READ_MS = 10_000

Record: TypeAlias = ConsumerRecord[bytes, bytes]


class Place(NamedTuple):
    """Where a record stands; a negative offset means that only its topic is known."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def of(cls, record: Record) -> "Place":
        return cls(record.topic, record.partition, record.offset)

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place in `topic/partition/offset`; raises ValueError where that says none."""
        topic, partition, offset = text.split("/")
        return cls(topic, int(partition), int(offset))

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


async def read_at(bootstrap: str, place: Place) -> Record | None:
    """The record at a place; None when Kafka keeps it no longer, or the place is not known."""
    part = TopicPartition(place.topic, place.partition)
    async with _reader(bootstrap) as consumer:
        if place.offset < 0 or part not in await _parts(consumer, place.topic):
            return None
        consumer.assign([part])
        first = (await consumer.beginning_offsets([part]))[part]
        end = (await consumer.end_offsets([part]))[part]
        if not first <= place.offset < end:
            return None
        consumer.seek(part, place.offset)
        async for record in _up_to(consumer, part, place.offset + 1):
            return record
    return None


async def read_all(
    bootstrap: str, topic: str, numbers: Collection[int] | None = None
) -> AsyncIterator[Record]:
    """Every record of a topic up to its present end, partition by partition; with `numbers` only of these."""
    async with _reader(bootstrap) as consumer:
        parts = [
            part for part in await _parts(consumer, topic) if numbers is None or part.partition in numbers
        ]
        if not parts:
            return
        consumer.assign(parts)
        await consumer.seek_to_beginning()
        for part, end in (await consumer.end_offsets(parts)).items():
            async for record in _up_to(consumer, part, end):
                yield record


@asynccontextmanager
async def _reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def _parts(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    await consumer._client.force_metadata_update()  # noqa: SLF001 - no public way to learn of partitions
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


async def _up_to(consumer: AIOKafkaConsumer, part: TopicPartition, end: int) -> AsyncIterator[Record]:
    while await consumer.position(part) < end:
        found = await consumer.getmany(part, timeout_ms=READ_MS)
        if not found:
            raise TimeoutError(f"{part.topic} has more, but Kafka gave nothing for {READ_MS} ms")
        for record in found[part]:
            if record.offset < end:
                yield record
