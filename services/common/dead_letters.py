"""Records a group could not handle: set aside with their origin and reason, listed, replayed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from pydantic import ValidationError

from schemas.base import Frozen
from services.common.failures import frames

ORIGIN = "redress-origin"
REASON = "redress-reason"
ERROR = "redress-error"
REPLAYED = "redress-replayed"

STACK = 4_000
READ_MS = 10_000

Header = tuple[str, bytes]
Record: TypeAlias = "ConsumerRecord[bytes, bytes]"


def dead_topic(group: str) -> str:
    return f"{group}.dead"


def replay_topic(group: str) -> str:
    """What is replayed reaches the failed group only."""
    return f"{group}.replay"


def origin(topic: str, partition: int, offset: int) -> str:
    """Where a record first stood; -1 where it was held back and only its topic is known."""
    return f"{topic}/{partition}/{offset}"


class Named(Frozen):
    """The part of a record that may be told whatever else it holds."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Casualty:
    """A record and why it was set aside; `error` is absent where the record only came out of turn."""

    key: bytes | None
    value: bytes
    origin: str
    reason: str
    error: Exception | None = None
    kept: tuple[Header, ...] = ()

    @classmethod
    def of(cls, record: Record, reason: str, error: Exception | None) -> "Casualty":
        """A record as it stands on Kafka; a replayed one keeps its first origin."""
        headers = dict(record.headers)
        place = origin(record.topic, record.partition, record.offset)
        first = headers.get(ORIGIN, place.encode()).decode()
        kept = tuple((name, value) for name, value in record.headers if not name.startswith("redress-"))
        return cls(record.key, record.value or b"", first, reason, error, kept)

    @classmethod
    def held_back(cls, key: UUID, topic: str, raw: bytes, reason: str) -> "Casualty":
        """A record that a document held back: where on its topic it stood is not known."""
        return cls(str(key).encode(), raw, origin(topic, -1, -1), reason)

    @property
    def message_id(self) -> str:
        """The id of its message; empty where the record is so wrong that it has none."""
        try:
            return str(Named.model_validate_json(self.value).id)
        except ValidationError:
            return ""

    def headers(self) -> list[Header]:
        """The original headers, origin, reason and stack."""
        return [
            *self.kept,
            (ORIGIN, self.origin.encode()),
            (REASON, self.reason.encode()),
            (ERROR, frames(self.error).encode()[:STACK]),
        ]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record of a dead topic, as an operator sees it."""

    partition: int
    offset: int
    key: bytes
    value: bytes
    origin: str
    reason: str
    error: str
    headers: tuple[Header, ...]

    @property
    def place(self) -> str:
        return f"{self.partition}/{self.offset}"


async def waiting(bootstrap: str, topic: str) -> list[DeadLetter]:
    """The dead letters not yet replayed, oldest first within each case."""
    letters: dict[str, DeadLetter] = {}
    async for record in _all(bootstrap, topic):
        headers = dict(record.headers)
        if REPLAYED in headers:
            letters.pop(headers[REPLAYED].decode(), None)
        else:
            letter = _letter(record, headers)
            letters[letter.place] = letter
    return list(letters.values())


def _letter(record: Record, headers: dict[str, bytes]) -> DeadLetter:
    return DeadLetter(
        partition=record.partition,
        offset=record.offset,
        key=record.key or b"",
        value=record.value or b"",
        origin=headers.get(ORIGIN, b"").decode(),
        reason=headers.get(REASON, b"").decode(),
        error=headers.get(ERROR, b"").decode(),
        headers=tuple(record.headers),
    )


async def _all(bootstrap: str, topic: str) -> AsyncIterator[Record]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await consumer.start()
        await consumer._client.force_metadata_update()  # noqa: SLF001 - no public way to learn of partitions
        parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        if not parts:
            return
        consumer.assign(parts)
        await consumer.seek_to_beginning()
        for part, end in (await consumer.end_offsets(parts)).items():
            async for record in _up_to(consumer, part, end):
                yield record
    finally:
        await consumer.stop()


async def _up_to(consumer: AIOKafkaConsumer, part: TopicPartition, end: int) -> AsyncIterator[Record]:
    while await consumer.position(part) < end:
        found = await consumer.getmany(part, timeout_ms=READ_MS)
        if not found:
            raise TimeoutError(f"{part.topic} has more, but Kafka gave nothing for {READ_MS} ms")
        for record in found[part]:
            if record.offset < end:
                yield record


async def replay(
    producer: AIOKafkaProducer, group: str, letters: Sequence[DeadLetter], prefix: str = ""
) -> None:
    """Hand the letters to the failed group once more, in order, and mark them as replayed."""
    for letter in letters:
        headers = list(letter.headers)
        await producer.send_and_wait(
            prefix + replay_topic(group), letter.value, letter.key or None, headers=headers
        )
        await producer.send_and_wait(
            prefix + dead_topic(group),
            b"",
            letter.key or None,
            partition=letter.partition,
            headers=[(REPLAYED, letter.place.encode())],
        )
