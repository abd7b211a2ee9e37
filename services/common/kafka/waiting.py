"""Redelivers records that waited for an announcement, in order per document, as soon as that is published."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from services.common.kafka.dead_letters import DIGEST, MESSAGE, ORIGIN, FailedRecord, waiting_topic
from services.common.kafka.positions import Place, Record, read_all
from services.common.kafka.subscription import Announcements, Subscription
from services.common.runtime import metrics
from services.common.runtime.clock import wall
from services.common.runtime.failures import retry
from services.common.runtime.health import Health
from services.common.store.backlog import UNKNOWN

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
DOCUMENTS = 20
"""Redelivered at once; each keeps at most fifty records."""


async def redeliver_waiting(subscription: Subscription, health: Health) -> None:
    """Look whenever something is announced, and now and then for what other processes left; until cancelled."""
    announcements = subscription.feed.announcements
    if announcements is None:
        return
    waiting = Waiting(subscription, announcements)
    while True:
        health.note("waiting", waiting.describe())
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await announcements.arrived.wait()
        except TimeoutError:
            pass
        announcements.arrived.clear()
        await retry(waiting.redeliver, "redeliver waiting records")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The records of one service that wait."""

    subscription: Subscription
    announcements: Announcements

    def describe(self) -> str:
        """How many wait for what, in words for an operator."""
        mine = self._mine()
        metrics.WAITING.labels(self.subscription.service).set(len(mine))
        counts = Counter(mine.values())
        return "; ".join(
            f"records of {count} cases wait for {named}" for named, count in counts.most_common(5)
        )

    async def redeliver(self) -> None:
        """Have handled what need not wait any longer: what documents keep first, then what the topic has."""
        keys = iter(self._ready())
        while some := set(islice(keys, DOCUMENTS)):
            await self._from_documents(some)
        if ready := self._ready():
            await self._from_topic(ready)

    @property
    def _topic(self) -> str:
        return self.subscription.settings.topic_prefix + waiting_topic(self.subscription.service)

    def _mine(self) -> dict[UUID, str]:
        """What documents wait for whose partition is read here; without a partition they are anybody's."""
        numbers = {-1, *self.subscription.partitions.numbers()}
        awaiting = self.announcements.store.awaiting.items()
        return {key: awaited.named for key, awaited in awaiting if awaited.partition in numbers}

    def _ready(self) -> set[UUID]:
        return {key for key, named in self._mine().items() if self.announcements.is_published(named)}

    async def _from_documents(self, keys: set[UUID]) -> None:
        """What documents keep; once more where one became a dead letter for which the others had to wait."""
        while keys:
            kept = await self.announcements.store.waiting(keys)
            keys = await self._again([self._record(key, record) for key, record in kept])

    def _record(self, key: UUID, record: dict[str, Any]) -> Record:
        """A record that a document keeps, as it was on Kafka."""
        topic = self.subscription.settings.topic_prefix + record["stream"]
        place = Place.parse(f"{topic}/{record.get('place') or UNKNOWN}")
        name, at = str(key).encode(), int(wall().timestamp() * 1000)
        if "sha256" not in record:
            raw = record["raw"].encode()
            return Record(*place, at, 0, name, raw, None, len(name), len(raw), ())
        # Only its place is kept: as what is parked, it is read again there.
        origin = {ORIGIN: str(place), DIGEST: record["sha256"], MESSAGE: record["id"]}
        headers = tuple((header, value.encode()) for header, value in origin.items())
        place = place._replace(topic=self._topic)
        return Record(*place, at, 0, name, b"", None, len(name), 0, headers)

    async def _from_topic(self, keys: set[UUID]) -> None:
        """What the topic has, from its beginning: only when all of it was handled does nothing wait there."""
        partitions, store = self.subscription.partitions, self.announcements.store
        async with partitions.batch_lock:
            # What a batch in hand has marked may not be there yet.
            marks = await store.parked(keys)
        handled: set[UUID] = set()
        batch: list[Record] = []
        async for key, record in self._parked(set(marks)):
            handled.add(key)
            batch.append(record)
            if len(batch) >= self.subscription.settings.max_records:
                await self._again(batch)
                batch = []
        await self._again(batch)
        # A document of which nothing was there may be that of another process.
        await store.unpark({key: mark for key, mark in marks.items() if key in handled})

    async def _parked(self, keys: set[UUID]) -> AsyncIterator[tuple[UUID, Record]]:
        """The records of these documents on the topic of those that wait, each once."""
        if not keys:
            return
        settings = self.subscription.settings
        seen: set[tuple[bytes, int]] = set()
        async for record in read_all(settings.kafka, self._topic, self.subscription.partitions.numbers()):
            # After a crash the topic can have more of them twice than a document remembers.
            copy = (dict(record.headers).get(ORIGIN, b""), hash(record.value))
            if (key := _uuid(record.key)) in keys and copy not in seen:
                seen.add(copy)
                yield key, record

    async def _again(self, records: Sequence[Record]) -> set[UUID]:
        """Have them handled; return the documents of those that became dead letters, and only now wait no more."""
        dead = await self.subscription.redeliver(records) if records else ()
        return {key for record in dead if (key := await self._let_go(record)) is not None}

    async def _let_go(self, dead: FailedRecord) -> UUID | None:
        if (key := _uuid(dead.key)) is not None:
            await self.announcements.store.release(key, dead.message_id)
        return key


def _uuid(key: bytes | None) -> UUID | None:
    try:
        return UUID((key or b"").decode())
    except ValueError:
        return None
