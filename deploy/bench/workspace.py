"""What one measurement has to itself: topics, a database, logs and services; and how it sees records appear."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer

from deploy.bench.traffic import DIRECTORY, SIGNER, BenchError
from deploy.local import Service, Stack, create_topics, start_service
from schemas import directory, keys
from services.common.kafka import client as kafka
from services.common.runtime.clock import ticks


@dataclass(frozen=True, slots=True)
class Workspace:
    """A running stack and a folder for logs; `mark` keeps its topics and its database apart from others'."""

    stack: Stack
    mark: str
    folder: Path

    @staticmethod
    def fresh(stack: Stack, part: str, folder: Path) -> "Workspace":
        """One that no other measurement uses, also on a Kafka and a store that outlive this one."""
        return Workspace(stack, f"{part}-{secrets.token_hex(3)}", folder)

    @property
    def env(self) -> dict[str, str]:
        own = {
            "REDRESS_TOPIC_PREFIX": self.topic(""),
            "REDRESS_DATABASE": self.mark,
        }
        return {**self.stack.addresses.environment(), **own}

    def topic(self, name: str) -> str:
        return f"{self.mark}.{name}"

    async def prepare(self) -> None:
        """Create the topics, and announce the shops and the people who work there."""
        await create_topics(self.stack.addresses.kafka, replication=1, prefix=self.topic(""))
        entries = DIRECTORY.entries()
        records = ((directory.key(entry).encode(), entry.model_dump_json().encode()) for entry in entries)
        await self.produce(directory.TOPIC, records)
        public = SIGNER.public
        await self.produce(keys.TOPIC, [(keys.key(public).encode(), public.model_dump_json().encode())])

    async def produce(self, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Write keyed records as fast as Kafka takes them; return when it has them all."""
        async with kafka.producer(self.stack.addresses.kafka, linger_ms=5) as producer:
            for sent in [await producer.send(self.topic(topic), value, key) for key, value in records]:
                await sent

    def log(self, name: str) -> Path:
        return self.folder / f"{self.mark}-{name}.log"

    @asynccontextmanager
    async def service(self, name: str) -> AsyncIterator[Service]:
        """A service at work until the block ends."""
        async with running(start_service(name, self.env, self.log(name))) as service:
            yield service


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    """Wait until a launched process is ready; it ends with the block."""
    try:
        await service.wait_ready()
        yield service
    finally:
        await service.kill()


async def alternated(
    number: int, first: Callable[[], Awaitable[float]], second: Callable[[], Awaitable[float]]
) -> tuple[float, float]:
    """Both results, measured one after the other; in rounds of odd number the second is measured first."""
    if number % 2:
        later = await second()
        return await first(), later
    return await first(), await second()


@dataclass(slots=True)
class Watch:
    """The tick at which the first record of each key was seen, of those whose value `wanted` accepts."""

    wanted: Callable[[bytes], bool]
    seen: dict[str, float] = field(default_factory=dict)
    values: dict[str, bytes] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, number: int, patience: float) -> float:
        """The tick at which the last of `number` keys was seen; BenchError when that takes longer."""
        try:
            async with asyncio.timeout(patience):
                while len(self.seen) < number:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise BenchError(f"{len(self.seen)} of {number} records came in {patience:g} s") from None
        return max(self.seen.values())

    def note(self, records: list[Any]) -> None:
        now = ticks()
        for record in records:
            key = record.key.decode()
            if key not in self.seen and self.wanted(record.value):
                self.seen[key] = now
                self.values[key] = record.value
                self._news.set()


@asynccontextmanager
async def watching(workspace: Workspace, topic: str, wanted: Callable[[bytes], bool]) -> AsyncIterator[Watch]:
    """A watch over everything that comes on a topic while the block lasts."""
    watch = Watch(wanted)
    async with _consumer(workspace, topic) as consumer:
        task = asyncio.create_task(_follow(consumer, watch))
        try:
            yield watch
        finally:
            task.cancel()


async def _follow(consumer: AIOKafkaConsumer, watch: Watch) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=1_000)).values():
            watch.note(records)


async def history(workspace: Workspace, topic: str) -> list[Any]:
    """Every record that is on a topic now."""
    history: list[Any] = []
    async with _consumer(workspace, topic) as consumer:
        while batch := await consumer.getmany(timeout_ms=2_000):
            history += [record for records in batch.values() for record in records]
    return history


def _consumer(workspace: Workspace, topic: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        workspace.topic(topic),
        bootstrap_servers=workspace.stack.addresses.kafka,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
