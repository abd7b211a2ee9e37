"""Hands out again what waited for an announcement, in order per document, as soon as that is there."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from services.common.kafka.consumer import Awaited, Consumer
from services.common.kafka.dead_letters import DIGEST, MESSAGE, ORIGIN, FailedRecord, waiting_topic
from services.common.kafka.positions import Place, Record, read_all
from services.common.runtime import metrics
from services.common.runtime.clock import wall
from services.common.runtime.failures import retry
from services.common.runtime.health import Health

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
DOCUMENTS = 20
"""Handed out at once; each holds at most fifty records."""


async def release(consumer: Consumer, health: Health) -> None:
    """Look whenever something is announced, and now and then for what others left; until cancelled."""
    awaited = consumer.feed.awaited
    if awaited is None:
        return
    waiting = Waiting(consumer, awaited)
    while True:
        health.note("waiting", waiting.in_words())
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await awaited.news.wait()
        except TimeoutError:
            pass
        awaited.news.clear()
        await retry(waiting.release, "hand out what waits")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The records of one service that wait."""

    consumer: Consumer
    awaited: Awaited

    def in_words(self) -> str:
        """How many wait for what, for an operator."""
        mine = self._mine()
        metrics.WAITING.labels(self.consumer.service).set(len(mine))
        counts = Counter(mine.values())
        return "; ".join(
            f"records of {count} cases wait for {named}" for named, count in counts.most_common(5)
        )

    async def release(self) -> None:
        """Hand out what need not wait any longer: what is held in documents first, then what lies elsewhere."""
        keys = iter(self._ready())
        while some := set(islice(keys, DOCUMENTS)):
            await self._hand_out(some)
        if ready := self._ready():
            await self._reread(ready)

    @property
    def _topic(self) -> str:
        return self.consumer.settings.topic_prefix + waiting_topic(self.consumer.service)

    def _mine(self) -> dict[UUID, str]:
        """What is awaited by the documents whose partition is read here; one that is not known is anybody's."""
        numbers = {-1, *self.consumer.partitions.numbers()}
        awaiting = self.awaited.store.awaiting.items()
        return {key: waits.named for key, waits in awaiting if waits.partition in numbers}

    def _ready(self) -> set[UUID]:
        return {key for key, named in self._mine().items() if self.awaited.is_known(named)}

    async def _hand_out(self, keys: set[UUID]) -> None:
        """What is held in documents; once more where one was set aside for which the others had to wait."""
        while keys:
            held = await self.awaited.store.waiters(keys)
            keys = await self._again([self._record(key, record) for key, record in held])

    def _record(self, key: UUID, record: dict[str, Any]) -> Record:
        """A held record as it stood on Kafka."""
        topic = self.consumer.settings.topic_prefix + record["stream"]
        place = Place.parse(f"{topic}/{record.get('place') or '-1/-1'}")
        name, at = str(key).encode(), int(wall().timestamp() * 1000)
        if "sha256" not in record:
            raw = record["raw"].encode()
            return Record(*place, at, 0, name, raw, None, len(name), len(raw), ())
        # Only its place is held: as what is parked, it is read again there.
        told = {ORIGIN: str(place), DIGEST: record["sha256"], MESSAGE: record["id"]}
        headers = tuple((header, value.encode()) for header, value in told.items())
        place = place._replace(topic=self._topic)
        return Record(*place, at, 0, name, b"", None, len(name), 0, headers)

    async def _reread(self, keys: set[UUID]) -> None:
        """What lies elsewhere, from the beginning: only when all of it was handed out does nothing wait there."""
        partitions, store = self.consumer.partitions, self.awaited.store
        async with partitions.in_hand:
            # What a batch in hand has marked may not lie there yet.
            marks = await store.parked(keys)
        found: set[UUID] = set()
        batch: list[Record] = []
        async for key, record in self._elsewhere(set(marks)):
            found.add(key)
            batch.append(record)
            if len(batch) >= self.consumer.settings.max_records:
                await self._again(batch)
                batch = []
        await self._again(batch)
        # A document of which nothing was found may be that of another process.
        await store.unpark({key: mark for key, mark in marks.items() if key in found})

    async def _elsewhere(self, keys: set[UUID]) -> AsyncIterator[tuple[UUID, Record]]:
        """The records of these documents on the topic of those that wait, each once."""
        if not keys:
            return
        settings = self.consumer.settings
        seen: set[tuple[bytes, int]] = set()
        async for record in read_all(settings.kafka, self._topic, self.consumer.partitions.numbers()):
            # After a crash the topic can have more of them twice than a document remembers.
            copy = (dict(record.headers).get(ORIGIN, b""), hash(record.value))
            if (key := _uuid(record.key)) in keys and copy not in seen:
                seen.add(copy)
                yield key, record

    async def _again(self, records: Sequence[Record]) -> set[UUID]:
        """Have them handled; the documents of those that were set aside, and only now wait no more."""
        dead = await self.consumer.work_again(records) if records else ()
        return {key for one in dead if (key := await self._let_go(one)) is not None}

    async def _let_go(self, dead: FailedRecord) -> UUID | None:
        if (key := _uuid(dead.key)) is not None:
            await self.awaited.store.let_go(key, dead.message_id)
        return key


def _uuid(key: bytes | None) -> UUID | None:
    try:
        return UUID((key or b"").decode())
    except ValueError:
        return None
