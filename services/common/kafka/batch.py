"""One batch of records: each is validated alone, all are handled, those at fault are named. Knows no offsets."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from aiokafka import TopicPartition
from pydantic import TypeAdapter, ValidationError

from schemas.formats import read_record
from services.common.kafka.dead_letters import (
    DIGEST,
    MESSAGE,
    ORIGIN,
    FailedRecord,
    Head,
    replay_topic,
    waiting_topic,
)
from services.common.kafka.partitions import Stop
from services.common.kafka.positions import Place, Record
from services.common.runtime import metrics
from services.common.runtime.bisection import bisect
from services.common.runtime.clock import wall
from services.common.runtime.progress import note_progress, watcher
from services.common.store.decision import Cause, M, Outcome

MOST_LANES = 4
LANE = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Received(Generic[M]):
    """A validated record; topic, partition and offset are where it came from first, also when it is replayed."""

    topic: str
    partition: int
    offset: int
    message: M
    raw: bytes
    waited: bool = False
    personal: bool = False

    def cause(self, message: T, seq: int = 0, *, restarts: bool = False) -> Cause[T]:
        """The cause that this record is to its case, by what it says or by `message` in its place."""
        key, name = self.message.case_id, self.message.id  # type: ignore[attr-defined]
        return Cause(
            key, name, message, self.topic, seq, raw=self.raw, place=f"{self.partition}/{self.offset}",
            waited=self.waited, personal=self.personal, restarts=restarts,
        )  # fmt: skip


def received_again(stream: str, raw: bytes, topics: Mapping[str, TypeAdapter[Any]]) -> Received[Any]:
    """A record whose turn has come, from what its document kept of it: its place is not known here."""
    return Received(stream, -1, -1, read_record(stream, topics[stream], raw), raw)


def lanes(received: Sequence[Received[Any]]) -> list[list[Received[Any]]]:
    """A batch in lanes of some size, all records of a case in the same lane and in their order.

    One lane is decided while the store works on another.
    """
    count = max(1, min(MOST_LANES, len(received) // LANE))
    filled: list[list[Received[Any]]] = [[] for _ in range(count)]
    for record in received:
        filled[record.message.case_id.int % count].append(record)
    return [lane for lane in filled if lane]


Handle = Callable[[Sequence[Received[Any]]], Awaitable[Sequence[Outcome[Any, Any]]]]
Reread = Callable[[Collection[Head]], Awaitable[Mapping[Head, Record]]]


async def _nothing(_heads: Collection[Head]) -> Mapping[Head, Record]:
    return {}


@dataclass(slots=True)
class Result:
    """What came of a batch: outcomes of causes, records that failed, and records that wait on a topic of their own.

    `stops` are the partitions over their limit of failures, each from where on it is not read.
    """

    outcomes: list[Outcome[Any, Any]] = field(default_factory=list)
    dead: list[FailedRecord] = field(default_factory=list)
    parked: list[FailedRecord] = field(default_factory=list)
    stops: dict[TopicPartition, Stop] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """How a service's records are read and handled.

    `reread` finds the whole of records that were too large or personal to be written again; `progressed` is called
    with each step. `waited` says that the records come from among those that waited. Records of `personal` topics
    are written nowhere else.
    """

    service: str
    prefix: str
    topics: Mapping[str, TypeAdapter[Any]]
    handle: Handle
    reread: Reread = _nothing
    progressed: Callable[[], None] = lambda: None
    waited: bool = False
    personal: frozenset[str] = frozenset()
    _own: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._own = frozenset(self.prefix + topic(self.service) for topic in (replay_topic, waiting_topic))

    async def work(self, records: Sequence[Record]) -> Result:
        """Handle every valid record; transient failures are raised, everything else is in the result."""
        watcher.set(self.progressed)
        result = Result()
        whole = await self._whole(records, result)
        received: list[Received[Any]] = []
        for record in whole:
            self._validate(record, received, result)
        await self._in_lanes(received, result)
        self._name_failed_records(whole, result)
        self._count(records, result)
        return result

    async def _whole(self, records: Sequence[Record], result: Result) -> list[Record]:
        """The records, those of which only the head was replayed with their whole value."""
        heads = [self._head(record) for record in records]
        wanted = {head for head in heads if head is not None and self._reads(head.origin.topic)}
        wholes = await self.reread(wanted) if wanted else {}
        complete = []
        for record, head in zip(records, heads, strict=True):
            if head is None:
                complete.append(record)
            elif head in wholes:
                # Waiting records are looked up by their document, whatever the key they came under.
                key = record.key if self.waited else wholes[head].key
                complete.append(replace(record, key=key, value=wholes[head].value))
            else:
                named = dict(record.headers).get(MESSAGE, b"").decode(errors="replace")
                result.dead.append(replace(FailedRecord.of(record, "gone", None, head.origin), id=named))
        return complete

    def _head(self, record: Record) -> Head | None:
        """Where the whole is of a record of which we wrote no more than a head."""
        digest = dict(record.headers).get(DIGEST) if record.topic in self._own else None
        return None if digest is None else Head(self._origin(record), digest.decode(errors="replace"))

    def _validate(self, record: Record, received: list[Received[Any]], result: Result) -> None:
        origin, raw = self._origin(record), record.value or b""
        topic = origin.topic.removeprefix(self.prefix)
        try:
            message = read_record(topic, self.topics[topic], raw)
        except (ValidationError, KeyError) as error:
            result.dead.append(FailedRecord.of(record, "invalid", error, origin))
            metrics.MESSAGES.labels(self.service, self._label(record), "invalid").inc()
            return
        personal = topic in self.personal
        received.append(Received(topic, origin.partition, origin.offset, message, raw, self.waited, personal))

    def _reads(self, topic: str) -> bool:
        return topic.removeprefix(self.prefix) in self.topics

    def _origin(self, record: Record) -> Place:
        """Where a record was first: only what we wrote ourselves is believed about that."""
        if record.topic not in self._own:
            return Place.of(record)
        origin = dict(record.headers).get(ORIGIN, b"").decode(errors="replace")
        try:
            place = Place.parse(origin)
        except ValueError:
            return Place(origin.split("/")[0], record.partition, -1)
        # The same key has the same partition on every topic, so that of the replay will do.
        return place if place.partition >= 0 else place._replace(partition=record.partition)

    def _label(self, record: Record) -> str:
        """The topic, from a closed set: a replayed record names what it likes."""
        topic = self._origin(record).topic.removeprefix(self.prefix)
        return topic if topic in self.topics else "unknown"

    async def _in_lanes(self, received: Sequence[Received[Any]], result: Result) -> None:
        """Handle all; where the store is away for one lane, the others finish before the batch is retried."""
        ways = (self._handle(lane, result) for lane in lanes(received))
        for error in await asyncio.gather(*ways, return_exceptions=True):
            if error is not None:
                raise error

    async def _handle(self, received: Sequence[Received[Any]], result: Result) -> None:
        """Handle a lane; where it fails as a whole, halves of it until the records at fault are alone."""
        result.outcomes.extend(await bisect(received, self._attempt, _failed))

    async def _attempt(self, received: Sequence[Received[Any]]) -> Sequence[Outcome[Any, Any]]:
        try:
            return await self.handle(received)
        finally:
            note_progress()

    def _name_failed_records(self, records: Sequence[Record], result: Result) -> None:
        """Name what failed, came out of turn or waits on a topic, each record once and as it is on Kafka."""
        named = [outcome for outcome in result.outcomes if outcome.kind in {"failed", "gap", "parked"}]
        if not named:
            return
        by_value: dict[bytes, list[Record]] = defaultdict(list)
        for record in records:
            by_value[record.value or b""].append(record)
        for outcome in named:
            for record in by_value.pop(outcome.cause.raw, ()):
                failed = FailedRecord.of(record, outcome.kind, outcome.error, self._origin(record))
                if outcome.kind == "parked":
                    # It is looked up by its document, whatever the key it came under.
                    parked = replace(failed, key=str(outcome.cause.key).encode())
                    result.parked.append(parked.cut(0) if outcome.cause.personal else parked)
                else:
                    result.dead.append(failed)

    def _count(self, records: Sequence[Record], result: Result) -> None:
        now = wall().timestamp()
        for record in records:
            age = max(0.0, now - record.timestamp / 1000)
            metrics.EVENT_AGE.labels(self.service, self._label(record)).observe(age)
        for outcome in result.outcomes:
            metrics.MESSAGES.labels(self.service, outcome.cause.stream, outcome.kind).inc()


def _failed(received: Received[Any], error: Exception) -> Outcome[Any, Any]:
    return Outcome("failed", received.cause(received.message), error=error)
