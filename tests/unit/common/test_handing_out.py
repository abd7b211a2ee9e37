"""What waited is handed out once what it waits for is there: all of it, in order, whatever happens meanwhile."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect

from services.common import document
from services.common.consumer import MovedError
from services.common.dead_letters import dead_topic, waiting_topic
from tests.counting import KEYS, added
from tests.unit.common.hallway import CONTACTS, NUMBERS, ROOM, Hallway, record

KEY = KEYS[0]


def contact(offset: int, amount: int, key: int = 0) -> Any:
    raw = added(KEYS[key], offset, amount, seq=False).raw
    return record(CONTACTS, offset, str(KEYS[key]).encode(), raw)


def number(offset: int, seq: int, amount: int) -> Any:
    return record(NUMBERS, offset, str(KEY).encode(), added(KEY, seq, amount).raw)


@pytest.fixture
def hallway(monkeypatch: pytest.MonkeyPatch) -> Hallway:
    monkeypatch.setattr(document, "WAITERS", 3)
    return Hallway(monkeypatch)


def stored(hallway: Hallway, key: int = 0) -> Any:
    return hallway.bench.documents.documents[KEYS[key]]


def amounts(hallway: Hallway) -> list[int]:
    """What was added, in that order."""
    return [entry["facts"]["amount"] for entry in stored(hallway)["history"]["entries"]]


async def test_trouble_while_records_are_handed_out_is_no_trouble_afterwards(hallway: Hallway) -> None:
    await hallway.hear([contact(1, 1)])
    hallway.known.add("A")
    hallway.failing.append(AutoReconnect("away"))
    await hallway.waiting.release()
    assert amounts(hallway) == [1]
    assert hallway.consumer.waiting == ""


async def test_those_behind_one_that_is_set_aside_are_handed_out_in_the_same_pass(hallway: Hallway) -> None:
    await hallway.hear([contact(offset, 13 if offset in {1, 2, 5} else offset) for offset in range(1, 7)])
    hallway.known.add("A")
    await hallway.waiting.release()
    assert amounts(hallway) == [3, 4, 6]
    assert len(hallway.topics[dead_topic(ROOM)]) == 3
    assert (stored(hallway)["held"], stored(hallway)["parked"]) == ([], None)


async def test_what_waits_elsewhere_is_not_read_again_while_the_one_before_it_waits(hallway: Hallway) -> None:
    await hallway.hear([contact(offset, 17 if offset == 4 else 1) for offset in range(1, 7)])
    hallway.known.add("A")
    await hallway.waiting.release()
    reads = hallway.reads
    await hallway.waiting.release()
    assert hallway.reads == reads
    assert hallway.waiting.in_words() == "records of 1 cases wait for B"
    hallway.known.add("B")
    await hallway.waiting.release()
    assert amounts(hallway) == [1, 1, 1, 17, 1, 1]


async def test_what_waits_on_the_partition_of_another_is_left_and_not_counted(hallway: Hallway) -> None:
    await hallway.hear([contact(offset, 1) for offset in range(1, 7)])
    hallway.driver.parts = {TopicPartition(NUMBERS, 1)}
    hallway.known.add("A")
    assert hallway.waiting.in_words() == ""
    await hallway.waiting.release()
    assert hallway.reads == 0
    assert len(stored(hallway)["held"]) == 3


async def test_a_partition_that_goes_before_its_records_are_handed_out_takes_them_along(
    hallway: Hallway,
) -> None:
    await hallway.hear([contact(offset, 1) for offset in range(1, 4)])
    hallway.known.add("A")
    async with hallway.consumer.partitions.in_hand:
        passing = asyncio.create_task(hallway.waiting.release())
        while not hallway.consumer.partitions.in_hand._waiters:  # noqa: SLF001 - it stands at the door
            await asyncio.sleep(0)
        hallway.driver.parts = set()
    with pytest.raises(MovedError):
        await passing
    assert len(stored(hallway)["held"]) == 3


async def test_what_came_under_another_key_than_that_of_its_case_is_handed_out(hallway: Hallway) -> None:
    batch = [contact(offset, 10 * offset) for offset in range(1, 7)]
    for one in batch:
        one.key = b"another"
    await hallway.hear(batch)
    hallway.known.add("A")
    await hallway.waiting.release()
    assert amounts(hallway) == [10, 20, 30, 40, 50, 60]


async def test_a_document_from_before_places_were_marked_is_handed_out(hallway: Hallway) -> None:
    await hallway.hear([contact(offset, offset) for offset in range(1, 7)])
    parked = stored(hallway)["parked"]
    stored(hallway)["parked"] = {name: parked[name] for name in ("id", "awaits")}
    hallway.start()
    await hallway.store.look_after_leftovers()
    hallway.known.add("A")
    await hallway.waiting.release()
    assert amounts(hallway) == [1, 2, 3, 4, 5, 6]
    assert stored(hallway)["parked"] is None


async def test_what_was_parked_twice_counts_once_however_little_the_document_remembers(
    hallway: Hallway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "RING", 3)
    batch = [contact(offset, 10 * offset) for offset in range(1, 13)]
    await hallway.hear(batch[:3])
    await hallway.hear(batch[3:])
    await hallway.hear(batch[3:])  # after a kill, before it was committed
    assert len(hallway.topics[waiting_topic(ROOM)]) == 18
    hallway.known.add("A")
    await hallway.waiting.release()
    assert amounts(hallway) == list(range(10, 130, 10))


steps = st.lists(
    st.tuples(st.sampled_from(["hear", "again", "kill", "release", "A", "B"]), st.integers(1, 9)), max_size=20
)
logs = st.tuples(
    st.lists(st.tuples(st.integers(1, 14), st.booleans()), max_size=25), st.permutations(range(1, 9))
)


async def live(hallway: Hallway, log: list[Any], plan: list[tuple[str, int]]) -> None:
    """`again` is a batch that was not committed, `kill` ends a pass after some turns of the loop."""
    committed = 0
    for name, amount in plan:
        if name in {"hear", "again"}:
            await hallway.hear(log[committed : committed + amount])
            committed += amount if name == "hear" else 0
        elif name == "release":
            await hallway.waiting.release()
        elif name == "kill":
            await killed(hallway, 5 * amount)
        else:
            hallway.known.add(name)
    hallway.known |= {"A", "B"}
    await hallway.hear(log[committed:])
    await hallway.waiting.release()
    await hallway.waiting.release()


async def killed(hallway: Hallway, turns: int) -> None:
    passing = asyncio.create_task(hallway.waiting.release())
    for _ in range(turns):
        await asyncio.sleep(0)
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)
    hallway.start()
    await hallway.store.look_after_leftovers()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs, steps)
def test_whatever_is_sent_twice_or_out_of_turn_and_whenever_a_process_dies_each_counts_once_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
    sent: tuple[list[tuple[int, bool]], list[int]],
    plan: list[tuple[str, int]],
) -> None:
    monkeypatch.setattr(document, "WAITERS", 3)
    hallway = Hallway(monkeypatch)
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
    asyncio.run(live(hallway, log, plan))
    found = amounts(hallway)
    assert [one for one in found if one < 100] == list(range(1, 9))
    first: dict[int, int] = {}
    for one, odd in contacts:
        first.setdefault(one, 100 + 7 * odd + one * 10)
    assert sorted(one for one in found if one > 100) == sorted(first.values())
    assert (stored(hallway)["held"], stored(hallway)["parked"], hallway.store.awaiting) == ([], None, {})
