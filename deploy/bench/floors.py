"""Floors to measure against: the same traffic as intake's and as routing's, with nothing decided.

python -m deploy.bench.floors intake --port N, or ... routing FILE of template documents and events.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import uvicorn
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import InsertOne
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas import contacts
from schemas.base import stamp
from services.common.kafka import client as kafka
from services.common.kafka.subscription import FETCH_WAIT_MS
from services.common.runtime.clock import wall
from services.common.runtime.settings import CommonSettings
from services.common.store import mongo
from services.common.store.mongo import MongoDocuments

NUMBER = "0000-0000-0000-0"


def create() -> Starlette:
    """A server that answers 202 once Kafka has acknowledged the body, without having read it."""
    settings = CommonSettings()
    topic = settings.topic_prefix + contacts.TOPIC
    producers: list[AIOKafkaProducer] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with kafka.producer(settings.kafka) as producer:
            producers.append(producer)
            yield

    async def accept(request: Request) -> Response:
        key = request.headers["idempotency-key"]
        await producers[0].send_and_wait(topic, await request.body(), key.encode())
        location = f"http://127.0.0.1:8102/v1/cases/{key}"
        body = {"case_id": key, "case_number": NUMBER, "location": location, "idempotency_key": key}
        headers = {"Location": location, "Idempotency-Key": key}
        return Response(json.dumps(body), 202, headers, "application/json")

    async def ready(_request: Request) -> Response:
        return Response("ok")

    routes = [Route("/v1/contacts", accept, methods=["POST"]), Route("/readyz", ready)]
    return Starlette(routes=routes, lifespan=lifespan)


@dataclass(frozen=True, slots=True)
class Template:
    """One case as routing left it: its documents in each collection, and its events with their topics."""

    case: dict[str, Any]
    text: dict[str, Any]
    customer: dict[str, Any]
    events: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Loop:
    """Reads, writes, sends, clears and commits like routing, batch by batch; templates give everything its size."""

    settings: CommonSettings
    templates: Sequence[Template]
    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    database: mongo.Database
    documents: MongoDocuments

    async def handle_batch(self) -> None:
        batch = await self.consumer.getmany(timeout_ms=1_000, max_records=self.settings.max_records)
        keys = [record.key.decode() for records in batch.values() for record in records]
        if not keys:
            return
        cases = {key: self.templates[int(key[-4:], 16) % len(self.templates)] for key in keys}
        await asyncio.gather(
            self._insert("texts", {key: case.text for key, case in cases.items()}),
            self._insert("customers", {key: case.customer for key, case in cases.items()}),
        )
        await self.documents.load([UUID(key) for key in cases])
        await self.documents.write([_stored(key, case) for key, case in cases.items()])
        events = [(topic, key, body) for key, case in cases.items() for topic, body in case.events]
        for sent in [await self._send(*event) for event in events]:
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
    """Handle batches until killed."""
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
        loop = Loop(settings, templates, producer, consumer, database, documents)
        while True:
            await loop.handle_batch()


@click.group()
def main() -> None:
    """Run a floor until it is killed."""


@main.command()
@click.option("--port", type=int, required=True)
def intake(port: int) -> None:
    """Serve with the same server and settings as intake."""
    uvicorn.run(
        create(),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
    )


@main.command()
@click.argument("templates", type=click.Path(exists=True, path_type=Path))
def routing(templates: Path) -> None:
    """Handle contacts as routing does."""
    uvloop.run(run([Template(**case) for case in json.loads(templates.read_text(encoding="utf-8"))]))


if __name__ == "__main__":
    main()
