"""Writes what a service could not handle to its dead topic, whole or, where it is too large, its head."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, RecordTooLargeError

from services.common.kafka.dead_letters import FailedRecord, dead_topic, waiting_topic
from services.common.runtime import metrics
from services.common.runtime.error_texts import describe, frames
from services.common.store.backlog import UNKNOWN

log = logging.getLogger(__name__)

TOO_LARGE = (MessageSizeTooLargeError, RecordTooLargeError)


@dataclass(frozen=True, slots=True)
class DeadLetterWriter:
    """The dead topic of one service, and its topic of waiting records."""

    service: str
    prefix: str
    topics: frozenset[str]
    producer: AIOKafkaProducer

    async def write(self, dead: FailedRecord) -> None:
        """Return once Kafka has it."""
        await self._send(dead_topic(self.service), [dead])
        first = dead.origin.split("/")[0].removeprefix(self.prefix)
        metrics.DEAD.labels(self.service, first if first in self.topics else "unknown", dead.reason).inc()
        log_dead_letter(dead, "dead letter written")

    async def park(self, waiting: Sequence[FailedRecord]) -> None:
        """Write these to the topic of waiting records, in their order and partition; return once Kafka has them."""
        await self._send(waiting_topic(self.service), waiting)

    async def write_expired(self, key: UUID, record: Mapping[str, Any]) -> None:
        """Write a record that its document kept for one before it that did not come, or that failed in its turn."""
        origin = f"{self.prefix}{record['stream']}/{record.get('place') or UNKNOWN}"
        reason = record.get("reason", "gap")
        await self.write(FailedRecord(str(key).encode(), record["raw"].encode(), origin, reason))

    async def _send(self, topic: str, failed_records: Sequence[FailedRecord]) -> None:
        queued = [await self._queue(topic, record) for record in failed_records]
        for record, fate in zip(
            failed_records, await asyncio.gather(*queued, return_exceptions=True), strict=True
        ):
            if isinstance(fate, TOO_LARGE):
                await (await self._queue(topic, record.cut()))
            elif isinstance(fate, BaseException):
                raise fate

    async def _queue(self, topic: str, record: FailedRecord) -> Awaitable[Any]:
        """Queue it whole or, where the producer knows that this is too large, its head; its fate."""
        fate: Awaitable[Any]
        is_waiting = topic == waiting_topic(self.service)
        number = record.at.partition if is_waiting and record.at else None
        try:
            fate = await self.producer.send(
                self.prefix + topic, record.value, record.key, partition=number, headers=record.headers()
            )
        except TOO_LARGE:
            fate = await self._queue(topic, record.cut())
        return fate


def log_dead_letter(dead: FailedRecord, event: str) -> None:
    """Log which record it is and what was wrong with it; nothing of what it says."""
    named = {"case_id": (dead.key or b"")[:64].decode(errors="replace"), "message_id": dead.message_id}
    error = {"error": describe(dead.error), "stack": frames(dead.error)} if dead.error else {}
    log.error(event, extra={"reason": dead.reason, "origin": dead.origin, **named, **error})
