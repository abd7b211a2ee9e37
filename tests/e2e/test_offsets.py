"""Offsets that no record has, or none any more: they are no work that is left, and deadlines go on over them."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local import Stack
from services.common.kafka.batch import Received
from services.common.store.decision import Outcome
from tests.e2e.test_consumer import NUMBERS, Service, broken, record
from tests.e2e.test_dead_letters import emptied, sums_to
from tests.patience import until
from tests.stack import Names
from tests.sums import KEYS, Added, Sum


@pytest.fixture
async def services(stack: Stack, names: Names) -> AsyncIterator[list[Service]]:
    """One that is open, and service for those that follow it; the last of them is closed at the end."""
    broken["fault"] = False
    services = [Service(stack, names)]
    await services[0].open()
    yield services
    await services[-1].close()


async def nothing_is_left(service: Service) -> None:
    async def caught_up() -> bool:
        ends = await service.subscription.partitions.end_offsets(NUMBERS, set(range(12)))
        handled = service.subscription.partitions.handled
        return service.subscription.status.caught_up and all(
            handled.get((NUMBERS, part)) == end for part, end in ends.items()
        )

    await until(caught_up)


@pytest.mark.parametrize("kept", [True, False])
async def test_the_marker_of_a_transaction_is_no_record_left_to_handle(
    services: list[Service], *, kept: bool
) -> None:
    [service] = services
    producer = AIOKafkaProducer(
        bootstrap_servers=service.settings.kafka, transactional_id=service.settings.topic_prefix
    )
    async with producer:
        await producer.begin_transaction()
        key = str(KEYS[0]).encode()
        await producer.send_and_wait(service.names.topic(NUMBERS), record(0, 1, 5), key)
        await (producer.commit_transaction() if kept else producer.abort_transaction())
    await nothing_is_left(service)


async def test_records_deleted_before_they_were_read_are_not_left_to_handle(services: list[Service]) -> None:
    await services[0].send(record(0, 1, 5))
    await sums_to(services[0], 5)
    await nothing_is_left(services[0])
    await services[0].close()
    await services[0].send(record(0, 2, 5), record(0, 3, 5))
    await emptied(services[0])
    services.append(Service(services[0].stack, services[0].names))
    await services[1].open()
    await nothing_is_left(services[1])


class Slow(Service):
    """A service that is kept at its first batch until it may go on."""

    def __init__(self, stack: Stack, names: Names) -> None:
        super().__init__(stack, names)
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def handle(self, batch: Sequence[Received[Added]]) -> Sequence[Outcome[Sum, Added]]:
        self.begun.set()
        await self.go_on.wait()
        return await super().handle(batch)


async def test_a_rebalance_that_meets_a_batch_loses_nothing_and_leaves_nothing(
    stack: Stack, names: Names
) -> None:
    broken["fault"] = False
    slow, other = Slow(stack, names), Service(stack, names)
    other.settings = other.settings.model_copy(update={"instance": 2})
    await slow.open()
    await slow.send(*(record(key, number, 1) for key in range(3) for number in range(1, 11)))
    await slow.begun.wait()
    joining = asyncio.create_task(other.open())

    async def is_to_leave() -> bool:
        return bool(slow.subscription.partitions.batch_lock._waiters)  # noqa: SLF001 - nobody else tells that a rebalance waits

    await until(is_to_leave)
    slow.go_on.set()
    await joining
    await sums_to(slow, 10, 10, 10)

    async def all_is_assigned() -> bool:
        ends = await other.subscription.partitions.end_offsets(NUMBERS, set(range(12)))
        handled = {**slow.subscription.partitions.handled, **other.subscription.partitions.handled}
        both = slow.subscription.status.caught_up and other.subscription.status.caught_up
        return both and all(handled.get((NUMBERS, part)) == end for part, end in ends.items())

    await until(all_is_assigned)
    assert other.subscription.partitions.assignment()
    assert slow.subscription.partitions.assignment()
    await other.close()
    await slow.close()
