"""A batch of records: each is handled, or named with everything that a replay needs."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from pydantic import TypeAdapter

from services.common.batch import Batch, Received, lanes
from services.common.dead_letters import ORIGIN, replay_topic
from services.common.decision import Cause, Outcome
from services.common.limit import Limit, LimitError
from services.common.metrics import MESSAGES
from tests.counting import KEYS, Added, added

TRACE = ("traceparent", b"00-1")


def record(value: bytes, offset: int, topic: str = "t.contacts", *headers: tuple[str, bytes]) -> Any:
    return ConsumerRecord(topic, 3, offset, 0, 0, str(KEYS[0]).encode(), value, None, 1, len(value), headers)


def batch() -> Batch:
    return Batch("sla", "t.", {"contacts": TypeAdapter(Added)}, fails_on_seven)


async def fails_on_seven(received: Sequence[Received[Added]]) -> Sequence[Outcome[Any, Added]]:
    return [
        Outcome(
            "failed" if one.message.amount == 7 else "applied",
            Cause(one.message.case_id, one.message.id, one.message, one.topic, raw=one.raw),
            error=RuntimeError() if one.message.amount == 7 else None,
        )
        for one in received
    ]


async def test_what_failed_keeps_its_key_and_headers_and_tells_where_it_stood() -> None:
    raw = added(KEYS[0], 1, 7).raw
    [dead] = (await batch().work([record(raw, 5, "t.contacts", TRACE)])).dead
    assert (dead.key, dead.value, dead.origin, dead.reason) == (
        str(KEYS[0]).encode(), raw, "t.contacts/3/5", "failed",
    )  # fmt: skip
    assert TRACE in dead.headers()


async def test_what_fails_again_after_a_replay_still_tells_where_it_stood_first() -> None:
    raw = added(KEYS[0], 1, 7).raw
    replayed = record(raw, 1, "t." + replay_topic("sla"), (ORIGIN, b"t.contacts/3/5"))
    [dead] = (await batch().work([replayed])).dead
    assert dead.origin == "t.contacts/3/5"


def test_a_large_batch_is_handled_in_lanes_that_keep_a_case_together_and_in_order() -> None:
    keys = [UUID(int=number) for number in range(1, 41)]
    batch = [
        Received("contacts", 0, number * 40 + place, added(key, number, 1).message, b"")
        for number in range(12)
        for place, key in enumerate(keys)
    ]
    parts = lanes(batch)
    assert len(parts) == 4
    assert sorted(one.offset for part in parts for one in part) == list(range(480))
    for key in keys:
        places = [[one.offset for one in part if one.message.case_id == key] for part in parts]
        [of_case] = [offsets for offsets in places if offsets]
        assert of_case == sorted(of_case)
        assert len(of_case) == 12


def test_a_small_batch_is_one_lane_and_none_has_none() -> None:
    batch = [Received("contacts", 0, n, added(KEYS[n % 4], n, 1).message, b"") for n in range(199)]
    assert lanes(batch) == [batch]
    assert lanes([]) == []


async def test_a_batch_is_tried_again_only_when_every_lane_has_ended() -> None:
    ended: list[int] = []

    async def away(received: Sequence[Received[Added]]) -> Sequence[Outcome[Any, Added]]:
        lane = received[0].message.case_id.int % 4
        if lane == 1:
            raise TimeoutError
        await asyncio.sleep(0.01)
        ended.append(lane)
        return []

    raws = [added(UUID(int=number), 1, 5).raw for number in range(1, 401)]
    with pytest.raises(TimeoutError):
        await replace(batch(), handle=away).work([record(raw, at) for at, raw in enumerate(raws)])
    assert sorted(ended) == [0, 2, 3]


async def test_what_is_set_aside_tells_the_id_of_its_message_and_nothing_else_of_it() -> None:
    failed, invalid = (
        added(KEYS[0], 1, 7),
        b'{"id": "0b7c2f6e-3f0e-4c1a-9c5b-2f8a1d5e7c11", "amount": "many"}',
    )
    nameless = b'{"id": "Wang, 13800000000"}'
    records = [record(failed.raw, 1), record(invalid, 2), record(nameless, 3), record(b"no json", 4)]
    dead = {casualty.value: casualty.message_id for casualty in (await batch().work(records)).dead}
    assert dead == {
        failed.raw: str(failed.id),
        invalid: "0b7c2f6e-3f0e-4c1a-9c5b-2f8a1d5e7c11",
        nameless: "",
        b"no json": "",
    }


async def test_a_good_record_can_fill_the_window_that_trips_the_limit() -> None:
    limit = Limit()
    limit.note(([False] + [True] * 10) * 9)
    with pytest.raises(LimitError, match="9 of 100"):
        limit.note([True])


async def test_what_is_invalid_is_counted_under_a_topic_that_is_known() -> None:
    forged = record(b"no json", 1, "t." + replay_topic("sla"), (ORIGIN, b"t.made-up/3/5"))
    before = _invalid("unknown"), _invalid("contacts")
    await batch().work([record(b"no json", 1), forged])
    assert (_invalid("unknown"), _invalid("contacts")) == (before[0] + 1, before[1] + 1)
    assert not any(
        sample.labels["topic"] == "made-up" for one in MESSAGES.collect() for sample in one.samples
    )


def _invalid(topic: str) -> float:
    counted: float = MESSAGES.labels("sla", topic, "invalid")._value.get()  # noqa: SLF001 - no public way
    return counted


async def test_twenty_failures_in_a_row_are_bearable_in_two_batches_but_not_one_more() -> None:
    limit = Limit()
    limit.note([True] * 5 + [False] * 10)
    limit.note([False] * 10 + [True] * 5)
    limit.note([False] * 20)
    with pytest.raises(LimitError, match="21 in a row"):
        limit.note([False])
