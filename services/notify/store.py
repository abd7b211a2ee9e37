"""Open deliveries in the store, and the addresses that are kept elsewhere."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from schemas import outreach
from schemas.formats import read_record
from schemas.outreach import OutreachRequested
from schemas.staffing import Directory
from services.common.store.mongo import MongoDocuments
from services.notify.domain.addressee import Addressee
from services.notify.domain.delivery import CUSTOMER, OPEN, Delivery

COLLECTION = "deliveries"
QUEUES = "waiting_notices"
ANSWER_MS = 5_000


async def prepare(documents: MongoDocuments) -> None:
    """Declare what conditional writes and the search for open deliveries use."""
    await documents.prepare(searched=("state.status", "state.partition"))


async def still_open(documents: MongoDocuments, partitions: set[int]) -> AsyncIterator[Delivery]:
    """Deliveries of these partitions that are not settled."""
    query = {"state.status": {"$in": list(OPEN)}, "state.partition": {"$in": sorted(partitions)}}
    async for stored in documents.find(query, ["state"]):
        yield Delivery.model_validate(stored["state"])


Reread = Callable[[int, int], Awaitable[OutreachRequested | None]]


@dataclass(frozen=True, slots=True)
class Book:
    """Staff are found in the directory, a customer in the request that asks to tell him.

    Requests at hand are kept in memory until they are settled; after a restart they are read again
    from where they stand on Kafka, as long as Kafka keeps them.
    """

    directory: Callable[[], Directory]
    reread: Reread
    asked: dict[UUID, OutreachRequested] = field(default_factory=dict)

    async def of(self, delivery: Delivery) -> Addressee:
        if delivery.person == CUSTOMER:
            return await self._customer(delivery)
        person = self.directory().person(delivery.person)
        if person is None:
            return Addressee(None)
        return Addressee(person.email if delivery.medium == "email" else person.phone, person.name)

    def forget(self, delivery: UUID) -> None:
        self.asked.pop(delivery, None)

    async def _customer(self, delivery: Delivery) -> Addressee:
        request = self.asked.get(delivery.id)
        if request is None and delivery.origin is not None:
            request = await self.reread(delivery.partition, delivery.origin)
        if request is None or request.id != delivery.event:
            return Addressee(None)
        return Addressee(request.recipient(), request.name)


@dataclass(frozen=True, slots=True)
class OutreachTopic:
    """Single records of topic `outreach`."""

    bootstrap: str
    topic: str

    async def read(self, partition: int, offset: int) -> OutreachRequested | None:
        """The request at this place; None when it is no longer there."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            return await self._read(consumer, TopicPartition(self.topic, partition), offset)
        finally:
            await consumer.stop()

    async def _read(
        self, consumer: AIOKafkaConsumer, part: TopicPartition, offset: int
    ) -> OutreachRequested | None:
        consumer.assign([part])
        first = (await consumer.beginning_offsets([part]))[part]
        end = (await consumer.end_offsets([part]))[part]
        if not first <= offset < end:
            return None
        consumer.seek(part, offset)
        for record in (await consumer.getmany(part, timeout_ms=ANSWER_MS, max_records=1)).get(part, ()):
            try:
                found = read_record(outreach.TOPIC, outreach.ADAPTER, record.value)
            except ValidationError:
                return None
            return found if isinstance(found, OutreachRequested) else None
        raise TimeoutError(f"nothing read from {self.topic}")
