"""Kafka in: what a record asks to send is recorded, then handed to the senders; no provider is called here."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from schemas import cases, deadlines, outreach
from schemas.deliveries import Medium
from schemas.outreach import DeliveryResent, OutreachRequested
from services.common.batch import Received
from services.common.decision import Cause, Change, Decision, Outcome
from services.common.store import Store
from services.notify.domain.delivery import OPEN, Delivery
from services.notify.domain.rules import Place, Rulebook, named
from services.notify.sender.loop import Sender
from services.notify.store import Book

TOPICS: Mapping[str, TypeAdapter[Any]] = {
    cases.TOPIC: cases.ADAPTER,
    deadlines.TOPIC: deadlines.ADAPTER,
    outreach.TOPIC: outreach.ADAPTER,
}


def record(delivery: Delivery | None, cause: Cause[Delivery | DeliveryResent]) -> Decision[Delivery]:
    """A delivery is recorded once; read again, or resent by a person, it goes on from where it is."""
    planned = cause.message
    return Change(planned) if delivery is None and isinstance(planned, Delivery) else None


@dataclass(frozen=True, slots=True)
class Handler:
    """`awaited` gives profiles just published the time to arrive.

    `still_open` reads the unsettled deliveries of partitions that come to this process.
    """

    store: Store[Delivery]
    rulebook: Callable[[], Rulebook]
    senders: Mapping[Medium, Sender]
    book: Book
    awaited: Callable[[set[str]], Awaitable[None]]
    still_open: Callable[[set[int]], AsyncIterator[Delivery]]

    async def handle(self, batch: Sequence[Received[Any]]) -> Sequence[Outcome[Any, Any]]:
        """Record what the batch asks to send and hand on what is not settled yet."""
        await self.awaited({name for received in batch for name in named(received.message)})
        outcomes: list[Outcome[Any, Any]] = []
        causes: list[Cause[Delivery | DeliveryResent]] = []
        for received in batch:
            planned = self._planned(received)
            causes += planned
            if not planned:
                outcomes.append(Outcome("ignored", _cause(received)))
        recorded = await self.store.change_many(causes, record) if causes else []
        for outcome in recorded:
            self._hand_on(outcome.state)
        return [*outcomes, *recorded]

    async def assigned(self, partitions: set[int]) -> None:
        """Go on with what was left unsettled; what was being sent may have arrived."""
        async for delivery in self.still_open(partitions):
            await self.senders[delivery.medium].take_over(delivery)

    async def revoked(self, partitions: set[int]) -> None:
        """Leave partitions to others, once what is being sent for them is recorded."""
        for sender in self.senders.values():
            await sender.part(partitions)

    def _planned(self, received: Received[Any]) -> list[Cause[Delivery | DeliveryResent]]:
        message, topic = received.message, received.topic
        if isinstance(message, DeliveryResent):
            return [Cause(message.delivery, message.id, message, topic, raw=received.raw, once=False)]
        causes: list[Cause[Delivery | DeliveryResent]] = []
        for delivery in self.rulebook().deliveries(message, Place(received.partition, received.offset)):
            if isinstance(message, OutreachRequested):
                self.book.asked[delivery.id] = message
            causes.append(Cause(delivery.id, message.id, delivery, topic, raw=received.raw))
        return causes

    def _hand_on(self, delivery: Delivery | None) -> None:
        if delivery is not None and delivery.status in OPEN:
            self.senders[delivery.medium].add(delivery)


def _cause(received: Received[Any]) -> Cause[Any]:
    message = received.message
    return Cause(message.case_id, message.id, message, received.topic, raw=received.raw)
