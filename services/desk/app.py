"""The wiring of desk: the only module that knows every concrete part."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import FastAPI

from schemas import directory, keys, policies
from schemas.directory import Entry
from schemas.keys import SigningKey
from schemas.policies import CurrentVersion, PublishedPolicy
from schemas.readers import depending_on
from schemas.staffing import Directory
from schemas.vocabulary import Role
from services.common.kafka.subscription import Feed
from services.common.kafka.table import Contents, Table
from services.common.runtime import application as process
from services.common.runtime import logs
from services.common.runtime.connections import Connections, believing, connected, consuming
from services.common.runtime.debounce import Debounced
from services.common.runtime.failures import retry
from services.common.runtime.health import Health
from services.common.store.write_path import Store
from services.common.web.keyring import Keyring
from services.desk import api
from services.desk.domain.signing import Signer
from services.desk.handlers import PUBLISHED, TOPICS, Handler, revive, router
from services.desk.settings import Settings
from services.desk.store import Rows, accounts, machine_tokens, rows

LOOK_SECONDS = 5.0

log = logging.getLogger(__name__)

PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)
VERSIONS = Contents(policies.TOPIC, policies.ADAPTER, policies.key, lasting=True)


def create() -> FastAPI:
    """The service as a web application, its work in the background."""
    logs.configure("desk")
    settings = Settings()
    keyring = Keyring(settings.keys_file)
    app = process.create("desk", "Redress: desk", partial(_run, settings, keyring))
    api.install(app, settings)
    return app


@asynccontextmanager
async def _run(settings: Settings, keyring: Keyring, app: FastAPI, health: Health) -> AsyncIterator[None]:
    signer = _signer(settings)
    topics = [*TOPICS, *PUBLISHED, PEOPLE.topic, VERSIONS.topic]
    async with connected("desk", settings, topics, health=health) as parts:
        await _announce(parts, signer.public)
        announced = AnnouncedData()
        tables: list[Table[Any]] = [
            await parts.table(PEOPLE, announced.note),
            await parts.table(VERSIONS, announced.publish),
        ]
        announced.people.heed()
        known, machines = await accounts(parts), await machine_tokens(parts)
        lists = await rows(parts, announced.people.value, revive)
        feed = Feed(TOPICS, partial(router, Handler(lists)))
        stores: list[Store[Any]] = [known.store, machines.store, lists.store]
        async with (
            believing(settings, keyring, health),
            consuming(parts, health, feed, stores, (_ignore, _ignore)),
        ):
            parts.beside(_follow_directory(parts, announced.people, lists))
            app.state.dependencies = api.Desk(
                settings,
                known,
                machines,
                announced.people.value,
                signer,
                keyring,
                lists,
                announced.last_resorts,
            )
            yield
        for table in tables:
            await table.stop()


@dataclass(slots=True)
class AnnouncedData:
    """Directory and policies as they are announced, as far as desk asks them."""

    entries: dict[str, Entry] = field(default_factory=dict)
    people: Debounced[Directory] = field(init=False)
    readers: dict[str, Role] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people = Debounced(lambda: Directory(self.entries.values()))

    def note(self, key: str, entry: Entry | None) -> None:
        """Take what is announced of the directory."""
        if entry is None:
            self.entries.pop(key, None)
        else:
            self.entries[key] = entry
        self.people.outdate()

    def publish(self, key: str, announced: PublishedPolicy | CurrentVersion | None) -> None:
        """Keep who reads by a version of a policy what nobody else does."""
        if announced is None:
            self.readers.pop(key, None)
        elif isinstance(announced, PublishedPolicy):
            self.readers[key] = announced.policy.last_resort

    def last_resorts(self) -> frozenset[Role]:
        """The roles that read, by any policy, what nobody else does."""
        return frozenset(self.readers.values())


async def _ignore(_numbers: set[int]) -> None:
    """Rows rest in the store alone: nothing moves with a partition."""


async def _follow_directory(parts: Connections, people: Debounced[Directory], lists: Rows) -> None:
    """Ask anew who may see a case when the directory changes, or somebody is away who was not, or back."""
    known: Directory | None = None
    absent: frozenset[str] = frozenset()
    while True:
        present, away = people.value(), people.value().absent(parts.clock.now())
        if present is not known:
            await retry(lists.ask_anew, "ask who may see every case")
        elif moved := away ^ absent:
            await retry(partial(lists.ask_anew, depending_on(moved, present)), "ask who may see some cases")
        known, absent = present, away
        await asyncio.sleep(LOOK_SECONDS)


def _signer(settings: Settings) -> Signer:
    """What signs tokens; raises ValueError, and says in the log what would be right, since stacks there have no words."""
    try:
        return Signer.of(settings.signing_key.get_secret_value())
    except ValueError as error:
        log.error("cannot sign", extra={"reason": str(error)})  # noqa: TRY400 - the stack is logged where it ends us
        raise


async def _announce(parts: Connections, key: SigningKey) -> None:
    """Announce our public key, before anything is signed with its private half."""
    topic = parts.settings.topic_prefix + keys.TOPIC
    send = partial(
        parts.producer.send_and_wait, topic, key.model_dump_json().encode(), keys.key(key).encode()
    )
    await retry(send, "announce a key")
