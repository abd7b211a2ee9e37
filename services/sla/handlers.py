"""Kafka in: what happened to cases, applied to their deadlines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faststream.kafka import KafkaRouter
from pydantic import TypeAdapter

from schemas import cases, deadlines
from schemas.cases import CaseEvent, CaseSnapshot
from services.common.kafka.batch import Received, received_again
from services.common.kafka.dead_letters import replay_topic
from services.common.kafka.subscription import ConsumerGroup
from services.common.runtime.failures import ClockDoubtedError
from services.common.store.decision import Cause, Outcome
from services.sla import metrics
from services.sla.domain.state import Deadlines
from services.sla.store import DeadlineRepository

TOPICS: dict[str, TypeAdapter[Any]] = {cases.TOPIC: cases.ADAPTER}
PUBLISHED: dict[str, Any] = {deadlines.TOPIC: deadlines.DeadlineEvent}


def router(handler: "Handler", group: ConsumerGroup) -> KafkaRouter:
    """What sla reads and publishes."""
    router = KafkaRouter()

    @router.subscriber(*TOPICS, replay_topic("sla"), batch=True, **group.arguments())
    async def keep_deadlines(batch: Sequence[Received[CaseEvent]]) -> Sequence[Outcome[Deadlines, Any]]:
        """Events of cases start, pause, stop and withdraw their deadlines."""
        return await handler.handle(batch)

    for topic, schema in PUBLISHED.items():
        router.publisher(topic, schema=schema)
    return router


@dataclass(frozen=True, slots=True)
class Handler:
    """Changes the deadlines of the cases in a batch. While there is `doubt` of our own clock, events wait as ticks do."""

    deadlines: DeadlineRepository
    doubt: Callable[[], str]

    async def handle(self, batch: Sequence[Received[CaseEvent]]) -> Sequence[Outcome[Deadlines, Any]]:
        """Apply every event of a case to its deadlines, in order; raises `ClockDoubtedError`."""
        if why := self.doubt():
            raise ClockDoubtedError(why)
        outcomes = await self.deadlines.apply_events([cause_of(received) for received in batch])
        metrics.count(self.deadlines.take_events(outcomes))
        return outcomes


def cause_of(received: Received[CaseEvent]) -> Cause[CaseEvent]:
    """The cause in an event of a case; a snapshot may come after a gap."""
    event = received.message
    return received.cause(event, event.seq, restarts=isinstance(event, CaseSnapshot))


def revive(stream: str, raw: bytes) -> Cause[CaseEvent]:
    """The cause of a record that was pending until its turn."""
    return cause_of(received_again(stream, raw, TOPICS))
