"""A subscription on the real stack, with a domain that only counts."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter
from pymongo.errors import AutoReconnect

from deploy.local import Stack
from services.common.kafka import client as kafka
from services.common.kafka import dead_letters
from services.common.kafka.batch import Received
from services.common.kafka.subscription import Feed, Subscription
from services.common.runtime.connections import connected, consuming
from services.common.runtime.health import Health
from services.common.runtime.settings import CommonSettings
from services.common.store.decision import Cause, Outcome
from services.common.store.mongo import MongoDocuments
from services.common.store.write_path import Store
from tests.patience import until
from tests.routers import routing_to
from tests.stack import Names, consume, produce
from tests.sums import KEYS, Added, Sum, Total, added, decide, revive

NUMBERS = "contacts"  # any topic will do
ROOM = "sla"  # any service with a dead topic will do


class Service:
    """A service made of the common alone; `before` lets a test make trouble for a batch."""

    def __init__(self, stack: Stack, names: Names) -> None:
        self.stack, self.names = stack, names
        self.settings = CommonSettings(
            kafka=stack.addresses.kafka,
            mongo=stack.addresses.mongo,
            database=names.database,
            topic_prefix=names.prefix,
            max_records=50,
        )
        self.before: Callable[[], None] = lambda: None
        self.health = Health(ROOM)
        self.exits = AsyncExitStack()
        self.subscription: Subscription

    async def open(self) -> None:
        parts = await self.exits.enter_async_context(connected(ROOM, self.settings, [NUMBERS]))
        self.documents = MongoDocuments(parts.database, "sums", "sums_past")
        await self.documents.prepare()
        self.store = Store(Sum, self.documents, parts.publisher, parts.clock.now, lambda: None, _revive)
        router = routing_to(self.handle, NUMBERS, dead_letters.replay_topic(ROOM))
        feed = Feed({NUMBERS: TypeAdapter(Added)}, router)
        self.subscription = await self.exits.enter_async_context(
            consuming(parts, self.health, feed, [self.store], (_nothing, _nothing))
        )

    async def close(self) -> None:
        await self.exits.aclose()

    async def handle(self, batch: Sequence[Received[Added]]) -> Sequence[Outcome[Sum, Added]]:
        self.before()
        causes = [
            Cause(one.message.case_id, one.message.id, one.message, one.topic, one.message.seq, raw=one.raw)
            for one in batch
        ]
        return await self.store.change_many(causes, _decide)

    async def send(self, *records: bytes) -> None:
        await produce(self.stack, self.names.topic(NUMBERS), [(_key(record), record) for record in records])

    async def totals(self) -> dict[str, int]:
        stored = await self.documents.load(KEYS)
        return {str(key): document["state"]["total"] for key, document in stored.items() if document["state"]}

    async def dead(self) -> list[dead_letters.DeadLetter]:
        return await dead_letters.unreplayed(
            self.settings.kafka, self.names.topic(dead_letters.dead_topic(ROOM))
        )


broken = {"fault": False}


def _decide(state: Sum | None, cause: Cause[Added]) -> Any:
    if broken["fault"] and cause.message.amount == 7:
        raise RuntimeError("a fault that will be mended")
    return decide(state, cause)


def _revive(_stream: str, raw: bytes) -> Cause[Added]:
    return revive(NUMBERS, raw)


async def _nothing(_numbers: set[int]) -> None: ...


def _key(record: bytes) -> bytes:
    try:
        return str(Added.model_validate_json(record).case_id).encode()
    except ValueError:
        return str(KEYS[0]).encode()


def record(key: int, number: int, amount: int) -> bytes:
    return added(KEYS[key], number, amount).raw


@pytest.fixture
async def service(stack: Stack, names: Names) -> AsyncIterator[Service]:
    broken["fault"] = False
    service = Service(stack, names)
    await service.open()
    yield service
    await service.close()


async def test_poison_is_set_aside_with_its_bytes_and_the_rest_goes_on(service: Service) -> None:
    poison = [b"no json", b'{"type": "added"}', b"\xff\xfe", b""]
    await service.send(record(0, 1, 5), *poison, record(0, 2, 7), record(1, 1, 3))

    async def done() -> bool:
        return await service.totals() == {str(KEYS[0]): 12, str(KEYS[1]): 3}

    await until(done)

    async def all_dead() -> bool:
        return len(await service.dead()) == len(poison)

    await until(all_dead)
    letters = await service.dead()
    assert [letter.value for letter in letters] == poison
    assert {letter.reason for letter in letters} == {"invalid"}
    assert all(letter.origin.startswith(service.names.topic(NUMBERS)) for letter in letters)


async def test_a_fault_of_ours_parks_its_case_until_the_replay(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    broken["fault"] = True
    await service.send(record(0, 1, 5), record(0, 2, 7), record(0, 3, 11), record(1, 1, 1))

    async def parked() -> bool:
        return await service.totals() == {str(KEYS[0]): 5, str(KEYS[1]): 1} and len(await service.dead()) == 1

    await until(parked)
    [letter] = await service.dead()
    assert letter.reason == "failed"
    assert "RuntimeError" in letter.error
    assert "_decide" in letter.error
    assert "mended" not in letter.error
    [line] = [vars(line) for line in caplog.records if line.getMessage() == "dead letter written"]
    failed = added(KEYS[0], 2, 7)
    assert (line["case_id"], line["message_id"]) == (str(failed.key), str(failed.id))
    assert line["stack"] == letter.error

    broken["fault"] = False
    async with kafka.producer(service.settings.kafka) as producer:
        await dead_letters.replay(producer, ROOM, [letter], service.names.prefix)

    async def healed() -> bool:
        return (await service.totals())[str(KEYS[0])] == 23

    await until(healed)
    assert await service.dead() == []


async def test_transient_trouble_is_retried_in_place_and_nothing_is_set_aside(service: Service) -> None:
    failures = iter([AutoReconnect("away")] * 4)

    def fail() -> None:
        for failure in failures:
            raise failure

    service.before = fail
    await service.send(*(record(0, number, 1) for number in range(1, 31)))

    async def done() -> bool:
        return await service.totals() == {str(KEYS[0]): 30}

    await until(done)
    assert await service.dead() == []


async def test_a_record_that_waits_in_vain_reaches_the_dead_topic_by_itself(service: Service) -> None:
    await service.send(record(0, 1, 5), record(0, 3, 7))

    async def is_pending() -> bool:
        return bool(service.store.pending_since)

    await until(is_pending)
    [stored] = (await service.documents.load(KEYS[:1])).values()
    long_ago = [{**one, "at": "2026-01-01T00:00:00.000Z"} for one in stored["pending"]]
    await service.documents.write([{**stored, "pending": long_ago, "version": stored["version"] + 1}])
    await service.store.look_after_leftovers()

    async def given_up() -> bool:
        return [letter.reason for letter in await service.dead()] == ["gap"]

    await until(given_up)
    [letter] = await service.dead()
    assert (letter.value, letter.origin) == (record(0, 3, 7), service.names.topic(NUMBERS) + "/-1/-1")
    assert (await service.documents.load(KEYS[:1]))[KEYS[0]]["pending"] == []


async def test_events_reach_kafka_once_for_a_reader_and_in_order(service: Service) -> None:
    await service.send(*(record(key, number, 1) for number in range(1, 21) for key in range(4)))

    async def published() -> bool:
        stored = await service.documents.load(KEYS)
        return len(stored) == 4 and all(
            s["published"] == {"cases": 20} and not s["outbox"] for s in stored.values()
        )

    await until(published)
    totals: dict[UUID, list[int]] = {}
    once: set[UUID] = set()
    for published_event in await consume(service.stack, service.names.topic("cases"), 80):
        event = Total.model_validate_json(published_event.value)
        if event.id not in once:
            once.add(event.id)
            totals.setdefault(event.case_id, []).append(event.total)
    assert totals == {key: list(range(1, 21)) for key in KEYS}


async def test_a_second_member_takes_over_without_losing_or_doubling(stack: Stack, names: Names) -> None:
    broken["fault"] = False
    first, second = Service(stack, names), Service(stack, names)
    second.settings = second.settings.model_copy(update={"instance": 1})
    await first.open()
    sent = [record(key, number, 1) for number in range(1, 61) for key in range(4)]
    await first.send(*sent[:120])
    await second.open()
    await first.send(*sent[120:])
    await first.close()

    async def done() -> bool:
        return await second.totals() == {str(key): 60 for key in KEYS}

    await until(done)
    stored = await second.documents.load(KEYS)
    assert all(document["published"] == {"cases": 60} for document in stored.values())
    assert await second.dead() == []
    await second.close()
