"""Kafka in: what happened to cases, told to their clocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faststream.kafka import KafkaRouter
from pydantic import TypeAdapter

from schemas import cases, deadlines
from schemas.cases import CaseEvent, CaseSnapshot
from schemas.formats import read_record
from services.common.kafka.batch import Received
from services.common.kafka.dead_letters import replay_topic
from services.common.kafka.subscription import Group
from services.common.runtime.failures import ClockDoubtedError
from services.common.store.decision import Cause, Outcome
from services.common.store.write_path import Store
from services.sla import metrics
from services.sla.domain.state import Deadlines
from services.sla.store import Keeper

TOPICS: dict[str, TypeAdapter[Any]] = {cases.TOPIC: cases.ADAPTER}


def router(handler: "Handler", group: Group) -> KafkaRouter:
    """What sla reads and publishes."""
    router = KafkaRouter()

    @router.subscriber(*TOPICS, replay_topic("sla"), batch=True, **group.arguments())
    async def keep_deadlines(batch: Sequence[Received[CaseEvent]]) -> Sequence[Outcome[Deadlines, Any]]:
        """Events of cases start, pause, stop and withdraw their deadlines."""
        return await handler.handle(batch)

    router.publisher(deadlines.TOPIC, schema=deadlines.DeadlineEvent)
    return router


@dataclass(frozen=True, slots=True)
class Handler:
    """Changes the clocks of the cases in a batch. While there is `doubt` of our own clock, events wait as ticks do."""

    store: Store[Deadlines]
    keeper: Keeper
    doubt: Callable[[], str]

    async def handle(self, batch: Sequence[Received[CaseEvent]]) -> Sequence[Outcome[Deadlines, Any]]:
        """Every event of a case is heard by its clocks, in order; raises `ClockDoubtedError`."""
        if why := self.doubt():
            raise ClockDoubtedError(why)
        causes = [caused(one) for one in batch]
        outcomes = await self.store.change_many(causes, self.keeper.decide)
        metrics.count(self.keeper.written(outcomes))
        return outcomes


def caused(one: Received[CaseEvent]) -> Cause[CaseEvent]:
    """The cause in an event of a case; a snapshot is taken out of turn."""
    return one.cause(one.message, one.message.seq, restarts=isinstance(one.message, CaseSnapshot))


def revive(stream: str, raw: bytes) -> Cause[CaseEvent]:
    """The cause of a record that was held until its turn."""
    return caused(Received(stream, -1, -1, read_record(stream, TOPICS[stream], raw), raw))
