"""A FastStream router over any handler, as the services' `handlers.py` have one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from faststream.kafka import KafkaRouter

from services.common.kafka.batch import Received
from services.common.kafka.subscription import ConsumerGroup, Subscription
from services.common.store.decision import Outcome

Handle = Callable[[Sequence[Received[Any]]], Awaitable[Sequence[Outcome[Any, Any]]]]


async def deliver(subscription: Subscription, records: Sequence[Any]) -> None:
    """Have a batch handled as FastStream does that has polled it; a fault of ours is raised."""
    if not records:
        return
    [subscriber] = subscription.broker.subscribers
    work = asyncio.create_task(subscriber.process_message(tuple(records)))
    while not work.done():
        if subscription.status.stopped:
            subscription.status.leaving.set()
        await asyncio.sleep(0)
    await work


def prepare(subscription: Subscription) -> None:
    """Build what a start builds, without a broker."""
    subscription.broker._setup_logger()  # noqa: SLF001 - only a connection does it else
    for subscriber in subscription.broker.subscribers:
        subscriber.schema()


def routing_to(handle: Handle, *topics: str) -> Callable[[ConsumerGroup], KafkaRouter]:
    def router(group: ConsumerGroup) -> KafkaRouter:
        router = KafkaRouter()

        @router.subscriber(*topics, batch=True, **group.arguments())
        async def handled(batch: Any) -> Any:
            return await handle(batch)

        return router

    return router
