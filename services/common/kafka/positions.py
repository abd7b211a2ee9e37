"""Places on Kafka, such as `contacts/3/56`, and the records there, read outside of any group."""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from itertools import groupby
from typing import NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.common.runtime.progress import note_progress

READ_MS = 10_000

Record: TypeAlias = ConsumerRecord[bytes, bytes]


class Place(NamedTuple):
    """The place of a record; a negative offset means that only its topic is known."""

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


async def read_at(bootstrap: str, places: Iterable[Place]) -> dict[Place, Record]:
    """The records at these places; those are left out that Kafka keeps no longer, and places that are not known."""
    records: dict[Place, Record] = {}
    async with _reader(bootstrap) as consumer:
        for (topic, number), some in groupby(sorted(places), lambda place: place[:2]):
            part = TopicPartition(topic, number)
            if part not in await _partitions(consumer, topic):
                continue
            consumer.assign([part])
            first = (await consumer.beginning_offsets([part]))[part]
            end = (await consumer.end_offsets([part]))[part]
            kept = [place for place in some if first <= place.offset < end]
            for place in kept:
                if place not in records:
                    consumer.seek(part, place.offset)
                    near = {Place.of(record): record for record in await _next(consumer, part)}
                    records |= {place: near[place] for place in kept if place in near}
                    note_progress()
    return records


async def read_all(
    bootstrap: str, topic: str, numbers: Collection[int] | None = None
) -> AsyncIterator[Record]:
    """Every record of a topic up to its present end, partition by partition; with `numbers` only of these."""
    async with _reader(bootstrap) as consumer:
        parts = [
            part
            for part in await _partitions(consumer, topic)
            if numbers is None or part.partition in numbers
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


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    await consumer._client.force_metadata_update()  # noqa: SLF001 - no public way to learn of partitions
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


async def _next(consumer: AIOKafkaConsumer, part: TopicPartition) -> list[Record]:
    records = await consumer.getmany(part, timeout_ms=READ_MS)
    if not records:
        raise TimeoutError(f"{part.topic} has more, but Kafka gave nothing for {READ_MS} ms")
    return list(records[part])


async def _up_to(consumer: AIOKafkaConsumer, part: TopicPartition, end: int) -> AsyncIterator[Record]:
    while await consumer.position(part) < end:
        for record in await _next(consumer, part):
            if record.offset < end:
                yield record
