"""Personal texts: the one place of routing where what customers and people wrote rests."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from schemas.base import stamp
from services.routing.domain.seals import Sealed, seal

KEY_BYTES = 16


class Records(Protocol):
    """Records written once under an id."""

    async def put(self, records: Sequence[dict[str, Any]]) -> set[int]: ...

    async def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts to store, under an id that derives from the message they came in."""

    id: UUID
    case: UUID
    at: datetime
    texts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TextRepository:
    """Personal texts, each with a random key of its own: erasing both leaves the history verifiable."""

    records: Records

    async def put(self, texts: Sequence[Texts]) -> dict[UUID, Sealed]:
        """Write what is not there yet; the seals of what is there now."""
        records = [_record(one) for one in {one.id: one for one in texts}.values()]
        existing = await self.records.put(records)
        there = await self.records.get([records[index]["_id"] for index in existing]) if existing else {}
        stored = [there.get(record["_id"], record) for record in records]
        return {UUID(record["_id"]): _sealed(record) for record in stored}

    async def read(self, ids: Sequence[UUID]) -> dict[str, Any]:
        """The texts of each id that has not been erased."""
        records = await self.records.get([str(one) for one in ids])
        return {key: record["words"] for key, record in records.items()}


def _record(texts: Texts) -> dict[str, Any]:
    return {
        "_id": str(texts.id),
        "case": str(texts.case),
        "at": stamp(texts.at),
        "key": secrets.token_hex(KEY_BYTES),
        "words": dict(texts.texts),
    }


def _sealed(record: Mapping[str, Any]) -> Sealed:
    return Sealed(id=UUID(record["_id"]), seal=seal(bytes.fromhex(record["key"]), record["words"]))
