"""Looks on while records appear on a topic."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer

from deploy.bench.ground import Ground
from deploy.bench.load import BenchError
from services.common.runtime.clock import ticks


@dataclass(slots=True)
class Watch:
    """The tick at which the first record of each key was seen, of those that `wanted` picks by their value."""

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
async def watching(ground: Ground, topic: str, wanted: Callable[[bytes], bool]) -> AsyncIterator[Watch]:
    """Everything that comes on a topic while the block lasts."""
    watch = Watch(wanted)
    async with _consumer(ground, topic) as consumer:
        task = asyncio.create_task(_follow(consumer, watch))
        try:
            yield watch
        finally:
            task.cancel()


async def _follow(consumer: AIOKafkaConsumer, watch: Watch) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=1_000)).values():
            watch.note(records)


async def history(ground: Ground, topic: str) -> list[Any]:
    """Every record that is on a topic now."""
    found: list[Any] = []
    async with _consumer(ground, topic) as consumer:
        while batch := await consumer.getmany(timeout_ms=2_000):
            found += [record for records in batch.values() for record in records]
    return found


def _consumer(ground: Ground, topic: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        ground.topic(topic),
        bootstrap_servers=ground.stack.addresses.kafka,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
