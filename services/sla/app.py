"""The wiring of sla: the only module that knows every concrete part."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from pydantic import TypeAdapter

from schemas import cases, deadlines, policies
from schemas.calendar import PublicDays
from schemas.policies import PublishedPolicy
from services.common.kafka.subscription import Announcements, Feed
from services.common.kafka.table import Contents, Table
from services.common.runtime import application as process
from services.common.runtime import logs
from services.common.runtime.clock_skew import ClockSkew
from services.common.runtime.connections import Connections, background, connected, consuming
from services.common.runtime.health import Health
from services.common.store.mongo import MongoDocuments
from services.common.store.write_path import Store
from services.sla import metrics
from services.sla.domain.agenda import Agenda
from services.sla.domain.instants import to_ms
from services.sla.domain.state import Deadlines
from services.sla.handlers import TOPICS, Handler, revive, router
from services.sla.settings import Settings, announced
from services.sla.store import COLLECTION, Keeper
from services.sla.ticker import Ticker

TOPICS_USED = (cases.TOPIC, deadlines.TOPIC, policies.TOPIC)
VERSIONS = Contents(policies.TOPIC, TypeAdapter(PublishedPolicy), policies.key, lasting=True)

log = logging.getLogger(__name__)


def create() -> FastAPI:
    """The service as a web application, its work in the background.

    Raises `FileError` naming file, line and field when announced public days cannot be read.
    """
    logs.configure("sla")
    settings = Settings()
    days = announced(settings.policies)
    metrics.horizons(days)
    return process.create("sla", "Redress: sla", partial(_run, settings, days))


@asynccontextmanager
async def _run(
    settings: Settings, days: tuple[PublicDays, ...], _app: FastAPI, health: Health
) -> AsyncIterator[None]:
    async with connected("sla", settings, TOPICS_USED, health=health) as parts:
        news = asyncio.Event()
        policies = await parts.table(VERSIONS, lambda _key, _entry: news.set())
        documents = MongoDocuments(parts.database, COLLECTION)
        await documents.prepare()
        store = Store(Deadlines, documents, parts.publisher, parts.clock.now, parts.conflicted, revive)
        keeper, doubt = await _keeper(parts, policies, days), partial(_doubt, parts.skew, health)
        ticker = Ticker(
            store,
            keeper,
            documents,
            parts.clock,
            parts.publisher.flush,
            settings.pause_seconds,
            settings.ticks_at_once,
            doubt,
        )
        announcements = Announcements(store, policies.entries.__contains__, news)
        feed, told = (
            Feed(TOPICS, partial(router, Handler(store, keeper, doubt)), announcements),
            (ticker.assigned, ticker.revoked),
        )
        async with (
            consuming(parts, health, feed, [store], told) as consumer,
            background(ticker.run(consumer.partitions)),
        ):
            yield
        await policies.stop()


def _doubt(skew: ClockSkew, health: Health) -> str:
    """Why nothing may be decided by our clock, shown to whoever watches the service."""
    why = skew.doubt()
    if why and "clock" not in health.troubles:
        log.error("nothing fires", extra={"reason": why})
    metrics.DOUBTED.set(bool(why))
    health.set("clock", why and f"nothing fires: {why}")
    return why


async def _keeper(
    parts: Connections, policies: Table[PublishedPolicy], days: tuple[PublicDays, ...]
) -> Keeper:
    topic = parts.settings.topic_prefix + cases.TOPIC
    partitions = len(await parts.producer.partitions_for(topic))
    agenda = Agenda()
    metrics.ARMED.set_function(lambda: agenda.armed)
    metrics.OVERDUE.set_function(lambda: agenda.overdue(to_ms(parts.clock.now())))
    metrics.BEHIND.set_function(lambda: len(agenda.behind))
    return Keeper(policies.entries, agenda, partitions, parts.clock.now, days)
