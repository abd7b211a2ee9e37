"""The wiring of sla: the only module that knows every concrete part."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from schemas import cases, policies
from schemas.calendar import PublicDays
from schemas.policies import CurrentVersion, PublishedPolicy
from services.common.kafka.subscription import Announcements, Feed
from services.common.kafka.table import Contents
from services.common.runtime import application as process
from services.common.runtime import logs
from services.common.runtime.clock_skew import ClockSkew
from services.common.runtime.connections import background, connected, consuming
from services.common.runtime.health import Health
from services.common.store.versions import Versions
from services.common.store.write_path import Store
from services.sla import metrics
from services.sla.domain.due.instants import to_ms
from services.sla.domain.state import Deadlines
from services.sla.handlers import PUBLISHED, TOPICS, Handler, revive, router
from services.sla.settings import Settings, load_public_days
from services.sla.store import COLLECTION, DeadlineRepository
from services.sla.ticker import Ticker

VERSIONS = Contents(policies.TOPIC, policies.ADAPTER, policies.key, lasting=True)

log = logging.getLogger(__name__)


def create() -> FastAPI:
    """The service as a web application, its work in the background.

    Raises `FileError` naming file, line and field when announced public days cannot be read.
    """
    logs.configure("sla")
    settings = Settings()
    days = load_public_days(settings.policies)
    metrics.set_horizons(days)
    return process.create("sla", "Redress: sla", partial(_run, settings, days))


@asynccontextmanager
async def _run(
    settings: Settings, announced: tuple[PublicDays, ...], _app: FastAPI, health: Health
) -> AsyncIterator[None]:
    topics = [*TOPICS, *PUBLISHED, VERSIONS.topic]
    async with connected("sla", settings, topics, health=health) as parts:
        news = asyncio.Event()
        versions: Versions[PublishedPolicy] = Versions()
        policies = await parts.table(VERSIONS, partial(_keep, versions, news))
        documents = await parts.documents(COLLECTION, Deadlines)
        store = Store(Deadlines, documents, parts.publisher, parts.clock.now, parts.conflicted, revive)
        partitions = len(await parts.producer.partitions_for(settings.topic_prefix + cases.TOPIC))
        deadlines = DeadlineRepository(store, documents, versions, partitions, parts.clock.now, announced)
        metrics.watch(deadlines.schedule, lambda: to_ms(parts.clock.now()))
        doubt = partial(_doubt, parts.skew, health)
        ticker = Ticker(
            deadlines,
            parts.clock,
            parts.publisher.flush,
            settings.pause_seconds,
            settings.ticks_at_once,
            doubt,
        )
        announcements = Announcements(store, versions.__contains__, news)
        feed = Feed(TOPICS, partial(router, Handler(deadlines, doubt)), announcements)
        rebalanced = (ticker.assigned, ticker.revoked)
        async with (
            consuming(parts, health, feed, [store], rebalanced) as consumer,
            background(ticker.run(consumer.partitions)),
        ):
            yield
        await policies.stop()


def _keep(
    versions: Versions[PublishedPolicy],
    news: asyncio.Event,
    key: str,
    announced: PublishedPolicy | CurrentVersion | None,
) -> None:
    """Keep a version; which one is current is for those who open cases."""
    if announced is None:
        versions.take_back(key)
    elif isinstance(announced, PublishedPolicy):
        versions.put(key, announced)
    news.set()


def _doubt(skew: ClockSkew, health: Health) -> str:
    """Why nothing may be decided by our clock, shown to whoever watches the service."""
    why = skew.doubt()
    if why and "clock" not in health.troubles:
        log.error("nothing fires", extra={"reason": why})
    metrics.DOUBTED.set(bool(why))
    health.set("clock", why and f"nothing fires: {why}")
    return why
