"""What one measurement has to itself: topics, a database, logs, the services it starts, and how it feeds them."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.bench.contacts import KEY, TOWN
from deploy.local import Service, Stack, create_topics, start_service
from schemas import directory
from services.common.kafka import client as kafka

Numbers = dict[str, float]
"""What one measurement found, by name."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A running stack and a folder for logs; `mark` keeps its topics and its database apart from others'."""

    stack: Stack
    mark: str
    folder: Path

    @staticmethod
    def fresh(stack: Stack, part: str, folder: Path) -> "Ground":
        """One that no other measurement uses, also on a Kafka and a store that outlive this one."""
        return Ground(stack, f"{part}-{secrets.token_hex(3)}", folder)

    @property
    def env(self) -> dict[str, str]:
        own = {
            "REDRESS_TOPIC_PREFIX": self.topic(""),
            "REDRESS_DATABASE": self.mark,
            "REDRESS_TOKEN_KEY": KEY,
        }
        return {**self.stack.addresses.environment(), **own}

    def topic(self, name: str) -> str:
        return f"{self.mark}.{name}"

    async def prepare(self) -> None:
        """Create the topics, and announce the shops and the people who work there."""
        await create_topics(self.stack.addresses.kafka, replication=1, prefix=self.topic(""))
        told = ((directory.key(one).encode(), one.model_dump_json().encode()) for one in TOWN.entries())
        await self.produce(directory.TOPIC, told)

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


async def in_turn(
    turn: int, first: Callable[[], Awaitable[float]], second: Callable[[], Awaitable[float]]
) -> tuple[float, float]:
    """Both numbers, measured one after the other; in every other turn the second one is measured first."""
    if turn % 2:
        later = await second()
        return await first(), later
    return await first(), await second()
