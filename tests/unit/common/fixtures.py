"""A service's consumer and what waits there, over a Kafka and a store in memory."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from pydantic import TypeAdapter

from services.common.kafka import waiting
from services.common.kafka.batch import Received
from services.common.kafka.dead_letters import dead_topic, waiting_topic
from services.common.kafka.partitions import Partitions
from services.common.kafka.subscription import Announcements, Feed, Subscription
from services.common.kafka.waiting import Waiting
from services.common.runtime.settings import CommonSettings
from services.common.store.decision import Cause, Change, Outcome, Refusal, Wait
from services.common.store.write_path import Store
from tests.routers import deliver, prepare, routing_to
from tests.sums import Added, Sum, decide
from tests.unit.common.test_write_path import Bench

ROOM, PARTITION = "sla", 3
NUMBERS, CONTACTS = "numbers", "contacts"


def record(topic: str, offset: int, key: bytes, raw: bytes, *headers: tuple[str, bytes]) -> Any:
    return ConsumerRecord(topic, PARTITION, offset, 0, 0, key, raw, None, len(key), len(raw), headers)


class Driver:
    """A member of the group that holds these partitions."""

    def __init__(self) -> None:
        self.parts = {TopicPartition(name, PARTITION) for name in (NUMBERS, CONTACTS)}

    def assignment(self) -> set[TopicPartition]:
        return self.parts

    async def commit(self, offsets: Any) -> None: ...


class MemoryTopics:
    """A producer that keeps whole records, per topic."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Any]] = {}

    async def send(
        self, topic: str, value: bytes, key: bytes, partition: int | None = None, headers: Sequence[Any] = ()
    ) -> asyncio.Future[None]:
        await asyncio.sleep(0)
        there = self.topics.setdefault(topic, [])
        there.append(replace(record(topic, len(there), key, value, *headers), partition=partition or 0))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class Common:
    """One service; `known` is what was announced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench, self.driver = Bench(), Driver()
        self.kafka = MemoryTopics()
        self.topics = self.kafka.topics
        self.topics |= {waiting_topic(ROOM): [], dead_topic(ROOM): []}
        self.known: set[str] = set()
        self.failing: list[Exception] = []
        self.reads = 0
        monkeypatch.setattr(waiting, "read_all", self._read)
        self.start()

    def start(self) -> None:
        """A new process, which knows nothing of the one before."""

        async def nothing(_numbers: set[int]) -> None: ...

        store = self.store = Store(
            Sum, self.bench.documents, self.bench.store.publisher, self.bench.store.now,
            lambda: None, self.bench.store.revive,
        )  # fmt: skip
        partitions = Partitions(ROOM, "", nothing, nothing, nothing, driver=lambda: self.driver)
        announcements = Announcements(store, self.known.__contains__, asyncio.Event())
        adapter: TypeAdapter[Any] = TypeAdapter(Added)
        router = routing_to(self._handle, NUMBERS, CONTACTS)
        feed = Feed({NUMBERS: adapter, CONTACTS: adapter}, router, announcements)
        settings = CommonSettings(max_records=4)
        self.subscription = Subscription(ROOM, settings, self.kafka, store.publisher, feed, partitions)
        prepare(self.subscription)
        self.waiting = Waiting(self.subscription, announcements)

    def rule(self, state: Sum | None, cause: Cause[Added]) -> Change[Sum] | Refusal | Wait | None:
        """What ends in 7 waits for B, the others for A."""
        named = "B" if cause.message.amount % 10 == 7 else "A"
        return decide(state, cause) if named in self.known else Wait(named)

    async def _handle(self, batch: Sequence[Received[Added]]) -> Sequence[Outcome[Sum, Added]]:
        if self.failing:
            raise self.failing.pop()
        causes = [one.cause(one.message, one.message.seq if one.topic == NUMBERS else 0) for one in batch]
        return await self.store.change_isolated(causes, self.rule)

    async def receive(self, records: Sequence[Any]) -> None:
        """Handle a batch of records."""
        await deliver(self.subscription, records)

    async def _read(self, _kafka: str, topic: str, numbers: Collection[int]) -> AsyncIterator[Any]:
        self.reads += 1
        for one in list(self.topics[topic]):
            await asyncio.sleep(0)
            if one.partition in numbers:
                yield one
