"""What happens around each batch: the FastStream middlewares over a service's handler, outermost first."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias

from aiokafka import TopicPartition
from faststream import BaseMiddleware, ContextRepo, StreamMessage

from services.common.kafka.batch import Batch, Received, Result
from services.common.kafka.dead_letter_writer import DeadLetterWriter
from services.common.kafka.failure_limits import FailureLimits, is_beyond
from services.common.kafka.outbox import OutboxPublisher
from services.common.kafka.partitions import Partitions
from services.common.kafka.positions import Place, Record
from services.common.kafka.status import Status
from services.common.runtime import logs, metrics
from services.common.runtime.clock import ticks
from services.common.runtime.error_texts import describe

log = logging.getLogger(__name__)

Next: TypeAlias = Callable[[StreamMessage[Any]], Awaitable[Any]]


class MovedError(TimeoutError):
    """Records were to be handled whose partition another process reads by now."""


class Redelivered(tuple[Record, ...]):
    """Records that waited: handled as any batch, but there is nothing to commit and no limit to count them against."""

    __slots__ = ()


@dataclass
class Middleware(BaseMiddleware[Any, Any]):
    """One step around a batch; `status` is that of its service."""

    msg: Sequence[Record]
    context: ContextRepo
    status: Status

    @property
    def is_redelivered(self) -> bool:
        return isinstance(self.msg, Redelivered)


@dataclass
class Exclusive(Middleware):
    """Keeps a rebalance waiting while a batch is in hand, and leaves out what is another process's by now."""

    partitions: Partitions

    async def on_receive(self) -> None:
        await self.partitions.batch_lock.acquire()

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result | None:
        """What came of redelivered records; nobody asks for that of a polled batch.

        Raises MovedError, and handles none, where the partition of a redelivered record is another's by now.
        """
        if self.is_redelivered:
            numbers = {record.partition for record in self.msg if record.partition >= 0}
            if not numbers <= self.partitions.numbers():
                raise MovedError("a partition has moved")
            result: Result = await call_next(msg)
            return result
        msg.raw_message = tuple(filter(self.partitions.reads, self.msg))
        if msg.raw_message:
            await call_next(msg)
        return None

    async def after_processed(
        self,
        exc_type: type[BaseException] | None = None,  # noqa: ARG002 - the framework's signature
        exc_val: BaseException | None = None,  # noqa: ARG002
        exc_tb: TracebackType | None = None,  # noqa: ARG002
    ) -> bool:
        self.partitions.batch_lock.release()
        return False


@dataclass
class StopAtFault(Middleware):
    """Reads no further at a fault that is not of a record: the next commit would pass over its batch."""

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result:
        has_ended = self.status.leaving.is_set() and not self.is_redelivered
        result: Result = Result() if has_ended else await call_next(msg)
        return result

    async def after_processed(
        self,
        exc_type: type[BaseException] | None = None,  # noqa: ARG002 - the framework's signature
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,  # noqa: ARG002
    ) -> bool:
        if isinstance(exc_val, Exception) and not self.is_redelivered:
            self.status.stopped = describe(exc_val)
            log.error("consumer stopped", exc_info=exc_val)
            await self.status.leaving.wait()
        return False


@dataclass
class Metrics(Middleware):
    """Measures how long a batch takes and notes that work goes on."""

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result:
        started = ticks()
        try:
            result: Result = await call_next(msg)
        finally:
            self.status.note_progress()
            metrics.HANDLING.labels(self.status.service).observe(ticks() - started)
        return result


@dataclass
class LogContext(Middleware):
    """Names the batch in every line that is logged while it is handled: its first record, and how many follow."""

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result:
        first, *others = msg.raw_message
        with logs.context(batch=f"{Place.of(first)} and {len(others)} more"):
            result: Result = await call_next(msg)
        return result


@dataclass
class Commit(Middleware):
    """Commits what was handled or became a dead letter, and stops the partitions over their limit."""

    partitions: Partitions

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result:
        result: Result = await call_next(msg)
        if not self.is_redelivered:
            await self.status.retry(partial(self._commit, msg.raw_message, result))
            for part, stop in result.stops.items():
                self.partitions.stop_at(part, stop)
        return result

    async def _commit(self, records: Sequence[Record], result: Result) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            part = TopicPartition(record.topic, record.partition)
            if not is_beyond(result.stops, Place.of(record)):
                offsets[part] = max(offsets.get(part, 0), record.offset + 1)
        if offsets:
            await self.partitions.commit(offsets)


@dataclass
class DeadLetters(Middleware):
    """Writes what could not be handled to the dead topic, up to where its partition is over its limit."""

    writer: DeadLetterWriter
    limits: FailureLimits

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result:
        result: Result = await call_next(msg)
        if not self.is_redelivered:
            result.stops = self.limits.judge(msg.raw_message, result.dead)
            parked = [record for record in result.parked if not is_beyond(result.stops, record.at)]
        for record in result.dead:
            if not is_beyond(result.stops, record.at):
                skip = self.limits.skip_of(record.at)
                letter = record.skipped(skip) if skip else record
                await self.status.retry(partial(self.writer.write, letter))
                self.status.note_progress()
        if not self.is_redelivered:
            await self.status.retry(partial(self.writer.park, parked))
        return result


@dataclass
class Publish(Middleware):
    """Publishes what was decided, and takes it out of the outboxes once Kafka has acknowledged it."""

    publisher: OutboxPublisher

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result:
        result: Result = await call_next(msg)
        await self.status.retry(self.publisher.flush)
        return result


@dataclass
class Isolate(Middleware):
    """Hands valid records on, in lanes; where the handler fails, in halves until the record at fault is alone."""

    batch: Callable[..., Batch]

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Result:
        async def handle(received: Sequence[Received[Any]]) -> Any:
            some = copy(msg)
            some.body = received
            return await call_next(some)

        batch = self.batch(handle, progressed=self.status.note_progress, waited=self.is_redelivered)
        return await self.status.retry(partial(batch.work, msg.raw_message))
