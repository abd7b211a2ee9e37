"""The relay: what is acknowledged leaves the outbox for good, whoever writes the document meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber

from schemas.base import stamp
from services.common.failures import StoreUnavailableError
from services.common.relay import Relay
from services.common.store import Store
from tests.counting import NOON, Sum, added, decide, revive
from tests.fakes import MemoryDocuments, MemoryLog

KEY = UUID(int=1)


def event(name: str) -> dict[str, Any]:
    return {"id": name, "topic": "cases", "key": str(KEY), "body": name, "at": stamp(NOON)}


def bodies(log: MemoryLog) -> list[bytes]:
    return [value for _, value in log.topics["cases"]]


async def test_what_a_writer_brings_back_while_it_is_cleared_is_cleared_again_and_not_sent_again() -> None:
    log = MemoryLog()
    relay, outbox = Relay(log), [event("first")]

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        outbox[:] = [one for one in outbox if one["id"] not in sent[KEY]]
        if not outbox and bodies(log) == [b"first"]:
            # This writer had read the document before; the version did not stop it.
            outbox[:] = [event("first"), event("second")]
            relay.add(clear, KEY, outbox)

    relay.add(clear, KEY, outbox)
    await relay.flush()
    await relay.flush()
    assert bodies(log) == [b"first", b"second"]
    assert (outbox, relay.unsent) == ([], {})


async def test_what_is_acknowledged_is_sent_once_however_long_the_store_does_not_take_it_out() -> None:
    log, cleared, refusals = MemoryLog(), list[str](), [StoreUnavailableError("cannot write: disk full")] * 3

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        if refusals:
            raise refusals.pop()
        cleared.extend(sent[KEY])

    relay = Relay(log)
    relay.add(clear, KEY, [event("first")])
    await _refused(relay)
    relay.add(clear, KEY, [event("first"), event("second")])
    await _refused(relay)
    await _refused(relay)
    await relay.flush()
    assert bodies(log) == [b"first", b"second"]
    assert (cleared, relay.unsent) == (["first", "second"], {})


async def _refused(relay: Relay) -> None:
    with pytest.raises(StoreUnavailableError):
        await relay.flush()


async def test_a_refused_event_stays_owed_with_what_follows() -> None:
    log, cleared = MemoryLog(away=True), list[str]()

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        cleared.extend(name for names in sent.values() for name in names)

    relay = Relay(log)
    relay.add(clear, uuid4(), [event("first"), event("second")])
    with pytest.raises(TimeoutError, match="2 events"):
        await relay.flush()
    assert cleared == []
    log.away = False
    await relay.flush()
    assert (bodies(log), cleared, relay.unsent) == ([b"first", b"second"], ["first", "second"], {})


async def test_a_slow_writer_does_not_make_forget_what_a_faster_one_owes() -> None:
    log = MemoryLog()
    relay = Relay(log)
    relay.add(_cleared, KEY, [event("first"), event("second")])
    relay.add(_cleared, KEY, [event("first")])  # written before, told of later: a bulk takes its time
    await relay.flush()
    assert bodies(log) == [b"first", b"second"]


async def test_a_producer_that_lost_its_place_ends_the_publishing_with_an_error() -> None:
    log = MemoryLog(away=True, trouble=OutOfOrderSequenceNumber())
    relay = Relay(log)
    relay.add(_cleared, KEY, [event("first")])
    with pytest.raises(OutOfOrderSequenceNumber):
        await relay.run()


async def test_what_still_flies_after_a_time_out_is_not_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.common.relay.SEND_TIMEOUT", 0.02)
    flights: list[asyncio.Future[Any]] = []

    class Slow(MemoryLog):
        async def send(self, topic: str, value: bytes, key: bytes) -> asyncio.Future[Any]:
            await super().send(topic, value, key)
            flights.append(asyncio.get_running_loop().create_future())
            return flights[-1]

    log = Slow()
    relay = Relay(log)
    relay.add(_cleared, KEY, [event("first")])
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await relay.flush()
    flights[0].set_result(None)
    await relay.flush()
    assert (bodies(log), relay.unsent) == ([b"first"], {})


async def test_what_a_crash_left_is_as_old_as_it_is_for_the_process_that_finds_it() -> None:
    documents, log, later = MemoryDocuments(), MemoryLog(), NOON + timedelta(seconds=90)

    def process(now: datetime) -> Store[Sum]:
        relay = Relay(log, wall=lambda: now)
        return Store(Sum, documents, relay, lambda: now, lambda: None, revive, wall=lambda: now)

    await process(NOON).change(added(KEY, 1, 5), decide)  # and it dies before it publishes
    finder = process(later)
    await finder.change(added(UUID(int=2), 1, 5), decide)
    await finder.look_after_leftovers()
    assert finder.relay.oldest_seconds() == 90
    await finder.relay.flush()
    assert finder.relay.oldest_seconds() == 0


async def _cleared(_sent: Mapping[UUID, Sequence[str]]) -> None: ...
