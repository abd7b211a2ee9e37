"""Tells when nothing moves any more: all is read, all is published, every message is settled."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from deploy.demo.stage import Stage
from deploy.local import StackError
from schemas import cases, contacts, deadlines, deliveries, outreach
from services.common.runtime.clock import ticks

GLANCE = 0.25
# A crowded machine takes long, but something gets less all the while; what stands still so long is stuck.
STILL = 150.0
READS = {
    "routing": (contacts.TOPIC, deadlines.TOPIC, deliveries.TOPIC),
    "notify": (cases.TOPIC, deadlines.TOPIC, outreach.TOPIC),
}
OPEN = ("queued", "sending", "unknown")

Offsets = dict[tuple[str, TopicPartition], int]


async def quiet(stage: Stage) -> None:
    """Return once nothing moves; StackError saying what is left when that stays the same for too long."""
    bootstrap = stage.stack.addresses.kafka
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await asyncio.gather(admin.start(), consumer.start())
    moving, since = "", ticks()
    try:
        async with AsyncMongoClient[dict[str, Any]](stage.stack.addresses.mongo) as store:
            while left := await _moving(stage, admin, consumer, store):
                if left != moving:
                    moving, since = left, ticks()
                if ticks() - since > STILL:
                    raise StackError(f"the same for {STILL:g} s: {left}")
                await asyncio.sleep(GLANCE)
    finally:
        await asyncio.gather(admin.close(), consumer.stop())


async def _moving(stage: Stage, admin: Any, consumer: Any, store: Any) -> str:
    """What still moves, in words. Watermarks are compared before and after the rest, so that nothing slips through."""
    before = await _ends(stage, consumer)
    if unread := await _unread(stage, admin, before):
        return f"{unread} records are not read"
    database = store[stage.database]
    for name in ("cases", "deliveries", "deadlines"):
        if unsent := await database[name].count_documents({"outbox.0": {"$exists": True}}):
            return f"{unsent} {name} owe events"
    if waiting := await database["deliveries"].count_documents({"state.status": {"$in": list(OPEN)}}):
        return f"{waiting} deliveries are not settled"
    return "" if before == await _ends(stage, consumer) else "records come in"


async def _ends(stage: Stage, consumer: Any) -> Offsets:
    ends: Offsets = {}
    for service, topics in READS.items():
        for topic in topics:
            await consumer.end_offsets([TopicPartition(stage.prefix + topic, 0)])
            numbers = consumer.partitions_for_topic(stage.prefix + topic)
            parts = [TopicPartition(stage.prefix + topic, number) for number in numbers]
            ends |= {(service, part): end for part, end in (await consumer.end_offsets(parts)).items()}
    return ends


async def _unread(stage: Stage, admin: Any, ends: Offsets) -> int:
    """Records that stand before the end of a topic, but behind what its reader has committed."""
    unread = 0
    for service in READS:
        committed = await admin.list_consumer_group_offsets(stage.prefix + service)
        for (reader, part), end in ends.items():
            if reader == service:
                known = committed.get(part)
                unread += end - (known.offset if known else 0)
    return unread
