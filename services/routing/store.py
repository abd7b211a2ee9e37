"""Where routing's things rest: words under their keys, and what is asked of the case documents."""

import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import TypeAdapter

from schemas import directory, policies
from schemas.base import stamp
from schemas.policies import PublishedPolicy
from services.common.kafka.table import Contents
from services.common.runtime.error_texts import describe
from services.routing.domain.holding import Hold, Standing, holds_of
from services.routing.domain.words import Sealed, seal

VERSIONS = Contents(policies.TOPIC, TypeAdapter(PublishedPolicy), policies.key, lasting=True)
PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)
KEY_BYTES = 16
log = logging.getLogger(__name__)
HELD = (
    "state.shop", "state.manufacturer", "state.owner", "state.owner_role", "state.owner_post",
    "state.hand_over.to", "state.hand_over.role", "state.hand_over.post", "state.support.to", "state.support.post",
    "state.department", "state.unstaffed", "state.updated_at", "state.deadlines",
)  # fmt: skip


class Records(Protocol):
    """Records written once under an id."""

    async def put(self, records: Sequence[dict[str, Any]]) -> set[int]: ...

    async def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words to keep, under an id that derives from what they were said in."""

    id: UUID
    case: UUID
    at: datetime
    words: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """Personal words, each with a random key of its own: erasing both leaves the history verifiable."""

    records: Records

    async def keep(self, spoken: Sequence[Spoken]) -> dict[UUID, Sealed]:
        """Write what is not there yet; the seals of what is there now."""
        records = [_record(one) for one in {one.id: one for one in spoken}.values()]
        known = await self.records.put(records)
        there = await self.records.get([records[index]["_id"] for index in known]) if known else {}
        kept = [there.get(record["_id"], record) for record in records]
        return {UUID(record["_id"]): _sealed(record) for record in kept}

    async def read(self, ids: Sequence[UUID]) -> dict[str, Any]:
        """The words of each id that has not been erased."""
        found = await self.records.get([str(one) for one in ids])
        return {key: record["words"] for key, record in found.items()}


def _record(spoken: Spoken) -> dict[str, Any]:
    return {
        "_id": str(spoken.id),
        "case": str(spoken.case),
        "at": stamp(spoken.at),
        "key": secrets.token_hex(KEY_BYTES),
        "words": dict(spoken.words),
    }


def _sealed(record: Mapping[str, Any]) -> Sealed:
    return Sealed(id=UUID(record["_id"]), seal=seal(bytes.fromhex(record["key"]), record["words"]))


class Found(Protocol):
    """Documents read without their history."""

    def find(self, query: Mapping[str, Any], fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds an open case, and its running due times."""

    case: UUID
    holds: tuple[Hold, ...]
    at: datetime
    running: tuple[datetime, ...]


async def held(documents: Found) -> AsyncIterator[Held]:
    """Every case that is not closed, by one projected read."""
    async for stored in documents.find({"state.state": {"$ne": "closed"}}, HELD):
        if stored.get("state") and (one := _legible(stored)):
            yield one


def _legible(stored: Mapping[str, Any]) -> Held | None:
    """None for a document that cannot be read: the others are looked after all the same."""
    try:
        return _held(stored["_id"], stored["state"])
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is told by its id alone
        log.warning("case cannot be read", extra={"case_id": stored["_id"], "reason": describe(error)})
        return None


def _held(key: str, state: Mapping[str, Any]) -> Held:
    deadlines = (state.get("deadlines") or {}).values()
    running = (each["due_at"] for each in deadlines if each["status"] == "running")
    return Held(
        UUID(key),
        holds_of(Standing.model_validate(state)),
        datetime.fromisoformat(state["updated_at"]),
        tuple(datetime.fromisoformat(due) for due in running),
    )
