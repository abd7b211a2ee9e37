"""Repositories: open deliveries in the store, addresses in directory and requests, notices in files."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from schemas import outreach
from schemas.directory import Manufacturer, Person
from schemas.formats import read_record
from schemas.media import MEDIA
from schemas.outreach import OutreachRequested
from schemas.policies import Policy
from schemas.staffing import Directory
from services.common.runtime import files
from services.common.store.codec import read_state, readable
from services.common.store.mongo import MongoDocuments
from services.notify.domain.addressee import Addressee
from services.notify.domain.delivery import CUSTOMER, MANUFACTURER, OPEN, Delivery
from services.notify.domain.texts import TextError
from services.notify.domain.wording import must_render

COLLECTION = "deliveries"
QUEUES = "waiting_notices"
SEARCHED = [("state.status", "state.partition")]
ANSWER_MS = 5_000


async def still_open(documents: MongoDocuments, partitions: set[int]) -> AsyncIterator[Delivery]:
    """Deliveries of these partitions that are not final; one that cannot be read is named in the log."""
    query = {"state.status": {"$in": list(OPEN)}, "state.partition": {"$in": sorted(partitions)}}
    async for stored in documents.find(query, ["state", "format"]):
        if delivery := readable(stored["_id"], partial(read_state, stored, Delivery)):
            yield delivery


Reread = Callable[[int, int], Awaitable[OutreachRequested | None]]


@dataclass(frozen=True, slots=True)
class AddressRepository:
    """Addresses of staff stand in the directory, a customer's in the request to notify them.

    Requests are kept in memory until their delivery is final; after a restart they are read again
    from where they stand on Kafka, as long as Kafka keeps them.
    """

    directory: Callable[[], Directory]
    reread: Reread
    requests: dict[UUID, OutreachRequested] = field(default_factory=dict)

    def keep(self, delivery: UUID, request: OutreachRequested) -> None:
        self.requests[delivery] = request

    async def find(self, delivery: Delivery) -> Addressee:
        if delivery.person == CUSTOMER:
            return await self._customer(delivery)
        return Addressee(getattr(self._entry(delivery.person), MEDIA[delivery.medium].field, None))

    def forget(self, delivery: UUID) -> None:
        self.requests.pop(delivery, None)

    def _entry(self, name: str) -> Person | Manufacturer | None:
        if name.startswith(MANUFACTURER):
            return self.directory().manufacturers.get(name.removeprefix(MANUFACTURER))
        return self.directory().person(name)

    async def _customer(self, delivery: Delivery) -> Addressee:
        request = self.requests.get(delivery.id)
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
                message = read_record(outreach.TOPIC, outreach.ADAPTER, record.value)
            except ValidationError:
                return None
            return message if isinstance(message, OutreachRequested) else None
        raise TimeoutError(f"nothing read from {self.topic}")


@dataclass(frozen=True, slots=True)
class NoticeFiles:
    """The policies as folders of files, of which the notices are looked at here."""

    policies: Path

    def folders(self) -> list[Path]:
        return files.folders(self.policies)

    def check(self, folder: Path) -> None:
        """Raises FileError or TextError, with every mistake that keeps a policy from being published."""
        policy = files.load_folder(folder, Policy)
        notices = folder / "notices.yaml"
        must_render(str(notices), policy, partial(files.line, notices))

    def fault(self, folder: Path) -> str:
        """What keeps a policy from being published as it is; empty where nothing does."""
        try:
            self.check(folder)
        except (files.FileError, TextError) as wrong:
            return str(wrong)
        return ""
