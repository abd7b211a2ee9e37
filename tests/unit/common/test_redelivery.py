"""What waited is handed out once what it waits for is there: all of it, in order, whatever happens meanwhile."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect

from services.common.kafka.dead_letters import dead_topic, waiting_topic
from services.common.kafka.middlewares import MovedError
from services.common.store import backlog, sequence
from tests.soak import rounds
from tests.sums import KEYS, added
from tests.unit.common.fixtures import CONTACTS, NUMBERS, ROOM, Common, record

KEY = KEYS[0]


def contact(offset: int, amount: int, key: int = 0) -> Any:
    raw = added(KEYS[key], offset, amount, seq=False).raw
    return record(CONTACTS, offset, str(KEYS[key]).encode(), raw)


def number(offset: int, seq: int, amount: int) -> Any:
    return record(NUMBERS, offset, str(KEY).encode(), added(KEY, seq, amount).raw)


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> Common:
    monkeypatch.setattr(backlog, "MOST_WAITING", 3)
    return Common(monkeypatch)


def stored(common: Common, key: int = 0) -> Any:
    return common.bench.documents.documents[KEYS[key]]


def kept(common: Common) -> tuple[Any, Any, Any]:
    """What the document keeps until its turn, and the mark of what waits elsewhere."""
    return stored(common)["pending"], stored(common)["waiting"], stored(common)["parked"]


def amounts(common: Common) -> list[int]:
    """What was added, in that order."""
    return [entry["facts"]["amount"] for entry in stored(common)["history"]["entries"]]


async def test_trouble_while_records_are_handed_out_is_no_trouble_afterwards(common: Common) -> None:
    await common.receive([contact(1, 1)])
    common.known.add("A")
    common.failing.append(AutoReconnect("away"))
    await common.waiting.redeliver()
    assert amounts(common) == [1]
    assert common.subscription.status.retrying == ""


async def test_those_behind_one_that_is_set_aside_are_handed_out_in_the_same_pass(common: Common) -> None:
    await common.receive([contact(offset, 13 if offset in {1, 2, 5} else offset) for offset in range(1, 7)])
    common.known.add("A")
    await common.waiting.redeliver()
    assert amounts(common) == [3, 4, 6]
    assert len(common.topics[dead_topic(ROOM)]) == 3
    assert kept(common) == ([], [], None)


async def test_what_waits_elsewhere_is_not_read_again_while_the_one_before_it_waits(common: Common) -> None:
    await common.receive([contact(offset, 17 if offset == 4 else 1) for offset in range(1, 7)])
    common.known.add("A")
    await common.waiting.redeliver()
    reads = common.reads
    await common.waiting.redeliver()
    assert common.reads == reads
    assert common.waiting.describe() == "records of 1 cases wait for B"
    common.known.add("B")
    await common.waiting.redeliver()
    assert amounts(common) == [1, 1, 1, 17, 1, 1]


async def test_what_waits_on_the_partition_of_another_is_left_and_not_counted(common: Common) -> None:
    await common.receive([contact(offset, 1) for offset in range(1, 7)])
    common.driver.parts = {TopicPartition(NUMBERS, 1)}
    common.known.add("A")
    assert common.waiting.describe() == ""
    await common.waiting.redeliver()
    assert common.reads == 0
    assert len(stored(common)["waiting"]) == 3


async def test_a_partition_that_goes_before_its_records_are_handed_out_takes_them_along(
    common: Common,
) -> None:
    await common.receive([contact(offset, 1) for offset in range(1, 4)])
    common.known.add("A")
    async with common.subscription.partitions.batch_lock:
        passing = asyncio.create_task(common.waiting.redeliver())
        while not common.subscription.partitions.batch_lock._waiters:  # noqa: SLF001 - it stands at the door
            await asyncio.sleep(0)
        common.driver.parts = set()
    with pytest.raises(MovedError):
        await passing
    assert len(stored(common)["waiting"]) == 3


async def test_what_came_under_another_key_than_that_of_its_case_is_handed_out(common: Common) -> None:
    batch = [contact(offset, 10 * offset) for offset in range(1, 7)]
    for one in batch:
        one.key = b"another"
    await common.receive(batch)
    common.known.add("A")
    await common.waiting.redeliver()
    assert amounts(common) == [10, 20, 30, 40, 50, 60]


async def test_a_document_from_before_places_were_marked_is_handed_out(common: Common) -> None:
    await common.receive([contact(offset, offset) for offset in range(1, 7)])
    parked = stored(common)["parked"]
    stored(common)["parked"] = {name: parked[name] for name in ("id", "awaits")}
    common.start()
    await common.store.look_after_leftovers()
    common.known.add("A")
    await common.waiting.redeliver()
    assert amounts(common) == [1, 2, 3, 4, 5, 6]
    assert stored(common)["parked"] is None


async def test_what_was_parked_twice_counts_once_however_little_the_document_remembers(
    common: Common, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence, "KEPT", 3)
    batch = [contact(offset, 10 * offset) for offset in range(1, 13)]
    await common.receive(batch[:3])
    await common.receive(batch[3:])
    await common.receive(batch[3:])  # after a kill, before it was committed
    assert len(common.topics[waiting_topic(ROOM)]) == 18
    common.known.add("A")
    await common.waiting.redeliver()
    assert amounts(common) == list(range(10, 130, 10))


async def test_of_two_records_under_one_id_the_first_counts_though_only_the_second_may_go_on(
    common: Common,
) -> None:
    again = record(CONTACTS, 5, str(KEY).encode(), added(KEY, 4, 9, seq=False).raw)
    await common.receive([*(contact(offset, 1) for offset in range(1, 4)), contact(4, 17), again])
    common.known.add("A")
    await common.waiting.redeliver()
    assert amounts(common) == [1, 1, 1]
    common.known.add("B")
    await common.waiting.redeliver()
    assert amounts(common) == [1, 1, 1, 17]
    assert kept(common) == ([], [], None)


steps = st.lists(
    st.tuples(st.sampled_from(["hear", "again", "kill", "release", "A", "B"]), st.integers(1, 9)), max_size=20
)
logs = st.tuples(
    st.lists(st.tuples(st.integers(1, 14), st.booleans()), max_size=25), st.permutations(range(1, 9))
)


async def live(common: Common, log: list[Any], plan: list[tuple[str, int]]) -> None:
    """`again` is a batch that was not committed, `kill` ends a pass after some turns of the loop."""
    committed = 0
    for name, amount in plan:
        if name in {"hear", "again"}:
            await common.receive(log[committed : committed + amount])
            committed += amount if name == "hear" else 0
        elif name == "release":
            await common.waiting.redeliver()
        elif name == "kill":
            await killed(common, 5 * amount)
        else:
            common.known.add(name)
    common.known |= {"A", "B"}
    await common.receive(log[committed:])
    await common.waiting.redeliver()
    await common.waiting.redeliver()


async def killed(common: Common, turns: int) -> None:
    passing = asyncio.create_task(common.waiting.redeliver())
    for _ in range(turns):
        await asyncio.sleep(0)
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)
    common.start()
    await common.store.look_after_leftovers()


@settings(
    max_examples=rounds(100, 2_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(logs, steps)
def test_whatever_is_sent_twice_or_out_of_turn_and_whenever_a_process_dies_each_counts_once_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
    sent: tuple[list[tuple[int, bool]], list[int]],
    plan: list[tuple[str, int]],
) -> None:
    monkeypatch.setattr(backlog, "MOST_WAITING", 3)
    common = Common(monkeypatch)
    contacts, order = sent
    records = [
        record(CONTACTS, 0, str(KEY).encode(), added(KEY, one, 100 + 7 * odd + one * 10, seq=False).raw)
        for one, odd in contacts
    ]
    numbers = [number(offset, seq, seq) for offset, seq in enumerate(order)]
    log: list[Any] = []
    while records or numbers:
        log += [records.pop(0)] if records else []
        log += [numbers.pop(0)] if numbers else []
    for offset, one in enumerate(log):
        one.offset = offset
    asyncio.run(live(common, log, plan))
    found = amounts(common)
    assert [one for one in found if one < 100] == list(range(1, 9))
    first: dict[int, int] = {}
    for one, odd in contacts:
        first.setdefault(one, 100 + 7 * odd + one * 10)
    assert sorted(one for one in found if one > 100) == sorted(first.values())
    assert (kept(common), common.store.awaiting) == (([], [], None), {})
