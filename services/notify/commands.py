"""The service's console commands: list deliveries, send failed ones again, decide about those of unknown fate."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID, uuid4

import click

from schemas import outreach
from schemas.base import stamp
from schemas.deliveries import TOPIC
from schemas.media import Medium
from services.common.runtime.connections import connected
from services.common.runtime.failures import PATIENCE
from services.common.store import mongo
from services.common.store.decision import Cause, Outcome
from services.common.store.mongo import MongoDocuments
from services.common.store.write_path import Store
from services.notify.domain.delivery import Delivery, Resent, Resolved, Step, advance
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
STATUSES: dict[str, tuple[str, ...]] = {"pending": ("queued", "sending")}
WHY_NOT = {
    "queued": "is in line already",
    "sending": "is being sent",
    "sent": "has been sent",
    "unknown": "may have arrived; say what is to become of it with `redress deliveries settle`",
}


def moment(_context: click.Context, _option: click.Parameter, given: str | None) -> datetime | None:
    """A time with its offset; without one nobody knows which is meant."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise click.BadParameter("should be a time with an offset, such as 2026-03-02T08:00+08:00")
    return at


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say which deliveries are meant."""
    for option in (
        click.option("--medium", type=click.Choice(get_args(Medium)), help="Only those by this medium."),
        click.option(
            "--since", callback=moment, help="Only of events since then, such as 2026-03-02T08:00+08:00."
        ),
    ):
        command = option(command)
    return command


@click.group()
def deliveries() -> None:
    """Messages to people: list them, send again what failed, and settle those whose fate is unknown."""


@deliveries.command(name="list")
@click.option("--failed", "status", flag_value="failed", help="Only those that failed for good.")
@click.option("--unknown", "status", flag_value="unknown", help="Only those whose fate is not known.")
@click.option("--pending", "status", flag_value="pending", help="Only those not sent yet.")
@choosing
@click.option("--case", type=click.UUID, help="Only those of this case, by its id.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_(*, status: str | None, case: UUID | None, limit: int, **chosen: Any) -> None:
    """Write deliveries as JSON Lines, newest events first; neither texts nor addresses."""
    query = _query(status, **chosen)
    if case is not None:
        query["state.case_id"] = str(case)
    for stored in asyncio.run(_page(query, limit)):
        click.echo(json.dumps({name: stored["state"][name] for name in SHOWN}, ensure_ascii=False))


@deliveries.command()
@click.argument("chosen", metavar="[DELIVERY]...", nargs=-1, type=click.UUID)
@click.option("--failed", is_flag=True, help="All that failed; with --since.")
@choosing
@click.option("--by", required=True, help="The person who mended what was wrong; kept in the history.")
def resend(chosen: tuple[UUID, ...], *, failed: bool, by: str, medium: Medium | None, since: Any) -> None:
    """Put failed or expired deliveries in line again: a running notify goes on with them at once."""
    if bool(chosen) == failed or (failed and since is None):
        raise click.UsageError("should name deliveries by their ids, or all that failed by --failed --since")
    query = _query("failed", medium, since) if failed else None
    refused = asyncio.run(_resend(chosen, query, by))
    if refused:
        raise click.ClickException("\n".join(refused))


@deliveries.command(name="settle")
@click.argument("delivery", type=click.UUID)
@click.option("--sent", "how", flag_value="sent", help="It has arrived.")
@click.option("--resend", "how", flag_value="resend", help="Send it once more; notify does within a minute.")
@click.option("--by", required=True, help="The person who looked into it; kept in the history.")
def resolve(delivery: UUID, how: Literal["sent", "resend"] | None, by: str) -> None:
    """Say what is to become of a message whose fate is unknown."""
    if how is None:
        raise click.UsageError("one of --sent and --resend is needed")
    status = asyncio.run(_resolve(delivery, Resolved(how, by)))
    click.echo(f"{delivery} is {status}")


def _query(status: str | None, medium: Medium | None, since: datetime | None) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if status is not None:
        query["state.status"] = {"$in": list(STATUSES.get(status, (status,)))}
    if medium is not None:
        query["state.medium"] = medium
    if since is not None:
        query["state.occurred_at"] = {"$gte": stamp(since)}
    return query


async def _page(query: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """Needs the store alone: what is unknown can be looked up while Kafka is away."""
    settings = Settings()
    database = mongo.connect(settings.mongo, settings.database)
    try:
        await mongo.answering(database, PATIENCE)
        return await MongoDocuments(database, COLLECTION).page(query, [("state.occurred_at", -1)], limit)
    finally:
        database.client.close()


@dataclass(frozen=True, slots=True)
class Changing:
    """The one write path, for one person at a console."""

    store: Store[Delivery]
    documents: MongoDocuments
    now: Callable[[], datetime]

    async def take(self, delivery: UUID, step: Step) -> Outcome[Delivery, Step]:
        """What became of a step; `ignored` where it does not fit the delivery."""
        cause: Cause[Step] = Cause(delivery, uuid4(), step)
        [outcome] = await self.store.change(cause, lambda state, cause: advance(state, cause, self.now()))
        return outcome


@asynccontextmanager
async def _changing() -> AsyncIterator[Changing]:
    async with connected("notify", Settings(), [TOPIC, outreach.TOPIC], PATIENCE) as parts:
        now, documents = parts.clock.now, MongoDocuments(parts.database, COLLECTION)
        yield Changing(Store(Delivery, documents, parts.publisher, now, parts.conflicted), documents, now)
        await parts.publisher.flush()


async def _resend(chosen: Sequence[UUID], query: dict[str, Any] | None, by: str) -> list[str]:
    """Why some of them are not resent."""
    refused = []
    async with _changing() as changing:
        if query is not None:
            chosen = [UUID(stored["_id"]) async for stored in changing.documents.find(query, ["_id"])]
        for delivery in chosen:
            outcome = await changing.take(delivery, Resent(by))
            if outcome.kind == "applied":
                click.echo(f"{delivery} is in line again")
            else:
                refused.append(_why_not(delivery, outcome.state))
    return refused


def _why_not(delivery: UUID, state: Delivery | None) -> str:
    return f"{delivery} {WHY_NOT[state.status]}" if state else f"there is no delivery {delivery}"


async def _resolve(delivery: UUID, resolved: Resolved) -> str:
    async with _changing() as changing:
        outcome = await changing.take(delivery, resolved)
    if outcome.state is None:
        raise click.ClickException(f"there is no delivery {delivery}")
    if outcome.kind != "applied":
        raise click.ClickException(f"{delivery} is {outcome.state.status}; only an unknown one is settled")
    return "to be sent once more" if resolved.how == "resend" else outcome.state.status


commands: list[click.Command] = [deliveries]
