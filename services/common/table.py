"""A compacted topic as a table in memory: read to its end at the start, then followed."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError
from pydantic import TypeAdapter, ValidationError

from services.common.failures import persist

log = logging.getLogger(__name__)

T = TypeVar("T")
POLL_MS = 500


@dataclass(slots=True)
class Table(Generic[T]):
    """`entries` by Kafka key; `changed` is told the key and the entry, None when it was removed.

    Whoever starts it runs `follow` beside his work, so that its end is noticed.
    """

    bootstrap: str
    topic: str
    adapter: TypeAdapter[T]
    entries: dict[str, T] = field(default_factory=dict)
    changed: Callable[[str, T | None], None] = lambda _key, _entry: None
    _consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Read everything there is now; return only then."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, retry_backoff_ms=500
        )
        await persist(self._consumer.start, _waits)
        parts = await persist(self._partitions, _waits)
        self._consumer.assign(parts)
        await self._consumer.seek_to_beginning()
        ends = await persist(lambda: self._ends(parts), _waits)
        while any([await self._consumer.position(part) < end for part, end in ends.items()]):
            await self._poll()

    async def stop(self) -> None:
        """Read no more; `follow` returns."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def _partitions(self) -> list[TopicPartition]:
        # A read of offsets makes the driver learn of a topic it has not met.
        await self._ends([TopicPartition(self.topic, 0)])
        numbers = self._driver.partitions_for_topic(self.topic) or {0}
        return [TopicPartition(self.topic, number) for number in numbers]

    async def _ends(self, parts: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict(await self._driver.end_offsets(parts))

    @property
    def _driver(self) -> Any:
        return self._consumer

    async def follow(self) -> None:
        """Read what is announced from now on, until stopped."""
        with suppress(ConsumerStoppedError):
            while True:
                await self._poll()

    async def _poll(self) -> None:
        for records in (await self._driver.getmany(timeout_ms=POLL_MS)).values():
            for record in records:
                self._put((record.key or b"").decode(errors="replace"), record.value)

    def _put(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.entries.pop(key, None)
            self.changed(key, None)
            return
        try:
            entry = self.adapter.validate_json(value)
        except ValidationError:
            # The last good entry serves on: a bad one must not take the room down.
            log.exception("entry left out", extra={"topic": self.topic, "key": key})
            return
        self.entries[key] = entry
        self.changed(key, entry)


def _waits(error: Exception) -> None:
    log.warning("table waits", extra={"reason": repr(error)})
