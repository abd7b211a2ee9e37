"""A compacted topic as a table in memory: read to its end at the start, then followed."""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError
from pydantic import TypeAdapter, ValidationError

from schemas.formats import read_record
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import retry

log = logging.getLogger(__name__)

T = TypeVar("T")
POLL_MS = 500
LARGE_BYTES = 16_384
"""From here on an entry is read in a thread: a policy takes a tenth of a second."""
SHOWN = 5
LONGEST = 300


class KeyMismatchError(Exception):
    """An entry under the key of another."""


@dataclass(frozen=True, slots=True)
class Contents(Generic[T]):
    """What a compacted topic holds: entries, each under its own `name`.

    `lasting` entries serve on when they are removed, until the next start: something may still go by them.
    Of `personal` ones only the fields at fault are reported, and never what is wrong with them.
    """

    topic: str
    adapter: TypeAdapter[T]
    name: Callable[[T], str]
    lasting: bool = False
    personal: bool = False

    def entry(self, key: str, value: bytes) -> T:
        """The entry in a record; raises ValidationError, or KeyMismatchError where it is another's."""
        entry = read_record(self.topic, self.adapter, value)
        if (name := self.name(entry)) != key:
            raise KeyMismatchError(f"its key should be {name}")
        return entry

    def reason(self, error: Exception) -> str:
        """Why an entry cannot be used, in words that may be logged."""
        if isinstance(error, ValidationError):
            fields = [".".join(map(str, fault["loc"])) or "entry" for fault in error.errors()]
            reasons = [fault["msg"].removeprefix("Value error, ") for fault in error.errors()]
            faults = fields if self.personal else map(": ".join, zip(fields, reasons, strict=True))
            return "; ".join(faults)[:LONGEST]
        # What compiles or renders a policy raises ValueErrors that say where it is wrong.
        is_ours = isinstance(error, ValueError) and not self.personal
        return (str(error) if is_ours else describe(error))[:LONGEST]


@dataclass(slots=True)
class LeftOut:
    """What was announced, or is in a file, and cannot be used; `report` is called with the number and the reasons."""

    report: Callable[[int, str], None] = lambda _count, _reasons: None
    reasons: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, reason: str) -> None:
        """Say why something is left out, or with an empty reason that it is not."""
        if reason and self.reasons.get(name) != reason:
            log.error("left out", extra={"entry": name, "reason": reason})
        if reason:
            self.reasons[name] = reason
        else:
            self.reasons.pop(name, None)
        lines = [f"{entry} is left out: {why}" for entry, why in list(self.reasons.items())[:SHOWN]]
        more = len(self.reasons) - len(lines)
        self.report(len(self.reasons), "; ".join([*lines, f"and {more} more"] if more > 0 else lines))

    def keep(self, names: Collection[str]) -> None:
        """Forget why others than these are left out: they are gone."""
        for name in self.reasons.keys() - set(names):
            self.note(name, "")


@dataclass(slots=True)
class Table(Generic[T]):
    """`entries` by Kafka key; `changed` is called with the key and the entry, None when it was removed.

    An entry that is not valid, or that `changed` raises for, is left out and the last good one serves on. Whoever
    starts it runs `follow` beside their work, so that its end is noticed.
    """

    bootstrap: str
    topic: str
    contents: Contents[T]
    changed: Callable[[str, T | None], None] = lambda _key, _entry: None
    left_out: LeftOut = field(default_factory=LeftOut)
    entries: dict[str, T] = field(default_factory=dict)
    _present: dict[str, bytes] = field(default_factory=dict)
    _consumer: AIOKafkaConsumer | None = None
    _serving: bool = False

    async def start(self) -> None:
        """Read everything there is now; return only then."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, retry_backoff_ms=500
        )
        await retry(self._consumer.start, "read table")
        parts = await retry(self._partitions, "read table")
        self._consumer.assign(parts)
        await self._consumer.seek_to_beginning()
        watermarks = await retry(lambda: self._watermarks(parts), "read table")
        while any([await self._consumer.position(part) < end for part, end in watermarks.items()]):
            await self._poll()
        self._serving = True

    async def stop(self) -> None:
        """Read no more; `follow` returns."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def _partitions(self) -> list[TopicPartition]:
        # A read of offsets makes the driver learn of a topic it has not met.
        await self._watermarks([TopicPartition(self.topic, 0)])
        numbers = self._driver.partitions_for_topic(self.topic) or {0}
        return [TopicPartition(self.topic, number) for number in numbers]

    async def _watermarks(self, parts: list[TopicPartition]) -> dict[TopicPartition, int]:
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
                await self.put((record.key or b"").decode(errors="replace"), record.value)

    async def put(self, key: str, value: bytes | None) -> None:
        """Take one record: an entry, or that there is none under this key any more; the same once more is nothing new."""
        if value is None:
            self._remove(key)
            return
        digest = sha256(value).digest()
        if self._present.get(key) == digest:
            return
        self._present.pop(key, None)
        try:
            read = partial(self.contents.entry, key, value)
            entry = await asyncio.to_thread(read) if len(value) >= LARGE_BYTES else read()
            self.changed(key, entry)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not take the service down
            self.left_out.note(key[:LONGEST], self.contents.reason(error))
            return
        self.entries[key], self._present[key] = entry, digest
        self.left_out.note(key, "")

    def _remove(self, key: str) -> None:
        self._present.pop(key, None)
        self.left_out.note(key, "")
        if not (self.contents.lasting and self._serving):
            self.entries.pop(key, None)
            self.changed(key, None)
