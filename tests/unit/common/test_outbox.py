"""The publisher: what is acknowledged leaves the outbox for good, whoever writes the document meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber

from schemas.base import stamp
from services.common.kafka.outbox import OutboxPublisher
from services.common.runtime.failures import StoreUnavailableError
from services.common.store.write_path import Store
from tests.fakes import MemoryDocuments, MemoryLog
from tests.sums import NOON, Sum, added, decide, revive

KEY = UUID(int=1)


def event(name: str) -> dict[str, Any]:
    return {"id": name, "topic": "cases", "key": str(KEY), "body": name, "at": stamp(NOON)}


def bodies(log: MemoryLog) -> list[bytes]:
    return [value for _, value in log.topics["cases"]]


async def test_what_a_writer_brings_back_while_it_is_cleared_is_cleared_again_and_not_sent_again() -> None:
    log = MemoryLog()
    publisher, outbox = OutboxPublisher(log), [event("first")]

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        outbox[:] = [one for one in outbox if one["id"] not in sent[KEY]]
        if not outbox and bodies(log) == [b"first"]:
            # This writer had read the document before; the version did not stop it.
            outbox[:] = [event("first"), event("second")]
            publisher.add(clear, KEY, outbox)

    publisher.add(clear, KEY, outbox)
    await publisher.flush()
    await publisher.flush()
    assert bodies(log) == [b"first", b"second"]
    assert (outbox, publisher.unsent) == ([], {})


async def test_what_is_acknowledged_is_sent_once_however_long_the_store_does_not_take_it_out() -> None:
    log, cleared, refusals = MemoryLog(), list[str](), [StoreUnavailableError("cannot write: disk full")] * 3

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        if refusals:
            raise refusals.pop()
        cleared.extend(sent[KEY])

    publisher = OutboxPublisher(log)
    publisher.add(clear, KEY, [event("first")])
    await _refused(publisher)
    publisher.add(clear, KEY, [event("first"), event("second")])
    await _refused(publisher)
    await _refused(publisher)
    await publisher.flush()
    assert bodies(log) == [b"first", b"second"]
    assert (cleared, publisher.unsent) == (["first", "second"], {})


async def _refused(publisher: OutboxPublisher) -> None:
    with pytest.raises(StoreUnavailableError):
        await publisher.flush()


async def test_a_refused_event_stays_owed_with_what_follows() -> None:
    log, cleared = MemoryLog(away=True), list[str]()

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        cleared.extend(name for names in sent.values() for name in names)

    publisher = OutboxPublisher(log)
    publisher.add(clear, uuid4(), [event("first"), event("second")])
    with pytest.raises(TimeoutError, match="2 events"):
        await publisher.flush()
    assert cleared == []
    log.away = False
    await publisher.flush()
    assert (bodies(log), cleared, publisher.unsent) == ([b"first", b"second"], ["first", "second"], {})


async def test_a_slow_writer_does_not_make_forget_what_a_faster_one_owes() -> None:
    log = MemoryLog()
    publisher = OutboxPublisher(log)
    publisher.add(_cleared, KEY, [event("first"), event("second")])
    publisher.add(_cleared, KEY, [event("first")])  # written before, told of later: a bulk takes its time
    await publisher.flush()
    assert bodies(log) == [b"first", b"second"]


async def test_a_producer_that_lost_its_place_ends_the_publishing_with_an_error() -> None:
    log = MemoryLog(away=True, trouble=OutOfOrderSequenceNumber())
    publisher = OutboxPublisher(log)
    publisher.add(_cleared, KEY, [event("first")])
    with pytest.raises(OutOfOrderSequenceNumber):
        await publisher.run()


async def test_what_still_flies_after_a_time_out_is_not_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.common.kafka.outbox.SEND_TIMEOUT", 0.02)
    flights: list[asyncio.Future[Any]] = []

    class Slow(MemoryLog):
        async def send(self, topic: str, value: bytes, key: bytes) -> asyncio.Future[Any]:
            await super().send(topic, value, key)
            flights.append(asyncio.get_running_loop().create_future())
            return flights[-1]

    log = Slow()
    publisher = OutboxPublisher(log)
    publisher.add(_cleared, KEY, [event("first")])
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await publisher.flush()
    flights[0].set_result(None)
    await publisher.flush()
    assert (bodies(log), publisher.unsent) == ([b"first"], {})


async def test_what_a_crash_left_is_as_old_as_it_is_for_the_process_that_finds_it() -> None:
    documents, log, later = MemoryDocuments(), MemoryLog(), NOON + timedelta(seconds=90)

    def process(now: datetime) -> Store[Sum]:
        publisher = OutboxPublisher(log, wall=lambda: now)
        return Store(Sum, documents, publisher, lambda: now, lambda: None, revive, wall=lambda: now)

    await process(NOON).change(added(KEY, 1, 5), decide)  # and it dies before it publishes
    finder = process(later)
    await finder.change(added(UUID(int=2), 1, 5), decide)
    await finder.look_after_leftovers()
    assert finder.publisher.oldest_seconds() == 90
    await finder.publisher.flush()
    assert finder.publisher.oldest_seconds() == 0


async def _cleared(_sent: Mapping[UUID, Sequence[str]]) -> None: ...
