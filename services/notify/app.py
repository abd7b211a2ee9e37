"""The wiring of notify: the only module that knows every concrete part."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from schemas import directory, outreach, policies
from schemas.media import Medium
from schemas.policies import CurrentVersion, Policy, PublishedPolicy
from schemas.staffing import Directory
from services.common.kafka.subscription import Announcements, Feed
from services.common.kafka.table import Contents, LeftOut, Table
from services.common.runtime import application as process
from services.common.runtime import logs
from services.common.runtime.connections import Connections, background, connected, consuming
from services.common.runtime.error_texts import describe
from services.common.runtime.files import AGAIN_SECONDS
from services.common.runtime.health import Health
from services.common.store.mongo import MongoDocuments
from services.common.store.versions import Versions
from services.common.store.write_path import Store
from services.notify import metrics
from services.notify.domain.delivery import Delivery, advance
from services.notify.domain.rules import Rulebook
from services.notify.domain.texts import TextError
from services.notify.domain.wording import must_render
from services.notify.handlers import PUBLISHED, TOPICS, Handler, WaitingRecords, router
from services.notify.providers import Carrier, mail, sms, webhook
from services.notify.sender.attempt import Attempts, StepWriter
from services.notify.sender.loop import Pace, Sender
from services.notify.settings import Settings
from services.notify.store import (
    COLLECTION,
    QUEUES,
    SEARCHED,
    AddressRepository,
    NoticeFiles,
    OutreachTopic,
    still_open,
)

CARRIERS: Mapping[Medium, Callable[[Settings], Carrier]] = {
    "email": mail.carrier,
    "sms": sms.carrier,
    "webhook": webhook.carrier,
}
VERSIONS = Contents(policies.TOPIC, policies.ADAPTER, policies.key, lasting=True)
PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)


def create() -> FastAPI:
    """The service as a web application, its work in the background."""
    logs.configure("notify")
    settings = Settings()
    return process.create("notify", "Redress: notify", partial(_run, settings))


@asynccontextmanager
async def _run(settings: Settings, _app: FastAPI, health: Health) -> AsyncIterator[None]:
    topics = [*TOPICS, *PUBLISHED, VERSIONS.topic, PEOPLE.topic]
    async with connected("notify", settings, topics, health=health) as parts:
        announced = AnnouncedTables(settings, parts)
        await announced.start()
        documents = await parts.documents(COLLECTION, Delivery, searched=SEARCHED)
        queues = await parts.documents(QUEUES, WaitingRecords)
        handler = _handler(settings, parts, announced, documents, queues)
        senders = handler.senders.values()
        announcements = Announcements(handler.queue, announced.policies.__contains__, announced.news)
        feed = Feed(TOPICS, partial(router, handler), announcements, personal=frozenset({outreach.TOPIC}))
        listeners = handler.assigned, handler.revoked
        async with (
            background(*(sender.run() for sender in senders)),
            consuming(parts, health, feed, [handler.store, handler.queue], listeners),
        ):
            yield
        for sender in senders:
            await sender.part()
            await sender.attempts.provider.close()
        await announced.stop()


def _handler(
    settings: Settings,
    parts: Connections,
    announced: "AnnouncedTables",
    documents: MongoDocuments,
    queues: MongoDocuments,
) -> Handler:
    store = Store(Delivery, documents, parts.publisher, parts.clock.now, parts.conflicted)
    writer = StepWriter(store, lambda state, cause: advance(state, cause, parts.clock.now()))
    topic = OutreachTopic(settings.kafka, settings.topic_prefix + outreach.TOPIC)
    addresses = AddressRepository(announced.directory, topic.read)
    changed = partial(metrics.count, now=parts.clock.now, wall_seconds=parts.clock.wall_seconds)

    def sender(medium: Medium, carrier: Carrier) -> Sender:
        pace = Pace(carrier.at_once, settings.retry_base_seconds, settings.retry_most_seconds)
        attempts = Attempts(writer, carrier.provider, addresses, announced.rulebook, changed)
        return Sender(medium, attempts, pace, parts.clock, partial(_alarm, parts.health, medium))

    senders = {medium: sender(medium, carrier(settings)) for medium, carrier in CARRIERS.items()}
    queue = Store(WaitingRecords, queues, parts.publisher, parts.clock.now, parts.conflicted)
    return Handler(store, queue, announced.rulebook, senders, addresses, partial(still_open, documents))


def _alarm(health: Health, medium: Medium, reason: str) -> None:
    """Note a provider at fault: its messages wait, and the service goes on, so that it is no reason not to be ready."""
    health.note(medium, reason and f"the {medium} provider is at fault, its messages wait: {reason}")


@dataclass(slots=True)
class AnnouncedTables:
    """Directory and policies as they are announced on Kafka."""

    settings: Settings
    parts: Connections
    tables: list[Table[Any]] = field(default_factory=list)
    policies: Versions[Policy] = field(default_factory=Versions)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    untried: asyncio.Queue[tuple[str, Policy]] = field(default_factory=asyncio.Queue)
    texts: LeftOut = field(init=False)
    files: LeftOut = field(default_factory=LeftOut)
    _directory: Directory | None = None

    async def start(self) -> None:
        """Read both to the end, and note which texts of our own files and of what is published cannot be rendered."""
        self.files = self.parts.left_out("policy files")
        await self._note_files(NoticeFiles(self.settings.policies).folders())
        self.parts.beside(self._look_again())
        people = await self.parts.table(PEOPLE, self._outdated)
        self.texts = self.parts.left_out("texts")
        self.tables = [people, await self.parts.table(VERSIONS, self._published)]
        self.parts.beside(self._try_texts())

    async def stop(self) -> None:
        for table in self.tables:
            await table.stop()

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look again at the files that could not be used: they may be mended, or gone."""
        there = NoticeFiles(self.settings.policies).folders()
        self.files.keep([folder.name for folder in there])
        await self._note_files([folder for folder in there if folder.name in self.files.reasons])

    async def _note_files(self, folders: Iterable[Path]) -> None:
        notices = NoticeFiles(self.settings.policies)
        for folder in folders:
            self.files.note(folder.name, await asyncio.to_thread(notices.fault, folder))

    def directory(self) -> Directory:
        """Indexed anew after a change."""
        if self._directory is None:
            self._directory = Directory(self.tables[0].entries.values())
        return self._directory

    def rulebook(self) -> Rulebook:
        return Rulebook(self.policies, self.directory())

    def _published(self, key: str, published: PublishedPolicy | CurrentVersion | None) -> None:
        """One text that cannot be rendered is no reason to leave out the others of its policy."""
        if published is None:
            self.policies.take_back(key)
        elif isinstance(published, PublishedPolicy):
            self.policies.put(key, published.policy)
            self.untried.put_nowait((key, published.policy))
        self.news.set()

    async def _try_texts(self) -> None:
        """Render the texts of each version once, beside our work: it takes more than half a second."""
        while True:
            key, policy = await self.untried.get()
            try:
                await asyncio.to_thread(must_render, key, policy)
            except TextError as wrong:
                self.texts.note(key, str(wrong))
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not take the service down
                self.texts.note(key, describe(error))
            else:
                self.texts.note(key, "")

    def _outdated(self, _key: str, _entry: Any) -> None:
        self._directory = None
