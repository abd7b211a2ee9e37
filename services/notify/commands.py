"""The room's console commands: what became of messages, and a person's word on those nobody knows of."""

import asyncio
import json
from typing import Any, Literal
from uuid import UUID, uuid4

import click

from schemas.deliveries import TOPIC
from services.common import mongo
from services.common.decision import Cause
from services.common.failures import PATIENCE
from services.common.mongo import MongoDocuments
from services.common.parts import connected
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
    for stored in asyncio.run(_page(query, limit)):
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
    status = asyncio.run(_settle(delivery, Settled(how, by)))
    click.echo(f"{delivery} is {status}")


async def _page(query: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """Needs the store alone: what is unknown can be looked up while Kafka is away."""
    settings = Settings()
    database = mongo.connect(settings.mongo, settings.database)
    try:
        await mongo.answering(database, PATIENCE)
        return await MongoDocuments(database, COLLECTION).page(query, [("state.occurred_at", -1)], limit)
    finally:
        database.client.close()


async def _settle(delivery: UUID, settled: Settled) -> str:
    async with connected("notify", Settings(), [TOPIC], PATIENCE) as parts:
        now = parts.clock.now
        store = Store(
            Delivery, MongoDocuments(parts.database, COLLECTION), parts.relay, now, parts.conflicted
        )
        cause: Cause[Step] = Cause(delivery, uuid4(), settled)
        [outcome] = await store.change(cause, lambda state, asked: advance(state, asked, now()))
        await parts.relay.flush()
    if outcome.state is None:
        raise click.ClickException(f"there is no delivery {delivery}")
    if outcome.kind != "applied":
        raise click.ClickException(f"{delivery} is {outcome.state.status}; only an unknown one is settled")
    return "to be sent once more" if settled.how == "resend" else outcome.state.status


commands: list[click.Command] = [deliveries]
