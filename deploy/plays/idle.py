"""Waits until nothing moves any more: everything is read, fired and published, and every delivery is final."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from deploy.local import StackError
from services.common.runtime.clock import ticks
from services.notify import handlers as notify
from services.routing import handlers as routing
from services.sla import handlers as sla

PAUSE = 0.02
# A crowded machine takes long, but something gets less all the while; what stays the same so long is stuck.
STUCK_AFTER = 150.0
READS = {"routing": routing.TOPICS, "sla": sla.TOPICS, "notify": notify.TOPICS}
KEPT: tuple[dict[str, Any], ...] = ({"outbox.0": {"$exists": True}}, {"waiting.0": {"$exists": True}})
# The largest collection comes last.
UNSENT = {
    "deadlines": [*KEPT],
    "cases": [*KEPT],
    "waiting_notices": [*KEPT],
    "deliveries": [*KEPT, {"state.status": {"$in": ["queued", "sending", "unknown"]}}],
}

Parts = Mapping[str, list[TopicPartition]]
Watermarks = Mapping[TopicPartition, int]


@dataclass(frozen=True)
class Idle:
    """Looks at Kafka and the store for whatever is not done yet; `parts` is what each group reads.

    `groups` names the broker that coordinates each of them.
    """

    admin: Any
    consumer: Any
    store: Any
    groups: Mapping[str, int]
    parts: Parts

    async def wait(self, now: Callable[[], datetime]) -> None:
        """Return once nothing moves and nothing is due; StackError saying what is left when that stays the same."""
        before, since = "", ticks()
        while left := await self._left(now):
            if left != before:
                before, since = left, ticks()
            if ticks() - since > STUCK_AFTER:
                raise StackError(f"the same for {STUCK_AFTER:g} s: {left}")
            await asyncio.sleep(PAUSE)

    async def _left(self, now: Callable[[], datetime]) -> str:
        """What is not done yet, empty if nothing. Watermarks are compared before and after, so that nothing is missed."""
        before = await self._watermarks()
        if unread := await self._unread(before):
            return f"{unread} records are not read"
        upto = int(now().timestamp() * 1000)
        unsent = {**UNSENT, "deadlines": [*KEPT, {"state.next_due": {"$lte": upto}}]}
        for name, queries in unsent.items():
            if await self.store[name].find_one({"$or": queries}, {"_id": 1}) is not None:
                return f"{name} have something due or unsent"
        return "" if before == await self._watermarks() else "records come in"

    async def _watermarks(self) -> Watermarks:
        ends: Watermarks = await self.consumer.end_offsets(set(chain.from_iterable(self.parts.values())))
        return ends

    async def _unread(self, watermarks: Watermarks) -> int:
        """Records that stand before the end of a topic, but behind what its reader has committed."""
        reads = [
            self.admin.list_consumer_group_offsets(group, coordinator)
            for group, coordinator in self.groups.items()
        ]
        committed = dict(zip(self.parts, await asyncio.gather(*reads), strict=True))
        return sum(
            max(0, watermarks[part] - (committed[group][part].offset if part in committed[group] else 0))
            for group, parts in self.parts.items()
            for part in parts
        )


@asynccontextmanager
async def watching(kafka: str, mongo: str, prefix: str, database: str) -> AsyncIterator[Idle]:
    """Looks at the topics of this prefix and at this database until the block ends."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await asyncio.gather(admin.start(), consumer.start())
    try:
        parts = {
            prefix + group: [part for topic in topics for part in await partitions(consumer, prefix + topic)]
            for group, topics in READS.items()
        }
        async with AsyncMongoClient[dict[str, Any]](mongo) as store:
            groups = {group: await admin.find_coordinator(group) for group in parts}
            yield Idle(admin, consumer, store[database], groups, parts)
    finally:
        await asyncio.gather(admin.close(), consumer.stop())


async def partitions(consumer: Any, topic: str) -> list[TopicPartition]:
    """The partitions of a topic."""
    # A read of offsets makes the driver learn of a topic it has not met.
    await consumer.end_offsets([TopicPartition(topic, 0)])
    return [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
