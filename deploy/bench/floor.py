"""The floor under routing: its traffic with Kafka and the store in a loop, with nothing decided.

Template documents and events, taken from routing itself, give everything its size.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import InsertOne

from schemas import contacts
from schemas.base import stamp
from services.common.kafka import client as kafka
from services.common.kafka.consumer import FETCH_WAIT_MS
from services.common.runtime.clock import wall
from services.common.runtime.settings import CommonSettings
from services.common.store import mongo
from services.common.store.mongo import MongoDocuments


@dataclass(frozen=True, slots=True)
class Template:
    """One case as routing left it: what rests in each collection, and what went to which topic."""

    case: dict[str, Any]
    text: dict[str, Any]
    customer: dict[str, Any]
    events: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Floor:
    """Reads, writes, sends, clears and commits like routing, batch by batch."""

    settings: CommonSettings
    templates: Sequence[Template]
    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    database: mongo.Database
    documents: MongoDocuments

    async def pass_on(self) -> None:
        """One batch."""
        got = await self.consumer.getmany(timeout_ms=1_000, max_records=self.settings.max_records)
        keys = [record.key.decode() for records in got.values() for record in records]
        if not keys:
            return
        cases = {key: self.templates[int(key[-4:], 16) % len(self.templates)] for key in keys}
        await asyncio.gather(
            self._insert("texts", {key: case.text for key, case in cases.items()}),
            self._insert("customers", {key: case.customer for key, case in cases.items()}),
        )
        await self.documents.load([UUID(key) for key in cases])
        await self.documents.write([_stored(key, case) for key, case in cases.items()])
        told = [(topic, key, body) for key, case in cases.items() for topic, body in case.events]
        for sent in [await self._send(*event) for event in told]:
            await sent
        await self.documents.clear({UUID(key): [key] * len(case.events) for key, case in cases.items()})
        await self.consumer.commit()

    async def _insert(self, collection: str, records: dict[str, dict[str, Any]]) -> None:
        inserts = [InsertOne({**record, "_id": key}) for key, record in records.items()]
        await self.database[collection].bulk_write(inserts, ordered=False)

    async def _send(self, topic: str, key: str, body: str) -> "asyncio.Future[Any]":
        sent: asyncio.Future[Any] = await self.producer.send(
            self.settings.topic_prefix + topic, body.encode(), key.encode()
        )
        return sent


def _stored(key: str, case: Template) -> dict[str, Any]:
    at = stamp(wall())
    outbox = [{"id": key, "topic": topic, "key": key, "body": body, "at": at} for topic, body in case.events]
    state = {**case.case["state"], "number": key}
    return {**case.case, "_id": key, "version": 1, "state": state, "outbox": outbox}


async def run(templates: Sequence[Template]) -> None:
    """Until killed."""
    settings = CommonSettings()
    consumer = AIOKafkaConsumer(
        settings.topic_prefix + contacts.TOPIC,
        bootstrap_servers=settings.kafka,
        group_id=settings.topic_prefix + "floor",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    database = mongo.connect(settings.mongo, settings.database)
    documents = MongoDocuments(database, "cases")
    await documents.prepare("state.number")
    async with AsyncExitStack() as opened:
        producer = await opened.enter_async_context(kafka.producer(settings.kafka))
        await opened.enter_async_context(consumer)
        floor = Floor(settings, templates, producer, consumer, database, documents)
        while True:
            await floor.pass_on()


if __name__ == "__main__":
    known = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    uvloop.run(run([Template(**one) for one in known]))
