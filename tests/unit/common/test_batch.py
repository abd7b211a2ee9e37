"""A batch of records: each is handled, or named with everything that a replay needs."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from pydantic import TypeAdapter

from services.common.kafka.batch import Batch, Received, lanes
from services.common.kafka.dead_letters import ORIGIN, replay_topic
from services.common.kafka.failure_limits import Limit
from services.common.runtime.metrics import MESSAGES
from services.common.store.decision import Cause, Outcome
from tests.sums import KEYS, Added, added

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
    dead = {failed.value: failed.message_id for failed in (await batch().work(records)).dead}
    assert dead == {
        failed.raw: str(failed.id),
        invalid: "0b7c2f6e-3f0e-4c1a-9c5b-2f8a1d5e7c11",
        nameless: "",
        b"no json": "",
    }


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


def noted(limit: Limit, outcomes: str) -> str:
    """What is said of the last record; each is handled (+) or failed (-)."""
    return [limit.note(handled=one == "+") for one in outcomes][-1]


def test_twenty_failures_in_a_row_are_bearable_but_not_one_more() -> None:
    limit = Limit()
    assert noted(limit, "+" * 5 + "-" * 20) == ""
    assert "21 records in a row failed" in noted(limit, "-")


def test_five_of_a_hundred_are_bearable_and_a_good_record_never_is_one_too_many() -> None:
    limit = Limit()
    assert noted(limit, ("-" + "+" * 10) * 9 + "+") == ""
    assert "9 of 100 records failed" in noted(limit, "-")


def test_the_limit_is_what_the_operator_says() -> None:
    assert noted(Limit(in_a_row=2), "--") == ""
    assert "REDRESS_DEAD_IN_A_ROW is 2" in noted(Limit(in_a_row=2), "---")
    assert "REDRESS_DEAD_OF_HUNDRED is 1" in noted(Limit(of_hundred=1), "-" + "+" * 98 + "-")


async def test_a_record_on_another_topic_is_not_believed_about_where_it_came_from() -> None:
    raw = added(KEYS[0], 1, 7).raw
    forged = [(ORIGIN, b"t.contacts/0/0"), ("redress-reason", b"made up"), TRACE]
    [dead] = (await batch().work([record(raw, 5, "t.contacts", *forged)])).dead
    assert dead.origin == "t.contacts/3/5"
    assert [value for name, value in dead.headers() if name == "redress-reason"] == [b"failed"]


@pytest.mark.parametrize("origin", [b"", b"no place", b"a/b/c", b"/////", b"\xff/0/1", b"t.contacts/x/1"])
async def test_a_replay_that_names_no_place_is_set_aside_and_harms_nobody(origin: bytes) -> None:
    forged = record(added(KEYS[0], 1, 5).raw, 1, "t." + replay_topic("sla"), (ORIGIN, origin))
    result = await batch().work([forged, record(added(KEYS[1], 1, 5).raw, 2)])
    assert [outcome.kind for outcome in result.outcomes][-1] == "applied"


async def test_two_records_of_the_same_bytes_are_both_set_aside() -> None:
    raw = added(KEYS[0], 1, 7).raw
    dead = (await batch().work([record(raw, 1), record(raw, 2)])).dead
    assert [one.origin for one in dead] == ["t.contacts/3/1", "t.contacts/3/2"]


class Fragile:
    """Handles a batch unless one of its records is broken: then all of it fails at once."""

    def __init__(self, *broken: int) -> None:
        self.broken, self.calls = set(broken), 0
        self.handled: list[tuple[UUID, int]] = []

    async def handle(self, received: Sequence[Received[Added]]) -> Sequence[Outcome[Any, Added]]:
        self.calls += 1
        if self.broken & {one.offset for one in received}:
            raise OverflowError
        self.handled += [(one.message.case_id, one.message.seq) for one in received]
        return await fails_on_seven(received)


@pytest.mark.parametrize("broken", [(0,), (299,), (512,), (17, 18, 400), ()])
async def test_those_that_break_a_batch_are_found_in_a_logarithm_of_steps_and_in_order(
    broken: tuple[int, ...],
) -> None:
    fragile, progressed = Fragile(*broken), list[int]()
    raws = [added(KEYS[at % 4], at // 4 + 1, 1).raw for at in range(512)]
    parts = replace(batch(), handle=fragile.handle, progressed=lambda: progressed.append(1))
    dead = (await parts.work([record(raw, at) for at, raw in enumerate(raws)])).dead
    assert {one.at and one.at.offset for one in dead} == {at for at in broken if at < 512}
    assert fragile.calls <= 4 + len(broken) * 2 * 9
    assert len(progressed) >= fragile.calls
    for key in KEYS:
        seqs = [seq for case, seq in fragile.handled if case == key]
        assert seqs == sorted(set(seqs))
