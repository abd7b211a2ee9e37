"""Hands out again what waited for an announcement, in order per document, as soon as that is there."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from services.common import metrics
from services.common.clock import wall
from services.common.consumer import Awaited, Consumer
from services.common.dead_letters import Casualty, waiting_topic
from services.common.failures import persist
from services.common.health import Health
from services.common.places import Place, Record, read_all

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
        await persist(waiting.release, _waits)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The records of one service that wait."""

    consumer: Consumer
    awaited: Awaited

    def in_words(self) -> str:
        """How many wait for what, for an operator."""
        awaiting = self.awaited.store.awaiting
        metrics.WAITING.labels(self.consumer.room).set(len(awaiting))
        counts = Counter(awaiting.values())
        return "; ".join(
            f"records of {count} cases wait for {named}" for named, count in counts.most_common(5)
        )

    async def release(self) -> None:
        """Hand out what need not wait any longer: what is held in documents first, then what lies elsewhere."""
        store = self.awaited.store
        ready = self._ready()
        while some := set(islice(ready, DOCUMENTS)):
            held = await store.waiters(some)
            await self._again([self._record(key, record) for key, record in held])
        # Of those that have no record any more in their document, the others lie on the topic.
        if any(self._ready()):
            await self._reread(set(self._ready()))

    def _ready(self) -> Iterator[UUID]:
        awaiting = dict(self.awaited.store.awaiting)
        return (key for key, named in awaiting.items() if self.awaited.is_known(named))

    def _record(self, key: UUID, record: dict[str, Any]) -> Record:
        """A held record as it stood on Kafka."""
        topic = self.consumer.settings.topic_prefix + record["stream"]
        place = Place.parse(f"{topic}/{record.get('place') or '-1/-1'}")
        raw, at = record["raw"].encode(), int(wall().timestamp() * 1000)
        return Record(*place, at, 0, str(key).encode(), raw, None, len(str(key)), len(raw), ())

    async def _reread(self, keys: set[UUID]) -> None:
        settings = self.consumer.settings
        topic = settings.topic_prefix + waiting_topic(self.consumer.room)
        numbers = {part.partition for part in self.consumer.partitions.held()}
        found: list[Record] = []
        async for record in read_all(settings.kafka, topic, numbers):
            if _key(record) in keys:
                found.append(record)
            if len(found) >= settings.max_records:
                await self._again(found)
                found = []
        await self._again(found)

    async def _again(self, records: Sequence[Record]) -> None:
        mine = [record for record in records if self._is_mine(record)]
        for dead in await self.consumer.work_again(mine) if mine else ():
            await self._let_go(dead)

    def _is_mine(self, record: Record) -> bool:
        """Whether the partition of its key is read here; a record whose place is not known is anybody's."""
        return record.partition < 0 or record.partition in {
            part.partition for part in self.consumer.partitions.held()
        }

    async def _let_go(self, dead: Casualty) -> None:
        """Only now that it is set aside does it wait no more."""
        if (key := _uuid(dead.key)) is not None:
            await self.awaited.store.let_go(key, dead.message_id)


def _key(record: Record) -> UUID | None:
    return _uuid(record.key)


def _uuid(key: bytes | None) -> UUID | None:
    try:
        return UUID((key or b"").decode())
    except ValueError:
        return None


def _waits(error: Exception) -> None:
    log.warning("what waits cannot be handed out yet", extra={"reason": repr(error)})
