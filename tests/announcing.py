"""Instances of routing that share one topic `policies` and one store in memory, each with files of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from schemas.identity import policy_id
from schemas.policies import CurrentVersion, PublishedPolicy, key
from services.common.kafka.outbox import OutboxPublisher
from services.common.kafka.table import Contents, LeftOut, Table
from services.common.runtime.health import Health
from services.common.store.write_path import Store
from services.routing.domain.current_version import PolicyInUse, Publication
from services.routing.store.announced import (
    VERSIONS,
    Announced,
    AnnouncedPolicies,
    PublishedPolicies,
    make_current,
    read_decided,
)
from tests.casework import gtmc
from tests.dealership import MONDAY
from tests.fakes import MemoryDocuments, MemoryLog

TOPIC = "policies"


class Log(MemoryLog):
    """A producer that also waits for what it sends."""

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> None:
        await (await self.send(topic, value, key))


@dataclass
class Shared:
    """What all instances have in common."""

    log: Log = field(default_factory=Log)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)

    def store(self) -> Store[PolicyInUse]:
        """A writer of its own: what it has not sent dies with it."""
        return Store(PolicyInUse, self.documents, OutboxPublisher(self.log), lambda: MONDAY, lambda: None)

    async def publish(self, version: str, policy: str = "gtmc", *, killed: bool = False) -> CurrentVersion:
        """A person's publication; of one that is killed nothing reaches Kafka after the store has it."""
        store = self.store()
        current = await make_current(store, Publication(policy, version, "li", "the table"))
        if not killed:
            await store.publisher.flush()
        return current

    async def put(self, *records: PublishedPolicy | CurrentVersion) -> None:
        """Write records as they are, behind all that is there."""
        for record in records:
            await self.log.send_and_wait(TOPIC, record.model_dump_json().encode(), key(record).encode())

    async def published(self, policy: str = "gtmc") -> PublishedPolicies:
        """What a command sees."""
        table: Announced = Table("", TOPIC, VERSIONS)
        for name, value in self.log.topics.get(TOPIC, []):
            await table.put(name.decode(), value)
        return PublishedPolicies.of(table.entries, await read_decided(self.documents, [policy]))

    def compact(self) -> None:
        """Keep the last record of each key alone, as Kafka does in time."""
        self.log.topics[TOPIC] = list(dict(self.log.topics[TOPIC]).items())

    @property
    def outbox(self) -> list[Any]:
        return list(self.documents.documents[policy_id("gtmc")]["outbox"])


@dataclass
class Instance:
    """One instance: what it makes of what is announced, and what an operator sees of it."""

    shared: Shared
    folder: Path
    default_policy: str = "gtmc"
    topic_prefix: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    health: Health = field(default_factory=lambda: Health("routing"))
    position: int = 0

    def __post_init__(self) -> None:
        self.settings, self.producer, self.policies = self, self.shared.log, self.folder
        self.store = self.shared.store()
        self.announced = AnnouncedPolicies(cast("Any", self), cast("Any", self), self.store, lambda: None)

    def left_out(self, topic: str) -> LeftOut:
        def report(count: int, reasons: str) -> None:
            self.counts[topic], self.reasons[topic] = count, reasons

        return LeftOut(report)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Its files are looked at when a test says so."""
        work.close()

    async def table(self, contents: Contents[Any], changed: Callable[[str, Any], None]) -> Table[Any]:
        table = Table("", TOPIC, contents, changed, self.left_out(TOPIC))
        await self._read_into(table)
        table._serving = True  # noqa: SLF001 - as after a start
        return table

    async def start(self) -> None:
        """Start, and read what that announced."""
        await self.announced.start()
        await self.read()

    async def read(self) -> None:
        """Have everything published and read."""
        await self.store.publisher.flush()
        await self._read_into(self.reading)

    async def look(self) -> None:
        """Look at the files again."""
        await self.announced.look(self.reading)
        await self.read()

    @property
    def reading(self) -> Announced:
        assert self.announced.table is not None
        return self.announced.table

    async def _read_into(self, table: Table[Any]) -> None:
        records = self.shared.log.topics.get(TOPIC, [])
        for name, value in records[self.position :]:
            await table.put(name.decode(), value)
        self.position = len(records)

    def opens_with(self, policy: str = "gtmc") -> str:
        """The version by which a new case goes."""
        return self.announced.policies.choose(policy)[0].version

    async def missing_at_start(self) -> str:
        """Why its start goes no further."""
        start = asyncio.create_task(self.announced.start())
        while "policies" not in self.health.troubles:
            await asyncio.sleep(0)
        start.cancel()
        return self.health.troubles["policies"]


def published(version: str = "", policy: str = "gtmc", *, format: int = 3) -> PublishedPolicy:  # noqa: A002 - as it is called
    """A version of a policy, published in this format."""
    content = gtmc().content.model_copy(update={"id": policy})
    return PublishedPolicy(version=version or gtmc().version, policy=content, first_format=format)


def move(version: str, number: int, policy: str = "gtmc") -> CurrentVersion:
    """So manieth move of a policy."""
    return CurrentVersion(
        current=policy, number=number, version=version, by="li", at=MONDAY, reason="the table"
    )
