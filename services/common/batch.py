"""One batch of records: validated, handled, its casualties named. Knows no consumer and no offsets."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from pydantic import TypeAdapter, ValidationError

from services.common import metrics
from services.common.clock import wall
from services.common.dead_letters import ORIGIN, Casualty, Record, replay_topic
from services.common.decision import Cause, M, Outcome
from services.common.failures import TRANSIENT

MOST_LANES = 4
LANE = 100


@dataclass(frozen=True, slots=True)
class Received(Generic[M]):
    """A validated record; `topic` is where it came from first, also when it is replayed."""

    topic: str
    partition: int
    offset: int
    message: M
    raw: bytes


def lanes(received: Sequence[Received[Any]]) -> list[list[Received[Any]]]:
    """A batch in parts of some size, all records of a case in the same one and in their order.

    One part is decided while the store works on another.
    """
    count = max(1, min(MOST_LANES, len(received) // LANE))
    parts: list[list[Received[Any]]] = [[] for _ in range(count)]
    for one in received:
        parts[one.message.case_id.int % count].append(one)
    return [part for part in parts if part]


Handle = Callable[[Sequence[Received[Any]]], Awaitable[Sequence[Outcome[Any, Any]]]]


@dataclass(slots=True)
class Result:
    """What came of a batch: outcomes of causes, and records to set aside."""

    outcomes: list[Outcome[Any, Any]] = field(default_factory=list)
    dead: list[Casualty] = field(default_factory=list)

    def poison(self) -> set[bytes]:
        """The values of records that are at fault themselves; one out of turn is not."""
        return {casualty.value for casualty in self.dead if casualty.reason != "gap"}


@dataclass(frozen=True, slots=True)
class Batch:
    """How a room's records are read and handled."""

    room: str
    prefix: str
    topics: Mapping[str, TypeAdapter[Any]]
    handle: Handle

    async def work(self, records: Sequence[Record]) -> Result:
        """Handle every valid record; transient failures are raised, everything else is in the result."""
        result = Result()
        received: list[Received[Any]] = []
        for record in records:
            self._validate(record, received, result)
        await self._in_lanes(received, result)
        self._name_casualties(records, result)
        self._count(records, result)
        return result

    def _validate(self, record: Record, received: list[Received[Any]], result: Result) -> None:
        topic, raw = self._topic(record), record.value or b""
        try:
            message = self.topics[topic].validate_json(raw)
        except (ValidationError, KeyError) as error:
            result.dead.append(Casualty.of(record, "invalid", error))
            metrics.MESSAGES.labels(self.room, self._label(record), "invalid").inc()
            return
        received.append(Received(topic, record.partition, record.offset, message, raw))

    def _topic(self, record: Record) -> str:
        topic: str = record.topic
        if topic == self.prefix + replay_topic(self.room):
            first = dict(record.headers).get(ORIGIN, b"").decode()
            topic = first.split("/")[0]
        return topic.removeprefix(self.prefix)

    def _label(self, record: Record) -> str:
        """The topic, from a closed set: a replayed record names what it likes."""
        topic = self._topic(record)
        return topic if topic in self.topics else "unknown"

    async def _in_lanes(self, received: Sequence[Received[Any]], result: Result) -> None:
        """Handle all; where the store is away for one lane, the others end before the batch is tried again."""
        ways = (self._handle(lane, result) for lane in lanes(received))
        for error in await asyncio.gather(*ways, return_exceptions=True):
            if error is not None:
                raise error

    async def _handle(self, received: Sequence[Received[Any]], result: Result) -> None:
        """Where a batch fails as a whole, the record at fault is found by going one by one."""
        try:
            outcomes = await self.handle(received)
            result.outcomes.extend(outcomes)
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - told of when the record is set aside
            if len(received) > 1:
                for one in received:
                    await self._handle([one], result)
                return
            one = received[0]
            cause = Cause(one.message.case_id, one.message.id, one.message, one.topic, raw=one.raw)
            result.outcomes.append(Outcome("failed", cause, error=error))

    def _name_casualties(self, records: Sequence[Record], result: Result) -> None:
        """What failed or came out of turn, each record once and as it stands on Kafka."""
        found = {record.value: record for record in records}
        for outcome in result.outcomes:
            if outcome.kind in {"failed", "gap"} and (record := found.pop(outcome.cause.raw, None)):
                result.dead.append(Casualty.of(record, outcome.kind, outcome.error))

    def _count(self, records: Sequence[Record], result: Result) -> None:
        now = wall().timestamp()
        for record in records:
            age = max(0.0, now - record.timestamp / 1000)
            metrics.EVENT_AGE.labels(self.room, self._label(record)).observe(age)
        for outcome in result.outcomes:
            metrics.MESSAGES.labels(self.room, outcome.cause.stream, outcome.kind).inc()
