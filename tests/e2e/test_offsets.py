"""Offsets that no record has, or none any more: they are no work that is left, and deadlines go on over them."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local import Stack
from tests.counting import KEYS
from tests.e2e.test_consumer import NUMBERS, Room, broken, record
from tests.e2e.test_dead_letters import emptied, sums_to
from tests.patience import until
from tests.stack import Names


@pytest.fixture
async def rooms(stack: Stack, names: Names) -> AsyncIterator[list[Room]]:
    """One that is open, and room for those that follow it; the last of them is closed at the end."""
    broken["fault"] = False
    rooms = [Room(stack, names)]
    await rooms[0].open()
    yield rooms
    await rooms[-1].close()


async def nothing_is_left(room: Room) -> None:
    async def caught_up() -> bool:
        ends = await room.consumer.partitions.end_offsets(NUMBERS, set(range(12)))
        handled = room.consumer.partitions.handled
        return room.consumer.caught_up and all(
            handled.get((NUMBERS, part)) == end for part, end in ends.items()
        )

    await until(caught_up)


@pytest.mark.parametrize("kept", [True, False])
async def test_the_marker_of_a_transaction_is_no_record_left_to_handle(
    rooms: list[Room], *, kept: bool
) -> None:
    [room] = rooms
    producer = AIOKafkaProducer(
        bootstrap_servers=room.settings.kafka, transactional_id=room.settings.topic_prefix
    )
    async with producer:
        await producer.begin_transaction()
        key = str(KEYS[0]).encode()
        await producer.send_and_wait(room.names.topic(NUMBERS), record(0, 1, 5), key)
        await (producer.commit_transaction() if kept else producer.abort_transaction())
    await nothing_is_left(room)


async def test_records_deleted_before_they_were_read_are_not_left_to_handle(rooms: list[Room]) -> None:
    await rooms[0].send(record(0, 1, 5))
    await sums_to(rooms[0], 5)
    await nothing_is_left(rooms[0])
    await rooms[0].close()
    await rooms[0].send(record(0, 2, 5), record(0, 3, 5))
    await emptied(rooms[0])
    rooms.append(Room(rooms[0].stack, rooms[0].names))
    await rooms[1].open()
    await nothing_is_left(rooms[1])
