"""Waits until nothing moves any more: everything is read and published, and every delivery is final."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from deploy.demo.environment import Environment
from deploy.local import StackError
from schemas import cases, contacts, deadlines, deliveries, outreach
from services.common.runtime.clock import ticks

PAUSE = 0.25
# A crowded machine takes long, but something gets less all the while; what stays the same so long is stuck.
STUCK_AFTER = 150.0
READS = {
    "routing": (contacts.TOPIC, deadlines.TOPIC, deliveries.TOPIC),
    "notify": (cases.TOPIC, deadlines.TOPIC, outreach.TOPIC),
}
OPEN = ("queued", "sending", "unknown")

Watermarks = dict[tuple[str, TopicPartition], int]


async def wait_until_idle(environment: Environment) -> None:
    """Return once nothing moves; StackError saying what is left when that stays the same for too long."""
    bootstrap = environment.stack.addresses.kafka
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await asyncio.gather(admin.start(), consumer.start())
    before, since = "", ticks()
    try:
        async with AsyncMongoClient[dict[str, Any]](environment.stack.addresses.mongo) as store:
            while left := await _left(environment, admin, consumer, store):
                if left != before:
                    before, since = left, ticks()
                if ticks() - since > STUCK_AFTER:
                    raise StackError(f"the same for {STUCK_AFTER:g} s: {left}")
                await asyncio.sleep(PAUSE)
    finally:
        await asyncio.gather(admin.close(), consumer.stop())


async def _left(environment: Environment, admin: Any, consumer: Any, store: Any) -> str:
    """What is not done yet, empty if nothing. Watermarks are compared before and after, so that nothing is missed."""
    before = await _watermarks(environment, consumer)
    if unread := await _unread(environment, admin, before):
        return f"{unread} records are not read"
    database = store[environment.database]
    for name in ("cases", "deliveries", "deadlines"):
        if unsent := await database[name].count_documents({"outbox.0": {"$exists": True}}):
            return f"{unsent} {name} have events in their outbox"
    if waiting := await database["deliveries"].count_documents({"state.status": {"$in": list(OPEN)}}):
        return f"{waiting} deliveries are not final"
    return "" if before == await _watermarks(environment, consumer) else "records come in"


async def _watermarks(environment: Environment, consumer: Any) -> Watermarks:
    watermarks: Watermarks = {}
    for service, topics in READS.items():
        for topic in (environment.prefix + topic for topic in topics):
            await consumer.end_offsets([TopicPartition(topic, 0)])
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            ends = await consumer.end_offsets(partitions)
            watermarks |= {(service, partition): end for partition, end in ends.items()}
    return watermarks


async def _unread(environment: Environment, admin: Any, watermarks: Watermarks) -> int:
    """Records that stand before the end of a topic, but behind what its reader has committed."""
    unread = 0
    for service in READS:
        committed = await admin.list_consumer_group_offsets(environment.prefix + service)
        for (reader, partition), end in watermarks.items():
            if reader == service:
                offset = committed.get(partition)
                unread += end - (offset.offset if offset else 0)
    return unread
