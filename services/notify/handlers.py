"""Kafka in: what a record asks to send is recorded, then handed to the senders; no provider is called here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from faststream.kafka import KafkaRouter
from pydantic import TypeAdapter

from schemas import cases, deadlines, deliveries, outreach
from schemas.base import Stored
from schemas.media import Medium
from schemas.outreach import DeliveryResent, OutreachRequested
from services.common.kafka.batch import Received
from services.common.kafka.dead_letters import replay_topic
from services.common.kafka.subscription import ConsumerGroup
from services.common.store.decision import Cause, Change, Decision, Outcome, Wait
from services.common.store.write_path import Store
from services.notify.domain.delivery import OPEN, Delivery
from services.notify.domain.rules import Origin, Rulebook
from services.notify.sender.loop import Sender
from services.notify.store import AddressRepository

# A store that is away while partitions are taken over makes a batch wait like any other.
PATIENCE = 5.0
TOPICS: Mapping[str, TypeAdapter[Any]] = {
    cases.TOPIC: cases.ADAPTER,
    deadlines.TOPIC: deadlines.ADAPTER,
    outreach.TOPIC: outreach.ADAPTER,
}
PUBLISHED: dict[str, Any] = {deliveries.TOPIC: deliveries.DeliveryReported}


def router(handler: "Handler", group: ConsumerGroup) -> KafkaRouter:
    """What notify reads and publishes."""
    router = KafkaRouter()

    @router.subscriber(*TOPICS, replay_topic("notify"), batch=True, **group.arguments())
    async def notify(batch: Sequence[Received[Any]]) -> Sequence[Outcome[Any, Any]]:
        """What policy asks to send is recorded as deliveries, which the senders then carry."""
        return await handler.handle(batch)

    for topic, schema in PUBLISHED.items():
        router.publisher(topic, schema=schema)
    return router


def record(delivery: Delivery | None, cause: Cause[Delivery | DeliveryResent]) -> Decision[Delivery]:
    """A delivery is recorded once; read again, or resent by a person, it goes on from where it is."""
    planned = cause.message
    return Change(planned) if delivery is None and isinstance(planned, Delivery) else None


class WaitingRecords(Stored):
    """A case here: nothing is kept of it but the records that wait for its policy version."""


@dataclass(frozen=True, slots=True)
class Handler:
    """`queue` keeps the records of cases whose policy version is not published, each case in order.

    `still_open` reads the open deliveries of partitions that come to this process; `loaded` once this and what
    waits is known.
    """

    store: Store[Delivery]
    queue: Store[WaitingRecords]
    rulebook: Callable[[], Rulebook]
    senders: Mapping[Medium, Sender]
    addresses: AddressRepository
    still_open: Callable[[set[int]], AsyncIterator[Delivery]]
    loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, batch: Sequence[Received[Any]]) -> Sequence[Outcome[Any, Any]]:
        """Record what the batch asks to send, unless it has to wait for a policy version."""
        async with asyncio.timeout(PATIENCE):
            await self.loaded.wait()
        free, queued = self._split(batch)
        if not queued:
            return await self._record(free)
        waiting = await self._wait([received for received in queued if not received.waited])
        # Where nobody waits any more there is no need to; what has waited is recorded before it waits no more.
        kept = {outcome.cause.id for outcome in waiting if outcome.kind != "ignored"}
        kept |= {one.message.id for one in queued if one.waited and self.rulebook().wait_for(one.message)}
        recorded = await self._record([*free, *(one for one in queued if one.message.id not in kept)])
        gone = await self._wait([received for received in queued if received.waited])
        return [*(outcome for outcome in waiting if outcome.kind != "ignored"), *recorded, *gone]

    def _split(self, batch: Sequence[Received[Any]]) -> tuple[list[Received[Any]], list[Received[Any]]]:
        """What may be decided now, and what waits, or may have to behind others of its case."""
        free: list[Received[Any]] = []
        queued: list[Received[Any]] = []
        cases = set(self.queue.awaiting)
        for received in batch:
            if self.rulebook().wait_for(received.message):
                cases.add(received.message.case_id)
            (queued if received.message.case_id in cases else free).append(received)
        return free, queued

    async def _wait(self, received: Sequence[Received[Any]]) -> Sequence[Outcome[Any, Any]]:
        def decide(_queue: WaitingRecords | None, cause: Cause[Any]) -> Wait | None:
            return self.rulebook().wait_for(cause.message)

        causes = [replace(one.cause(one.message), once=False) for one in received]
        return await self.queue.change_many(causes, decide) if causes else []

    async def _record(self, batch: Sequence[Received[Any]]) -> Sequence[Outcome[Any, Any]]:
        """Record what is to be sent and queue what is still open."""
        outcomes: list[Outcome[Any, Any]] = []
        causes: list[Cause[Delivery | DeliveryResent]] = []
        for received in batch:
            planned = self._planned(received)
            causes += planned
            if not planned:
                outcomes.append(Outcome("ignored", _cause(received)))
        recorded = await self.store.change_many(causes, record) if causes else []
        for outcome in recorded:
            self._enqueue(outcome.state)
        return [*outcomes, *recorded]

    async def assigned(self, partitions: set[int]) -> None:
        """Go on with what was left open; what was being sent may have arrived."""
        async for delivery in self.still_open(partitions):
            await self.senders[delivery.medium].take_over(delivery)
        self.loaded.set()

    async def revoked(self, partitions: set[int]) -> None:
        """Leave partitions to others, once what is being sent for them is recorded."""
        self.loaded.clear()
        for sender in self.senders.values():
            await sender.part(partitions)

    def _planned(self, received: Received[Any]) -> list[Cause[Delivery | DeliveryResent]]:
        message, topic = received.message, received.topic
        if isinstance(message, DeliveryResent):
            return [Cause(message.delivery, message.id, message, topic, raw=received.raw, once=False)]
        causes: list[Cause[Delivery | DeliveryResent]] = []
        for delivery in self.rulebook().deliveries(message, Origin(received.partition, received.offset)):
            if isinstance(message, OutreachRequested):
                self.addresses.keep(delivery.id, message)
            causes.append(Cause(delivery.id, message.id, delivery, topic, raw=received.raw))
        return causes

    def _enqueue(self, delivery: Delivery | None) -> None:
        if delivery is not None and delivery.status in OPEN:
            self.senders[delivery.medium].add(delivery)


def _cause(received: Received[Any]) -> Cause[Any]:
    message = received.message
    return Cause(message.case_id, message.id, message, received.topic, raw=received.raw)
