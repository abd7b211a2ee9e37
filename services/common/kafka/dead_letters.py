"""Dead letters: records that a group could not handle, with origin and reason; listed, replayed, skipped."""

import hashlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaProducer
from pydantic import ValidationError

from schemas.base import Frozen
from services.common.kafka.positions import Place, Record, read_all, read_at
from services.common.runtime.error_texts import frames

log = logging.getLogger(__name__)

ORIGIN = "redress-origin"
REASON = "redress-reason"
ERROR = "redress-error"
REPLAYED = "redress-replayed"
SIZE = "redress-size"
DIGEST = "redress-sha256"
MESSAGE = "redress-message"
SKIP = "redress-skip"
SKIPPED_BY = "redress-skipped-by"
SKIPPED_FOR = "redress-skipped-for"

STACK = 4_000
HEAD = 16 * 1024
LONGEST_KEY = 1_024

Header = tuple[str, bytes]


def dead_topic(group: str) -> str:
    return f"{group}.dead"


def replay_topic(group: str) -> str:
    """What is replayed reaches the failed group only."""
    return f"{group}.replay"


def waiting_topic(group: str) -> str:
    """Records that wait for an announcement and for which their document has no room."""
    return f"{group}.waiting"


class Named(Frozen):
    """The part of a record that may be logged whatever else is in it."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Skip:
    """An operator's decision that whatever fails of a partition before an offset becomes a dead letter."""

    topic: str
    partition: int
    upto: int
    reason: str
    by: str

    def covers(self, place: Place) -> bool:
        there = (place.topic, place.partition) == (self.topic, self.partition)
        return there and place.offset < self.upto

    def headers(self) -> list[Header]:
        """What marks it on the dead topic."""
        upto = str(Place(self.topic, self.partition, self.upto)).encode()
        return [(SKIP, upto), (SKIPPED_FOR, self.reason.encode()), (SKIPPED_BY, self.by.encode())]


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record and why it is a dead letter; `error` is absent where the record only came out of turn.

    `at` is the place of the record itself, which for a replayed one is not its origin.
    """

    key: bytes | None
    value: bytes
    origin: str
    reason: str
    error: Exception | None = None
    kept: tuple[Header, ...] = ()
    at: Place | None = None
    id: str = ""

    @classmethod
    def of(cls, record: Record, reason: str, error: Exception | None, origin: Place) -> "FailedRecord":
        """A record as it is on Kafka; headers of ours that others wrote are dropped."""
        kept = tuple((name, value) for name, value in record.headers if not name.startswith("redress-"))
        return cls(record.key, record.value or b"", str(origin), reason, error, kept, Place.of(record))

    @property
    def message_id(self) -> str:
        """The id of its message; empty where the record is so wrong that it has none."""
        if self.id:
            return self.id
        try:
            return str(Named.model_validate_json(self.value).id)
        except ValidationError:
            return ""

    def skipped(self, skip: Skip) -> "FailedRecord":
        """The same, with the reason and the author of the skip."""
        return replace(self, kept=(*self.kept, *skip.headers()[1:]))

    def cut(self, head: int = HEAD) -> "FailedRecord":
        """What is kept of a record that is too large or personal: its head, its size and its hash.

        The whole is read again at its origin when it is handled once more.
        """
        digest = hashlib.sha256(self.value).hexdigest()
        whole = (
            (SIZE, str(len(self.value)).encode()), (DIGEST, digest.encode()),
            (MESSAGE, self.message_id.encode()),
        )  # fmt: skip
        # Headers of others may be what makes it too large.
        ours = tuple((name, value) for name, value in self.kept if name.startswith("redress-"))
        return replace(
            self, key=(self.key or b"")[:LONGEST_KEY], value=self.value[:head], kept=(*ours, *whole)
        )

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

    @property
    def is_cut(self) -> bool:
        """Whether only the head of the record is here."""
        return any(name == DIGEST for name, _ in self.headers)

    @property
    def head(self) -> "Head | None":
        """Where the whole is; None where its origin is no place."""
        try:
            return Head(Place.parse(self.origin), _text(dict(self.headers), DIGEST))
        except ValueError:
            return None


async def unreplayed(bootstrap: str, topic: str) -> list[DeadLetter]:
    """The dead letters not yet replayed, oldest first within each case."""
    letters: dict[str, DeadLetter] = {}
    async for record in read_all(bootstrap, topic):
        headers = dict(record.headers)
        if REPLAYED in headers:
            letters.pop(_text(headers, REPLAYED), None)
        elif SKIP not in headers:
            letter = _letter(record, headers)
            letters[letter.place] = letter
    return list(letters.values())


async def skips(bootstrap: str, topic: str) -> list[Skip]:
    """The skips on a dead topic, oldest first."""
    marks = []
    async for record in read_all(bootstrap, topic):
        headers = dict(record.headers)
        if SKIP in headers:
            marks += _skip(record, headers)
    return marks


def _skip(record: Record, headers: dict[str, bytes]) -> list[Skip]:
    """The skip in a record; none where it cannot be read, which must not end the reader."""
    try:
        upto = Place.parse(_text(headers, SKIP))
    except ValueError:
        log.warning("skip cannot be read", extra={"place": str(Place.of(record))})
        return []
    return [Skip(*upto, _text(headers, SKIPPED_FOR), _text(headers, SKIPPED_BY))]


def _letter(record: Record, headers: dict[str, bytes]) -> DeadLetter:
    return DeadLetter(
        partition=record.partition,
        offset=record.offset,
        key=record.key or b"",
        value=record.value or b"",
        origin=_text(headers, ORIGIN),
        reason=_text(headers, REASON),
        error=_text(headers, ERROR),
        headers=tuple(record.headers),
    )


def _text(headers: dict[str, bytes], name: str) -> str:
    return headers.get(name, b"").decode(errors="replace")


class Head(NamedTuple):
    """The place of the whole of a record, and its SHA-256."""

    origin: Place
    digest: str


async def reread(bootstrap: str, heads: Collection[Head]) -> dict[Head, Record]:
    """The whole of records of which only the head is at hand; what is gone is left out."""
    records = await read_at(bootstrap, {head.origin for head in heads})
    whole = {place: hashlib.sha256(record.value or b"").hexdigest() for place, record in records.items()}
    return {head: records[head.origin] for head in heads if whole.get(head.origin) == head.digest}


async def gone(bootstrap: str, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Those of which Kafka no longer has the whole: a replay would hand over a torso."""
    heads = {letter.place: letter.head for letter in letters if letter.is_cut}
    whole = await reread(bootstrap, {head for head in heads.values() if head}) if heads else {}
    return [letter for letter in letters if letter.is_cut and letter.head not in whole]


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
