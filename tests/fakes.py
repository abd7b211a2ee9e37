"""Fakes with state, for tests that need no stack; the contract tests hold them to the real adapters."""

import asyncio
import copy
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka.errors import KafkaConnectionError

from services.common.store.history import Page

Stored = dict[str, Any]


@dataclass
class MemoryDocuments:
    """MongoDocuments in memory; every call yields to the loop so that races happen.

    `unfit` is a document that no store can hold.
    """

    documents: dict[UUID, Stored] = field(default_factory=dict)
    pages: dict[str, Stored] = field(default_factory=dict)
    commands: int = 0
    unfit: UUID | None = None

    async def load(self, keys: Sequence[UUID]) -> dict[UUID, Stored]:
        await self._command()
        return {key: copy.deepcopy(self.documents[key]) for key in keys if key in self.documents}

    async def write(self, documents: Sequence[Stored]) -> set[int]:
        await self._command()
        if any(stored["_id"] == str(self.unfit) for stored in documents):
            raise OverflowError
        lost = set()
        for index, stored in enumerate(documents):
            key = UUID(stored["_id"])
            there = self.documents.get(key, {"version": 0})["version"]
            if there != stored["version"] - 1 and key in self.documents:
                lost.add(index)
            else:
                self.documents[key] = copy.deepcopy(stored)
        return lost

    async def archive(self, pages: Iterable[tuple[UUID, Page]]) -> None:
        await self._command()
        for key, page in pages:
            name = f"{key}:{page.first:06d}"
            self.pages.setdefault(name, {"_id": name, "key": str(key), "entries": list(page.entries)})

    async def past(self, key: UUID) -> list[Stored]:
        await self._command()
        pages = sorted(
            (page for page in self.pages.values() if page["key"] == str(key)), key=lambda p: p["_id"]
        )
        return [entry for page in pages for entry in page["entries"]]

    async def clear(self, sent: Mapping[UUID, Sequence[str]]) -> None:
        await self._command()
        for key, ids in sent.items():
            stored = self.documents[key]
            stored["outbox"] = [event for event in stored["outbox"] if event["id"] not in set(ids)]

    async def leftovers(self) -> AsyncIterator[Stored]:
        await self._command()
        for stored in list(self.documents.values()):
            kept = ("outbox", "pending", "waiting", "held", "parked")
            if any(stored.get(name) for name in kept):
                yield {name: copy.deepcopy(stored[name]) for name in ("_id", *kept) if name in stored}

    async def _command(self) -> None:
        self.commands += 1
        await asyncio.sleep(0)


@dataclass
class MemoryRecords:
    """MongoRecords in memory: what is there already is not replaced."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def put(self, records: Sequence[dict[str, Any]]) -> set[int]:
        present = {index for index, record in enumerate(records) if record["_id"] in self.records}
        self.records = {record["_id"]: record for record in records} | self.records
        return present

    async def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {key: self.records[key] for key in keys if key in self.records}


@dataclass
class MemoryLog:
    """A producer that keeps what it was sent, per topic; `away` makes it refuse with `trouble`."""

    topics: dict[str, list[tuple[bytes, bytes]]] = field(default_factory=dict)
    away: bool = False
    trouble: Exception = field(default_factory=lambda: KafkaConnectionError("away"))

    async def send(self, topic: str, value: bytes, key: bytes) -> asyncio.Future[Any]:
        await asyncio.sleep(0)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.away:
            future.set_exception(self.trouble)
            future.exception()  # a sender that was killed never asks
            return future
        self.topics.setdefault(topic, []).append((key, value))
        future.set_result(None)
        return future
