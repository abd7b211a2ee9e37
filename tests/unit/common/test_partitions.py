"""Partitions that come and go, and a broker that does: what the service hears of it, and when it gives up."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError
from prometheus_client import REGISTRY

from services.common.kafka.partitions import Partitions, Stop
from services.common.kafka.positions import Place
from services.common.kafka.subscription import Feed, Subscription
from services.common.runtime import watchdog
from services.common.runtime.clock import ticks
from services.common.runtime.connections import background
from services.common.runtime.health import Health
from services.common.runtime.settings import CommonSettings
from services.common.runtime.watchdog import StalledError
from tests.patience import patience
from tests.routers import deliver, prepare, routing_to
from tests.unit.common.fixtures import record

PART = TopicPartition("cases", 3)
STOP = Stop(Place("cases", 3, 5), "21 records in a row failed")
LAG = "redress_consumer_lag_records"
LABELS = {"service": "any", "topic": "cases", "partition": "3"}


class Driver:
    """A Kafka consumer that holds one partition, ten records behind."""

    away = False
    beginning = 0

    def __init__(self) -> None:
        self.fetched: int | None = 5
        self.meanwhile: Callable[[], object] = lambda: None
        self.paused: set[TopicPartition] = set()
        self.sought: dict[TopicPartition, int] = {}

    def pause(self, part: TopicPartition) -> None:
        self.paused.add(part)

    def resume(self, part: TopicPartition) -> None:
        self.paused.discard(part)

    def seek(self, part: TopicPartition, offset: int) -> None:
        self.sought[part] = offset

    def assignment(self) -> set[TopicPartition]:
        return {PART}

    async def end_offsets(self, parts: set[TopicPartition]) -> dict[TopicPartition, int]:
        if self.away:
            raise KafkaTimeoutError
        self.meanwhile()
        return dict.fromkeys(parts, 15)

    async def beginning_offsets(self, parts: set[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(parts, self.beginning)

    async def position(self, _part: TopicPartition) -> int:
        if self.fetched is None:
            await asyncio.Event().wait()
        return self.fetched or 0

    async def committed(self, _part: TopicPartition) -> int:
        return 5


class SlowService:
    """A service that takes its time to take partitions over."""

    def __init__(self) -> None:
        self.begun, self.ready = asyncio.Event(), asyncio.Event()
        self.assigned_numbers: set[int] = set()

    async def assigned(self, numbers: set[int]) -> None:
        self.begun.set()
        await self.ready.wait()
        self.assigned_numbers |= numbers

    async def revoked(self, numbers: set[int]) -> None:
        self.assigned_numbers -= numbers


def partitions(service: SlowService, driver: Any) -> Partitions:
    return Partitions("any", "", service.assigned, service.revoked, driver.end_offsets, driver=lambda: driver)


async def test_what_is_taken_away_while_it_comes_does_not_arrive_later() -> None:
    service = SlowService()
    parts = partitions(service, Driver())
    await parts.on_partitions_assigned({PART})
    await service.begun.wait()
    assert await parts.lag() == 10
    assert REGISTRY.get_sample_value(LAG, LABELS) == 10
    await parts.on_partitions_revoked({PART})
    service.ready.set()
    await asyncio.sleep(0)
    assert (service.assigned_numbers, parts.handled, parts.failed) == (set(), {}, "")
    assert REGISTRY.get_sample_value(LAG, LABELS) is None


async def arrived(driver: Driver) -> Partitions:
    service = SlowService()
    parts = partitions(service, driver)
    await parts.on_partitions_assigned({PART})
    await service.begun.wait()
    return parts


@pytest.mark.parametrize(("beginning", "left"), [(0, 10), (5, 10), (12, 3), (15, 0)])
async def test_what_was_deleted_before_it_was_read_is_not_left_to_read(beginning: int, left: int) -> None:
    driver = Driver()
    driver.beginning = beginning
    assert await (await arrived(driver)).lag() == left


@pytest.mark.parametrize(("fetched", "left"), [(5, 10), (9, 6), (15, 0), (3, 10), (None, 10)])
async def test_offsets_without_a_record_are_passed_once_all_before_them_is_handled(
    fetched: int | None, left: int
) -> None:
    driver = Driver()
    parts = await arrived(driver)
    driver.fetched = fetched
    async with parts.batch_lock:
        assert await parts.lag() == 10
    assert await parts.lag() == left
    assert parts.handled == {("cases", 3): 15 - left}


async def test_what_is_fetched_while_the_broker_is_asked_is_not_taken_as_handled() -> None:
    driver = Driver()
    parts = await arrived(driver)
    driver.meanwhile = lambda: setattr(driver, "fetched", 15)
    assert await parts.lag() == 10


async def test_what_was_fetched_of_a_partition_that_came_to_stand_is_not_taken_as_handled() -> None:
    driver = Driver()
    parts = await arrived(driver)
    driver.fetched = 15

    def stands_and_goes_on() -> None:
        parts.stop_at(PART, STOP)
        parts.resume(PART)

    driver.meanwhile = stands_and_goes_on
    assert await parts.lag() == 10


@pytest.fixture
def subscription() -> Any:
    unused: Any = None
    feed = Feed({}, routing_to(unused, "cases"))
    return Subscription("any", CommonSettings(), unused, unused, feed, partitions(SlowService(), Driver()))


async def test_an_outage_of_the_broker_does_not_count_as_standing_still(subscription: Any) -> None:
    driver = subscription.partitions.driver()
    subscription.partitions.joined = True
    subscription.partitions.handled["cases", 3] = 5
    subscription.status.progress -= watchdog.LOST_SECONDS + 1
    driver.away = True
    await watchdog._look(Health("any"), subscription)  # noqa: SLF001 - one look of the endless watch
    driver.away = False
    await watchdog._look(Health("any"), subscription)  # noqa: SLF001
    subscription.status.progress -= watchdog.LOST_SECONDS + 1
    with pytest.raises(StalledError):
        await watchdog._look(Health("any"), subscription)  # noqa: SLF001


async def test_a_member_without_partitions_is_idle_and_one_without_a_group_is_lost(subscription: Any) -> None:
    subscription.partitions.driver().assignment = set
    subscription.status.progress -= watchdog.LOST_SECONDS + 1
    subscription.partitions.joined = True
    await watchdog._look(Health("any"), subscription)  # noqa: SLF001
    subscription.status.progress -= watchdog.LOST_SECONDS + 1
    subscription.partitions.joined = False
    with pytest.raises(StalledError):
        await watchdog._look(Health("any"), subscription)  # noqa: SLF001


async def test_nothing_is_given_up_before_all_was_read_nor_while_a_partition_stands(
    subscription: Any,
) -> None:
    subscription.partitions.joined = True
    subscription.partitions.handled["cases", 3] = 5
    await watchdog._look(Health("any"), subscription)  # noqa: SLF001
    assert not subscription.status.caught_up
    subscription.partitions.handled["cases", 3] = 15
    await watchdog._look(Health("any"), subscription)  # noqa: SLF001
    assert subscription.status.caught_up
    subscription.partitions.stops[PART] = STOP
    await watchdog._look(Health("any"), subscription)  # noqa: SLF001
    assert not subscription.status.caught_up


async def test_a_batch_whose_partitions_have_gone_is_left_to_their_new_reader(subscription: Any) -> None:
    prepare(subscription)
    await deliver(subscription, [record("contacts", 7, b"", b"")])
    assert subscription.status.stopped == ""


async def test_a_partition_that_stands_is_told_with_the_way_out_and_never_ends_the_service(
    subscription: Any,
) -> None:
    state = Health("any")
    subscription.partitions.joined = True
    subscription.partitions.handled["cases", 3] = 5
    subscription.partitions.stop_at(PART, STOP)
    subscription.status.progress -= watchdog.LOST_SECONDS + 1
    await watchdog._look(state, subscription)  # noqa: SLF001
    assert state.troubles == {
        "dead letters": "cases/3/5 is not read: 21 records in a row failed. See `redress dead list any`; "
        "to go on: `redress dead skip any --reason ...`"
    }
    assert REGISTRY.get_sample_value("redress_partition_stopped", LABELS) == 1
    assert subscription.partitions.driver().sought == {PART: 5}
    assert subscription.partitions.driver().paused == {PART}
    subscription.partitions.resume(PART)
    await watchdog._look(state, subscription)  # noqa: SLF001
    assert state.troubles == {}
    assert REGISTRY.get_sample_value("redress_partition_stopped", LABELS) is None
    assert subscription.partitions.driver().paused == set()


async def test_any_other_fault_ends_the_service(subscription: Any) -> None:
    subscription.status.stopped = "OutOfOrderSequenceNumber"
    with pytest.raises(StalledError, match="OutOfOrderSequenceNumber"):
        await watchdog._look(Health("any"), subscription)  # noqa: SLF001


async def test_a_process_that_was_too_busy_to_look_does_not_stand_still(
    subscription: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription.partitions.joined = True
    subscription.partitions.handled["cases", 3] = 5
    now = [ticks()]
    monkeypatch.setattr(watchdog, "ticks", lambda: now[0])

    async def busy(_seconds: float) -> None:
        now[0] += 100

    monkeypatch.setattr(watchdog, "asyncio", SimpleNamespace(sleep=busy))
    looks = iter(range(6))

    async def answers() -> None:
        if next(looks, None) is None:
            raise LookupError

    with pytest.raises(LookupError):
        await watchdog.watch(Health("any"), subscription, answers)


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
        async with patience(), background() as beside:
            beside(dies())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup):
        await works()
