"""The hallway's consumer on the real stack, with a domain that only counts."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter
from pymongo.errors import AutoReconnect

from deploy.local import Stack
from services.common import dead_letters, kafka
from services.common.batch import Received
from services.common.consumer import Consumer, Feed
from services.common.decision import Cause, Outcome
from services.common.health import Health
from services.common.mongo import MongoDocuments
from services.common.parts import connected, consuming
from services.common.settings import CommonSettings
from services.common.store import Store
from tests.counting import KEYS, Added, Sum, Total, added, decide, revive
from tests.patience import until
from tests.stack import Names, consume, produce

NUMBERS = "contacts"  # any topic will do
ROOM = "sla"  # any room with a dead topic will do


class Room:
    """A room made of the hallway alone; `before` lets a test make trouble for a batch."""

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
        self.consumer: Consumer

    async def open(self) -> None:
        parts = await self.exits.enter_async_context(connected(ROOM, self.settings, [NUMBERS]))
        self.documents = MongoDocuments(parts.database, "sums", "sums_past")
        await self.documents.prepare()
        self.store = Store(Sum, self.documents, parts.relay, parts.clock.now, lambda: None, _revive)
        feed = Feed({NUMBERS: TypeAdapter(Added)}, self.handle)
        self.consumer = await self.exits.enter_async_context(
            consuming(parts, self.health, feed, [self.store], (_told, _told))
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
        return await dead_letters.waiting(
            self.settings.kafka, self.names.topic(dead_letters.dead_topic(ROOM))
        )


broken = {"fault": False}


def _decide(state: Sum | None, cause: Cause[Added]) -> Any:
    if broken["fault"] and cause.message.amount == 7:
        raise RuntimeError("a fault that will be mended")
    return decide(state, cause)


def _revive(_stream: str, raw: bytes) -> Cause[Added]:
    return revive(NUMBERS, raw)


async def _told(_numbers: set[int]) -> None: ...


def _key(record: bytes) -> bytes:
    try:
        return str(Added.model_validate_json(record).case_id).encode()
    except ValueError:
        return str(KEYS[0]).encode()


def record(key: int, number: int, amount: int) -> bytes:
    return added(KEYS[key], number, amount).raw


@pytest.fixture
async def room(stack: Stack, names: Names) -> AsyncIterator[Room]:
    broken["fault"] = False
    room = Room(stack, names)
    await room.open()
    yield room
    await room.close()


async def test_poison_is_set_aside_with_its_bytes_and_the_rest_goes_on(room: Room) -> None:
    poison = [b"no json", b'{"type": "added"}', b"\xff\xfe", b""]
    await room.send(record(0, 1, 5), *poison, record(0, 2, 7), record(1, 1, 3))

    async def done() -> bool:
        return await room.totals() == {str(KEYS[0]): 12, str(KEYS[1]): 3}

    await until(done)

    async def all_dead() -> bool:
        return len(await room.dead()) == len(poison)

    await until(all_dead)
    letters = await room.dead()
    assert [letter.value for letter in letters] == poison
    assert {letter.reason for letter in letters} == {"invalid"}
    assert all(letter.origin.startswith(room.names.topic(NUMBERS)) for letter in letters)


async def test_a_fault_of_ours_parks_its_case_until_the_replay(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    broken["fault"] = True
    await room.send(record(0, 1, 5), record(0, 2, 7), record(0, 3, 11), record(1, 1, 1))

    async def parked() -> bool:
        return await room.totals() == {str(KEYS[0]): 5, str(KEYS[1]): 1} and len(await room.dead()) == 1

    await until(parked)
    [letter] = await room.dead()
    assert letter.reason == "failed"
    assert "RuntimeError" in letter.error
    assert "_decide" in letter.error
    assert "mended" not in letter.error
    [line] = [vars(told) for told in caplog.records if told.getMessage() == "record set aside"]
    failed = added(KEYS[0], 2, 7)
    assert (line["case_id"], line["message_id"]) == (str(failed.key), str(failed.id))
    assert line["stack"] == letter.error

    broken["fault"] = False
    async with kafka.producer(room.settings.kafka) as producer:
        await dead_letters.replay(producer, ROOM, [letter], room.names.prefix)

    async def healed() -> bool:
        return (await room.totals())[str(KEYS[0])] == 23

    await until(healed)
    assert await room.dead() == []


async def test_transient_trouble_is_retried_in_place_and_nothing_is_set_aside(room: Room) -> None:
    failures = iter([AutoReconnect("away")] * 4)

    def fail() -> None:
        for failure in failures:
            raise failure

    room.before = fail
    await room.send(*(record(0, number, 1) for number in range(1, 31)))

    async def done() -> bool:
        return await room.totals() == {str(KEYS[0]): 30}

    await until(done)
    assert await room.dead() == []


async def test_a_record_that_waits_in_vain_reaches_the_dead_topic_by_itself(room: Room) -> None:
    await room.send(record(0, 1, 5), record(0, 3, 7))

    async def held() -> bool:
        return bool(room.store.holding)

    await until(held)
    [stored] = (await room.documents.load(KEYS[:1])).values()
    long_ago = [{**one, "at": "2026-01-01T00:00:00.000Z"} for one in stored["held"]]
    await room.documents.write([{**stored, "held": long_ago, "version": stored["version"] + 1}])
    await room.store.look_after_leftovers()

    async def given_up() -> bool:
        return [letter.reason for letter in await room.dead()] == ["gap"]

    await until(given_up)
    [letter] = await room.dead()
    assert (letter.value, letter.origin) == (record(0, 3, 7), room.names.topic(NUMBERS) + "/-1/-1")
    assert (await room.documents.load(KEYS[:1]))[KEYS[0]]["held"] == []


async def test_events_reach_kafka_once_for_a_reader_and_in_order(room: Room) -> None:
    await room.send(*(record(key, number, 1) for number in range(1, 21) for key in range(4)))

    async def published() -> bool:
        stored = await room.documents.load(KEYS)
        return len(stored) == 4 and all(
            s["seqs"] == {"cases": 20} and not s["outbox"] for s in stored.values()
        )

    await until(published)
    totals: dict[UUID, list[int]] = {}
    once: set[UUID] = set()
    for told in await consume(room.stack, room.names.topic("cases"), 80):
        event = Total.model_validate_json(told.value)
        if event.id not in once:
            once.add(event.id)
            totals.setdefault(event.case_id, []).append(event.total)
    assert totals == {key: list(range(1, 21)) for key in KEYS}


async def test_a_second_member_takes_over_without_losing_or_doubling(stack: Stack, names: Names) -> None:
    broken["fault"] = False
    first, second = Room(stack, names), Room(stack, names)
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
    assert all(document["seqs"] == {"cases": 60} for document in stored.values())
    assert await second.dead() == []
    await second.close()
