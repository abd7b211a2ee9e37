"""Records everything that goes over Kafka, for what stories expect, for pictures and for the audit."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer
from pydantic import TypeAdapter

from deploy.plays.idle import partitions
from schemas import cases, contacts, deadlines, deliveries
from schemas.contacts import ContactReceived

# What arrives while a request waits for other partitions is asked for only after it.
FETCH_WAIT_MS = 50
READERS: dict[str, TypeAdapter[Any]] = {
    contacts.TOPIC: TypeAdapter(ContactReceived),
    cases.TOPIC: cases.ADAPTER,
    deadlines.TOPIC: deadlines.ADAPTER,
    deliveries.TOPIC: deliveries.ADAPTER,
}


@dataclass(slots=True)
class Recorder:
    """`records` by topic in the order of their partitions, doubles included; belongs to no group.

    `taken` counts the records of each topic that were taken.
    """

    consumer: Any
    prefix: str
    records: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    async def read_to_end(self) -> None:
        """Return once all that stands there now is read."""
        watermarks = await self.consumer.end_offsets(self.consumer.assignment())
        while any([await self.consumer.position(partition) < end for partition, end in watermarks.items()]):
            for records in (await self.consumer.getmany(timeout_ms=FETCH_WAIT_MS)).values():
                self._read(records)

    def take(self, topic: str) -> list[Any]:
        """The records of a topic that were not taken yet."""
        new = self.records[topic][self.taken[topic] :]
        self.taken[topic] += len(new)
        return new

    def _read(self, records: Iterable[Any]) -> None:
        for record in records:
            topic = record.topic.removeprefix(self.prefix)
            self.records[topic].append(READERS[topic].validate_json(record.value))


@asynccontextmanager
async def recorder(bootstrap: str, prefix: str) -> AsyncIterator[Recorder]:
    """A recorder that reads from the first record of each of these topics."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=FETCH_WAIT_MS
    )
    await consumer.start()
    try:
        consumer.assign([part for topic in READERS for part in await partitions(consumer, prefix + topic)])
        await consumer.seek_to_beginning()
        yield Recorder(consumer, prefix)
    finally:
        await consumer.stop()
