"""Partitions that come and go, and a broker that does: what the room is told, and when it gives up."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError
from prometheus_client import REGISTRY

from services.common import watchdog
from services.common.consumer import Consumer
from services.common.health import Health
from services.common.partitions import Partitions
from services.common.parts import background
from services.common.watchdog import StalledError

PART = TopicPartition("cases", 3)
LAG = "redress_consumer_lag_records"
LABELS = {"room": "any", "topic": "cases", "partition": "3"}


class Driver:
    """A Kafka consumer that holds one partition, ten records behind."""

    away = False

    def assignment(self) -> set[TopicPartition]:
        return {PART}

    async def end_offsets(self, parts: set[TopicPartition]) -> dict[TopicPartition, int]:
        if self.away:
            raise KafkaTimeoutError
        return dict.fromkeys(parts, 15)

    async def beginning_offsets(self, parts: set[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(parts, 0)

    async def committed(self, _part: TopicPartition) -> int:
        return 5


class Told:
    """A room that takes its time to take partitions over."""

    def __init__(self) -> None:
        self.begun, self.ready = asyncio.Event(), asyncio.Event()
        self.held: set[int] = set()

    async def assigned(self, numbers: set[int]) -> None:
        self.begun.set()
        await self.ready.wait()
        self.held |= numbers

    async def revoked(self, numbers: set[int]) -> None:
        self.held -= numbers


def partitions(told: Told, driver: Any) -> Partitions:
    return Partitions("any", "", told.assigned, told.revoked, driver.end_offsets, driver=lambda: driver)


async def test_what_is_taken_away_while_it_comes_does_not_arrive_later() -> None:
    told = Told()
    parts = partitions(told, Driver())
    await parts.on_partitions_assigned({PART})
    await told.begun.wait()
    assert await parts.lag() == 10
    assert REGISTRY.get_sample_value(LAG, LABELS) == 10
    await parts.on_partitions_revoked({PART})
    told.ready.set()
    await asyncio.sleep(0)
    assert (told.held, parts.handled, parts.failed) == (set(), {}, "")
    assert REGISTRY.get_sample_value(LAG, LABELS) is None


@pytest.fixture
def consumer() -> Any:
    unused: Any = None
    return Consumer("any", unused, unused, unused, unused, partitions(Told(), Driver()))


async def test_an_outage_of_the_broker_does_not_count_as_standing_still(consumer: Any) -> None:
    driver = consumer.partitions.driver()
    consumer.partitions.joined = True
    consumer.partitions.handled["cases", 3] = 5
    consumer.progress -= watchdog.LOST_SECONDS + 1
    driver.away = True
    await watchdog._look(Health("any"), consumer)  # noqa: SLF001 - one look of the endless watch
    driver.away = False
    await watchdog._look(Health("any"), consumer)  # noqa: SLF001
    consumer.progress -= watchdog.LOST_SECONDS + 1
    with pytest.raises(StalledError):
        await watchdog._look(Health("any"), consumer)  # noqa: SLF001


async def test_a_member_without_partitions_is_idle_and_one_without_a_group_is_lost(consumer: Any) -> None:
    consumer.partitions.driver().assignment = set
    consumer.progress -= watchdog.LOST_SECONDS + 1
    consumer.partitions.joined = True
    await watchdog._look(Health("any"), consumer)  # noqa: SLF001
    consumer.progress -= watchdog.LOST_SECONDS + 1
    consumer.partitions.joined = False
    with pytest.raises(StalledError):
        await watchdog._look(Health("any"), consumer)  # noqa: SLF001


async def test_nothing_is_given_up_before_all_was_read_nor_after_the_consumer_stopped(consumer: Any) -> None:
    consumer.partitions.joined = True
    consumer.partitions.handled["cases", 3] = 5
    await watchdog._look(Health("any"), consumer)  # noqa: SLF001
    assert not consumer.caught_up
    consumer.partitions.handled["cases", 3] = 15
    await watchdog._look(Health("any"), consumer)  # noqa: SLF001
    assert consumer.caught_up
    consumer.stopped = "21 in a row"
    await watchdog._look(Health("any"), consumer)  # noqa: SLF001
    assert not consumer.caught_up


async def test_a_batch_whose_partitions_have_gone_is_left_to_their_new_reader(consumer: Any) -> None:
    fetched = SimpleNamespace(raw_message=[SimpleNamespace(topic="contacts", partition=7)])
    await consumer._on_batch(fetched)  # noqa: SLF001 - as the framework calls it
    assert consumer.stopped == ""


async def test_poison_keeps_a_room_shut_and_any_other_fault_ends_it(consumer: Any) -> None:
    consumer.stopped = "21 in a row"
    state = Health("any")
    await watchdog._look(state, consumer)  # noqa: SLF001
    assert state.troubles == {"consumer": "21 in a row"}
    consumer.fault = True
    with pytest.raises(StalledError, match="21 in a row"):
        await watchdog._look(state, consumer)  # noqa: SLF001


async def test_a_failure_of_the_work_comes_as_itself_and_ends_what_runs_beside_it() -> None:
    ended: list[str] = []

    async def runs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("beside")

    async def works() -> None:
        async with background(runs()):
            await asyncio.sleep(0)
            raise LookupError("no such case")

    with pytest.raises(LookupError, match="no such case"):
        await works()
    assert ended == ["beside"]


async def test_what_dies_beside_the_work_ends_the_work() -> None:
    async def dies() -> None:
        raise StalledError("no table is followed any more")

    async def works() -> None:
        async with asyncio.timeout(5), background() as beside:
            beside(dies())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup):
        await works()
