"""Writes what a service could not handle to its dead topic, whole or, where it is too large, its head."""

import logging
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, RecordTooLargeError

from services.common import metrics
from services.common.dead_letters import Casualty, dead_topic
from services.common.failures import frames, telling
from services.common.places import Place

log = logging.getLogger(__name__)

TOO_LARGE = (MessageSizeTooLargeError, RecordTooLargeError)


@dataclass(frozen=True, slots=True)
class SettingAside:
    """The dead topic of one service."""

    room: str
    prefix: str
    topics: frozenset[str]
    producer: AIOKafkaProducer

    async def write(self, dead: Casualty) -> None:
        """Return once Kafka has it."""
        try:
            await self._send(dead)
        except TOO_LARGE:
            await self._send(dead.cut())
        first = dead.origin.split("/")[0].removeprefix(self.prefix)
        metrics.DEAD.labels(self.room, first if first in self.topics else "unknown", dead.reason).inc()
        tell(dead, "record set aside")

    async def _send(self, dead: Casualty) -> None:
        topic = self.prefix + dead_topic(self.room)
        await self.producer.send_and_wait(topic, dead.value, dead.key, headers=dead.headers())

    async def held(self, key: object, stream: str, raw: bytes, reason: str) -> None:
        """A record that waited in its document for one that did not come, or failed in its turn."""
        unknown = Place(self.prefix + stream, -1, -1)
        await self.write(Casualty(str(key).encode(), raw, str(unknown), reason))


def tell(dead: Casualty, event: str) -> None:
    """Log which record it is and what was wrong with it; nothing of what it says."""
    named = {"case_id": (dead.key or b"")[:64].decode(errors="replace"), "message_id": dead.message_id}
    error = {"error": telling(dead.error), "stack": frames(dead.error)} if dead.error else {}
    log.error(event, extra={"reason": dead.reason, "origin": dead.origin, **named, **error})
