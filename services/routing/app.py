"""The wiring of routing: the only module that knows every concrete part."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args
from uuid import UUID

from fastapi import FastAPI

from schemas import contacts, keys, outreach
from schemas.cases import Part
from schemas.outreach import OutreachRequested
from schemas.staffing import Directory
from services.common.kafka.partitioner import partition_of
from services.common.kafka.subscription import Announcements, Feed
from services.common.kafka.table import Table
from services.common.runtime import application as process
from services.common.runtime.connections import Connections, background, believing, connected, consuming
from services.common.runtime.debounce import Debounced
from services.common.runtime.failures import backoff, retry
from services.common.runtime.health import Health
from services.common.store.mongo import MongoDocuments, MongoRecords
from services.common.store.write_path import Store
from services.common.web.keyring import Keyring
from services.routing import api, metrics
from services.routing.domain.case import Case
from services.routing.domain.current_version import PolicyInUse
from services.routing.domain.directory_entry import DirectoryEntry
from services.routing.domain.open_cases import OpenCases
from services.routing.domain.severity.detection import Reader
from services.routing.domain.world import World
from services.routing.handlers import PUBLISHED, TOPICS, Handler, revive, router
from services.routing.settings import Settings
from services.routing.store.announced import PEOPLE, AnnouncedPolicies, policies_in_use
from services.routing.store.cases import Cases
from services.routing.store.severity_files import load_reader
from services.routing.store.texts import TextRepository

AUDIT_SECONDS = 5.0
QUIET_SECONDS = 5.0
RETRY_SECONDS = 60.0

log = logging.getLogger(__name__)


def create() -> FastAPI:
    """The service as a web application, its work in the background."""
    settings = Settings()
    keyring = Keyring(settings.keys_file)
    app = process.create("routing", "Redress: routing", partial(_run, settings, keyring))
    api.install(app, settings, keyring)
    return app


@asynccontextmanager
async def _run(settings: Settings, keyring: Keyring, app: FastAPI, health: Health) -> AsyncIterator[None]:
    topics = [*TOPICS, *PUBLISHED, keys.TOPIC]
    async with connected("routing", settings, topics, health=health) as parts:
        in_use = await policies_in_use(parts)
        reference = ReferenceData(settings, parts, in_use)
        await reference.start()
        documents = await parts.documents("cases", Case, "case_history", unique=["state.number"])
        announced = await _announced(parts)
        handler = _handler(parts, reference, documents, load_reader(settings.severity))

        async def assigned(numbers: set[int]) -> None:
            reference.partitions |= numbers
            await retry(lambda: handler.take_over(documents), "take over cases")
            reference.news.set()

        async def revoked(numbers: set[int]) -> None:
            reference.partitions -= numbers
            handler.let_go()

        feed = Feed(
            TOPICS,
            partial(router, handler),
            Announcements(
                handler.cases.store, reference.policies.policies.is_there, reference.policies.arrived
            ),
            personal=frozenset({contacts.TOPIC}),
        )
        async with (
            believing(settings, keyring, health),
            consuming(parts, health, feed, [handler.cases.store, announced, in_use], (assigned, revoked)),
            background(
                _audit(settings, parts, handler.cases, health),
                _follow_directory(reference, handler, documents),
            ),
        ):
            app.state.dependencies = api.Dependencies(
                handler.cases, documents, handler.texts, handler.customers, handler.reader
            )
            yield
        await reference.stop()


async def _announced(parts: Connections) -> Store[DirectoryEntry]:
    """The entries of the directory, as they are to be announced."""
    entries = await parts.documents("directory", DirectoryEntry)
    return Store(DirectoryEntry, entries, parts.publisher, parts.clock.now, parts.conflicted)


def _handler(
    parts: Connections, reference: "ReferenceData", documents: MongoDocuments, reader: Reader
) -> Handler:
    open_cases = OpenCases(reference.is_mine)
    store = Store(Case, documents, parts.publisher, parts.clock.now, parts.conflicted, revive)
    return Handler(
        Cases(store, partial(reference.world, open_cases), open_cases),
        TextRepository(MongoRecords(parts.database, "texts")),
        TextRepository(MongoRecords(parts.database, "customers")),
        partial(_reach_out, parts),
        reader,
    )


async def _reach_out(parts: Connections, requests: Sequence[OutreachRequested]) -> None:
    """Ask for messages to customers; returns once Kafka has them."""
    topic = parts.settings.topic_prefix + outreach.TOPIC
    sent = [
        await parts.producer.send(topic, one.model_dump_json().encode(), str(one.case_id).encode())
        for one in requests
    ]
    await asyncio.gather(*sent)


async def _audit(settings: Settings, parts: Connections, cases: Cases, health: Health) -> None:
    """Count due times of which sla reported nothing, so that a dead sla is seen; and cases nobody has."""
    patience = settings.unanswered_after * settings.time_scale
    while True:
        metrics.UNANSWERED.set(cases.open_cases.unanswered(parts.clock.now() - patience))
        unstaffed = cases.open_cases.unstaffed(cases.world().directory)
        for part in get_args(Part):
            metrics.UNSTAFFED.labels(part).set(unstaffed[part])
        world = cases.world()
        _alarm(world.directory.unread(world.policies.last_resorts()), health)
        await asyncio.sleep(AUDIT_SECONDS)


def _alarm(unread: str, health: Health) -> None:
    """Say once in the log, and as long as it lasts elsewhere, that some cases may have no reader."""
    if unread and health.notes.get("last resort") != unread:
        log.error("cases may have no reader", extra={"reason": unread})
    health.note("last resort", unread)
    metrics.UNREAD.set(bool(unread))


async def _follow_directory(reference: "ReferenceData", handler: Handler, documents: MongoDocuments) -> None:
    """Re-base cases of outdated policies, and hand over those that the directory takes from somebody.

    Once more from the store: another instance may have given a case to somebody whom it did not yet know to have gone.
    What cannot be re-based or handed over yet is tried again, ever more seldom, and keeps nothing else from it.
    """
    tries = 0
    while True:
        reference.news.clear()
        await reference.people.wait()
        rebased, handed_over = await handler.rebase(), await handler.reassign()
        late = not (rebased and handed_over) or tries > 0
        pause = backoff(tries, base=AUDIT_SECONDS / 10, most=RETRY_SECONDS) if late else QUIET_SECONDS
        if not await _has_paused(reference.news, pause):
            tries = 0
        elif await retry(lambda: handler.reassign(documents), "reassign cases"):
            tries = 0
            await reference.news.wait()
        else:
            tries += 1


async def _has_paused(news: asyncio.Event, seconds: float) -> bool:
    """Whether nothing was announced for a while."""
    try:
        await asyncio.wait_for(news.wait(), seconds)
    except TimeoutError:
        return True
    return False


@dataclass(slots=True)
class ReferenceData:
    """Directory and policies as they are announced on Kafka, and the partitions assigned to this instance."""

    settings: Settings
    parts: Connections
    in_use: Store[PolicyInUse]
    partitions: set[int] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    policies: AnnouncedPolicies = field(init=False)
    people: Debounced[Directory] = field(init=False)
    _directory: Table[Any] | None = None
    _count: int = 1

    def __post_init__(self) -> None:
        self.policies = AnnouncedPolicies(self.settings, self.parts, self.in_use, self.news.set)
        self.people = Debounced(
            lambda: Directory(self._directory.entries.values() if self._directory else ())
        )

    async def start(self) -> None:
        """Read both to the end; returns once there is a policy to decide by."""
        self._directory = await self.parts.table(PEOPLE, self._outdated)
        self.people.heed()
        await self.policies.start()
        topic = self.settings.topic_prefix + contacts.TOPIC
        self._count = len(await self.parts.producer.partitions_for(topic))

    async def stop(self) -> None:
        for table in (self._directory, self.policies.table):
            if table is not None:
                await table.stop()

    def _outdated(self, _key: str, _entry: Any) -> None:
        self.people.outdate()
        self.news.set()

    def world(self, open_cases: OpenCases) -> World:
        policies = self.policies.policies
        return World(self.people.value(), policies, open_cases.workload, self.parts.clock.now())

    def is_mine(self, case: UUID) -> bool:
        """Whether a case's records come to this instance: Kafka's own choice of partition for its key."""
        return partition_of(case, self._count) in self.partitions
