"""Kafka in: what happened to cases and their deadlines, folded into the rows of the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from faststream.kafka import KafkaRouter
from pydantic import TypeAdapter

from schemas import cases, deadlines, keys
from schemas.cases import CaseSnapshot
from services.common.kafka.batch import Received, received_again
from services.common.kafka.dead_letters import replay_topic
from services.common.kafka.subscription import ConsumerGroup
from services.common.store.decision import Cause, Outcome
from services.desk.domain.row import Row
from services.desk.store import Rows

TOPICS: dict[str, TypeAdapter[Any]] = {cases.TOPIC: cases.ADAPTER, deadlines.TOPIC: deadlines.ADAPTER}
PUBLISHED: dict[str, Any] = {keys.TOPIC: keys.Entry}


def router(handler: "Handler", group: ConsumerGroup) -> KafkaRouter:
    """What desk reads and publishes."""
    router = KafkaRouter()

    @router.subscriber(*TOPICS, replay_topic("desk"), batch=True, **group.arguments())
    async def keep_rows(batch: Sequence[Received[Any]]) -> Sequence[Outcome[Row, Any]]:
        """Events of cases and of their deadlines are folded into the rows of the lists."""
        return await handler.handle(batch)

    for topic, schema in PUBLISHED.items():
        router.publisher(topic, schema=schema)
    return router


@dataclass(frozen=True, slots=True)
class Handler:
    """Changes the rows of the cases in a batch."""

    rows: Rows

    async def handle(self, batch: Sequence[Received[Any]]) -> Sequence[Outcome[Row, Any]]:
        """Fold every event into the row of its case, in order."""
        return await self.rows.change_many([cause_of(received) for received in batch])


def cause_of(received: Received[Any]) -> Cause[Any]:
    """The cause in an event; a snapshot may come after a gap."""
    event = received.message
    return received.cause(event, event.seq, restarts=isinstance(event, CaseSnapshot))


def revive(stream: str, raw: bytes) -> Cause[Any]:
    """The cause of a record that was pending until its turn."""
    return cause_of(received_again(stream, raw, TOPICS))
