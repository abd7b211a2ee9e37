"""Waits until nothing moves any more: everything is read, fired and published, and every delivery is final."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from deploy.demo.environment import Environment
from deploy.local import StackError
from schemas import cases, contacts, deadlines, deliveries, outreach
from services.common.runtime.clock import ticks

PAUSE = 0.05
# A crowded machine takes long, but something gets less all the while; what stays the same so long is stuck.
STUCK_AFTER = 150.0
READS = {
    "routing": (contacts.TOPIC, deadlines.TOPIC, deliveries.TOPIC),
    "sla": (cases.TOPIC,),
    "notify": (cases.TOPIC, deadlines.TOPIC, outreach.TOPIC),
}
OPEN = ("queued", "sending", "unknown")
DOCUMENTS = ("cases", "deliveries", "deadlines", "waiting_notices")
UNDONE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"outbox.0": {"$exists": True}}, "have events in their outbox"),
    ({"waiting.0": {"$exists": True}}, "have records that wait for an announcement"),
)

Watermarks = dict[tuple[str, TopicPartition], int]


@dataclass(frozen=True)
class Idle:
    """Looks at Kafka and the store for whatever is not done yet; what a service that was `stopped` reads is left out."""

    environment: Environment
    admin: Any
    consumer: Any
    store: Any

    async def wait(self, now: Callable[[], datetime] | None = None, stopped: tuple[str, ...] = ()) -> None:
        """Return once nothing moves, and with `now` nothing is due; StackError saying what is left when that stays the same."""
        before, since = "", ticks()
        while left := await self._left(now, stopped):
            if left != before:
                before, since = left, ticks()
            if ticks() - since > STUCK_AFTER:
                raise StackError(f"the same for {STUCK_AFTER:g} s: {left}")
            await asyncio.sleep(PAUSE)

    async def _left(self, now: Callable[[], datetime] | None, stopped: tuple[str, ...]) -> str:
        """What is not done yet, empty if nothing. Watermarks are compared before and after, so that nothing is missed."""
        before = await self._watermarks(stopped)
        if unread := await self._unread(before):
            return f"{unread} records are not read"
        if resting := await self._resting(now):
            return resting
        return "" if before == await self._watermarks(stopped) else "records come in"

    async def _resting(self, now: Callable[[], datetime] | None) -> str:
        """What documents say is not done yet."""
        database = self.store[self.environment.database]
        wanted = [(name, query, says) for name in DOCUMENTS for query, says in UNDONE]
        wanted.append(("deliveries", {"state.status": {"$in": list(OPEN)}}, "are not final"))
        if now is not None:
            upto = int(now().timestamp() * 1000)
            wanted.append(("deadlines", {"state.next_due": {"$lte": upto}}, "have something due"))
        for name, query, says in wanted:
            if count := await database[name].count_documents(query):
                return f"{count} {name} {says}"
        return ""

    async def _watermarks(self, stopped: tuple[str, ...]) -> Watermarks:
        watermarks: Watermarks = {}
        for service, topics in READS.items():
            for topic in (self.environment.prefix + topic for topic in topics if service not in stopped):
                await self.consumer.end_offsets([TopicPartition(topic, 0)])
                partitions = [
                    TopicPartition(topic, number) for number in self.consumer.partitions_for_topic(topic)
                ]
                ends = await self.consumer.end_offsets(partitions)
                watermarks |= {(service, partition): end for partition, end in ends.items()}
        return watermarks

    async def _unread(self, watermarks: Watermarks) -> int:
        """Records that stand before the end of a topic, but behind what its reader has committed."""
        unread = 0
        for service in {service for service, _ in watermarks}:
            committed = await self.admin.list_consumer_group_offsets(self.environment.prefix + service)
            for (reader, partition), end in watermarks.items():
                if reader == service:
                    offset = committed.get(partition)
                    unread += end - (offset.offset if offset else 0)
        return unread


@asynccontextmanager
async def watching(environment: Environment) -> AsyncIterator[Idle]:
    """Looks at an environment until the block ends."""
    addresses = environment.stack.addresses
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka)
    consumer = AIOKafkaConsumer(bootstrap_servers=addresses.kafka, enable_auto_commit=False)
    await asyncio.gather(admin.start(), consumer.start())
    try:
        async with AsyncMongoClient[dict[str, Any]](addresses.mongo) as store:
            yield Idle(environment, admin, consumer, store)
    finally:
        await asyncio.gather(admin.close(), consumer.stop())
