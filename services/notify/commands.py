"""The room's console commands: what became of messages, and a person's word on those nobody knows of."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal
from uuid import UUID, uuid4

import click

from services.common import kafka, mongo
from services.common.decision import Cause
from services.common.mongo import MongoDocuments
from services.common.relay import Relay
from services.common.store import Store
from services.notify.domain.delivery import Delivery, Settled, Step, advance
from services.notify.settings import Settings
from services.notify.store import COLLECTION

SHOWN = (
    "id",
    "case_id",
    "person",
    "medium",
    "template",
    "status",
    "attempt",
    "copies",
    "reason",
    "occurred_at",
)


@click.group()
def deliveries() -> None:
    """Messages to people: list them, and settle those whose fate is unknown."""


@deliveries.command(name="list")
@click.option("--unknown", is_flag=True, help="Only those whose fate is not known.")
@click.option("--case", type=click.UUID, help="Only those of this case, by its id.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_(*, unknown: bool, case: UUID | None, limit: int) -> None:
    """Write deliveries as JSON Lines, newest events first; neither texts nor addresses."""
    query: dict[str, Any] = {"state.status": "unknown"} if unknown else {}
    if case is not None:
        query["state.case_id"] = str(case)
    for stored in asyncio.run(_on(lambda documents: _page(documents, query, limit))):
        click.echo(json.dumps({name: stored["state"][name] for name in SHOWN}, ensure_ascii=False))


@deliveries.command()
@click.argument("delivery", type=click.UUID)
@click.option("--sent", "how", flag_value="sent", help="It has arrived.")
@click.option("--resend", "how", flag_value="resend", help="Send it once more; notify does within a minute.")
@click.option("--by", required=True, help="The person who looked into it; kept in the history.")
def settle(delivery: UUID, how: Literal["sent", "resend"] | None, by: str) -> None:
    """Say what is to become of a message whose fate is unknown."""
    if how is None:
        raise click.UsageError("one of --sent and --resend is needed")
    status = asyncio.run(_on(lambda documents: _settle(documents, delivery, Settled(how, by))))
    click.echo(f"{delivery} is {status}")


Documents = MongoDocuments


async def _on(work: Callable[[Documents], Awaitable[Any]]) -> Any:
    async with _documents() as documents:
        return await work(documents)


@asynccontextmanager
async def _documents() -> AsyncIterator[Documents]:
    settings = Settings()
    database = mongo.connect(settings.mongo, settings.database)
    yield MongoDocuments(database, COLLECTION)
    database.client.close()


async def _page(documents: Documents, query: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    return await documents.page(query, [("state.occurred_at", -1)], limit)


async def _settle(documents: Documents, delivery: UUID, settled: Settled) -> str:
    settings = Settings()
    clock, producer = settings.clock(), kafka.producer(settings.kafka)
    relay = Relay(producer, settings.topic_prefix)
    store = Store(Delivery, documents, relay, clock.now, lambda: None)
    cause: Cause[Step] = Cause(delivery, uuid4(), settled)
    [outcome] = await store.change(cause, lambda state, asked: advance(state, asked, clock.now()))
    if outcome.state is None:
        raise click.ClickException(f"there is no delivery {delivery}")
    if outcome.kind != "applied":
        raise click.ClickException(f"{delivery} is {outcome.state.status}; only an unknown one is settled")
    await producer.start()
    try:
        await relay.flush()
    finally:
        await producer.stop()
    return "to be sent once more" if settled.how == "resend" else outcome.state.status


commands: list[click.Command] = [deliveries]
