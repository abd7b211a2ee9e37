"""The only module that knows the store's driver: documents under version, and plain keyed records."""

import logging
import math
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import bson
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ASCENDING, InsertOne, ReadPreference, ReplaceOne, UpdateOne, WriteConcern
from pymongo.errors import AutoReconnect, BulkWriteError, DocumentTooLarge, OperationFailure
from pymongo.read_concern import ReadConcern

from schemas.formats import FORMAT
from services.common.runtime import metrics
from services.common.runtime.clock import ticks, wall
from services.common.runtime.failures import STORE_TROUBLE, retry, store_trouble
from services.common.store.codec import LEFTOVER_FIELDS, LEFTOVERS
from services.common.store.history import Page

DUPLICATE_KEY = 11_000
TIMEOUT_MS = 5_000
LARGE_BYTES = 256 * 1024
MOST_BYTES = 15 * 1024 * 1024
CHECKED_EVERY = 16
TWIN = "twin"
HEALTH = "health"
FORMATS = "formats"
WRITE_SECONDS = 10.0

log = logging.getLogger(__name__)

Stored = dict[str, Any]
Database = AsyncIOMotorDatabase[Stored]
Collection = AsyncIOMotorCollection[Stored]
Query = Mapping[str, Any]
Write = ReplaceOne[Any] | InsertOne[Any] | UpdateOne


def connect(url: str, name: str) -> Database:
    """A database whose writes are on disk at a majority before they are acknowledged or read.

    What is read is decided and published on: it must not be taken back by a change of the primary.
    """
    client: AsyncIOMotorClient[Stored] = AsyncIOMotorClient(
        url,
        serverSelectionTimeoutMS=TIMEOUT_MS,
        socketTimeoutMS=4 * TIMEOUT_MS,
        retryWrites=False,
        tz_aware=True,
    )
    return client.get_database(
        name,
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", j=True),
    )


async def ping(database: Database) -> None:
    """Return when the store answers; raises a transient failure otherwise."""
    with _trouble():
        await database.command("ping")


async def time_of_day(database: Database) -> datetime:
    """What the clock of the primary says, aware."""
    with _trouble():
        answer = await database.command("hello")
    time: datetime = answer["localTime"]
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@dataclass(slots=True)
class Probe:
    """Asks the store for a sign of life, and now and then for a write: one whose disk is full answers a ping.

    Once refused, it asks for a write each time until one is taken.
    """

    database: Database
    service: str
    instance: int
    _write_at: float = 0.0

    async def __call__(self) -> None:
        """Return when all is well; raises a transient failure that says what is wrong."""
        if ticks() < self._write_at:
            await ping(self.database)
            return
        writable = metrics.STORE_WRITABLE.labels(self.service)
        try:
            await self._write()
        except BaseException:
            writable.set(0)
            raise
        writable.set(1)
        self._write_at = ticks() + WRITE_SECONDS

    async def _write(self) -> None:
        key = {"_id": f"{self.service}-{self.instance}"}
        with _trouble():
            await self.database[HEALTH].replace_one(key, {**key, "at": wall()}, upsert=True)


async def answering(database: Database, patience: float = math.inf) -> None:
    """Return when the store answers; after `patience` seconds its silence is raised as a transient failure."""
    await retry(lambda: ping(database), "reach the store", patience=patience)


@contextmanager
def _trouble() -> Iterator[None]:
    """Raise as transient what the store answers about itself and not about the command."""
    try:
        yield
    except BulkWriteError:
        raise  # names each write; read by `_lost`
    except OperationFailure as error:
        if trouble := store_trouble(error):
            raise trouble from error
        raise


class MongoDocuments:
    """Versioned documents in one collection, and the pages of their history in another."""

    def __init__(self, database: Database, name: str, pages: str | None = None) -> None:
        self.collection: Collection = database[name]
        self.pages: Collection | None = database[pages] if pages else None

    async def prepare(self, *unique: str, searched: Sequence[Sequence[str]] = ()) -> None:
        """Declare the indexes: for conditional writes, for unique fields, and one for the fields of each search.

        A value that is taken all the same is a tripwire: it alarms, and its document is kept beside the other.
        Waits while the store is away or cannot write.
        """
        await self._index("_id", "version", unique=True)
        for field in unique:
            await self._index(field, TWIN, unique=True)
        for fields in searched:
            await self._index(*fields, unique=False)

    async def _index(self, *fields: str, unique: bool) -> None:
        async def declare() -> None:
            with _trouble():
                await self.collection.create_index([(field, ASCENDING) for field in fields], unique=unique)

        await retry(declare, "declare index")

    async def load(self, keys: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        found = _stored(self.collection.find({"_id": {"$in": [str(key) for key in keys]}}))
        return {UUID(stored["_id"]): stored async for stored in found}

    async def write(self, documents: Sequence[dict[str, Any]]) -> set[int]:
        """A lost race is an upsert that meets the document in another version: error 11000."""
        self._check_sizes(documents)
        lost = await self._replace(documents)
        twins = [index for index, why in lost.items() if f"_{TWIN}_1" in why]
        if not twins:
            return set(lost)
        apart = [{**documents[index], TWIN: documents[index]["_id"]} for index in twins]
        # A store may name this index, too, where a race is lost: that is lost again.
        still = {twins[index] for index in await self._replace(apart)}
        self._alarm(documents[index] for index in twins if index not in still)
        return set(lost).difference(twins) | still

    async def _replace(self, documents: Sequence[dict[str, Any]]) -> dict[int, str]:
        replacements = [
            ReplaceOne({"_id": stored["_id"], "version": stored["version"] - 1}, stored, upsert=True)
            for stored in documents
        ]
        return await _lost(self.collection, replacements)

    def _alarm(self, twins: Iterable[dict[str, Any]]) -> None:
        """Tell of documents whose value another one has; those that have no state have no value either."""
        for stored in twins:
            if stored["state"] is not None:
                metrics.TAKEN.labels(self.collection.name).inc()
                log.error("a value meant to be unique is taken", extra={"case_id": stored["_id"]})

    def _check_sizes(self, documents: Sequence[dict[str, Any]]) -> None:
        """Alarm at a document that outgrows what is fast to change, and refuse one that the store cannot take.

        The store would close the connection, which looks like trouble that passes. It takes many changes to grow
        that far, so one in sixteen is measured: a second encoding of each would cost more than it tells.
        """
        for stored in documents:
            if stored["version"] % CHECKED_EVERY == 0 and (size := len(bson.encode(stored))) > LARGE_BYTES:
                metrics.LARGE.labels(self.collection.name).inc()
                log.warning("document is large", extra={"case_id": stored["_id"], "bytes": size})
                if size > MOST_BYTES:
                    raise DocumentTooLarge(f"{size} bytes, of which the store takes {MOST_BYTES}")

    async def archive(self, pages: Iterable[tuple[UUID, Page]]) -> None:
        if self.pages is None:
            raise ValueError("this collection keeps no history, yet a history outgrew its document")
        inserts = [
            InsertOne({"_id": f"{key}:{page.first:06d}", "key": str(key), "entries": list(page.entries)})
            for key, page in pages
        ]
        await _lost(self.pages, inserts)

    async def past(self, key: UUID) -> list[dict[str, Any]]:
        """The history entries that left the document, oldest first."""
        if self.pages is None:
            return []
        found = _stored(self.pages.find({"key": str(key)}).sort("_id", ASCENDING))
        return [entry async for page in found for entry in page["entries"]]

    async def clear(self, sent: Mapping[UUID, Sequence[str]]) -> None:
        updates = [
            UpdateOne({"_id": str(key)}, {"$pull": {"outbox": {"id": {"$in": list(ids)}}}})
            for key, ids in sent.items()
        ]
        await _lost(self.collection, updates)

    async def leftovers(self) -> AsyncIterator[dict[str, Any]]:
        """Every document that owes events to Kafka or keeps records, whoever wrote it."""
        left = {"$or": [{name: {"$exists": True}} for name in LEFTOVERS]}
        async for stored in _stored(self.collection.find(left, dict.fromkeys(LEFTOVER_FIELDS, 1))):
            yield stored

    async def outdated(self) -> AsyncIterator[dict[str, Any]]:
        """Every document that is not in the present format."""
        async for stored in _stored(self.collection.find({"format": {"$ne": FORMAT}})):
            yield stored

    async def is_upgraded(self) -> bool:
        """Whether no document is known to be in an earlier format."""
        with _trouble():
            noted = await self.collection.database[FORMATS].find_one({"_id": self.collection.name})
        return noted is not None and noted["format"] == FORMAT

    async def note_upgraded(self) -> None:
        """Remember that no document is in an earlier format."""
        key = {"_id": self.collection.name}
        with _trouble():
            formats = self.collection.database[FORMATS]
            await formats.replace_one(key, {**key, "format": FORMAT}, upsert=True)

    async def find(self, query: Query, fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        """Documents that match, only the fields named; for loading what is kept in memory."""
        async for stored in _stored(self.collection.find(query, dict.fromkeys(fields, 1))):
            yield stored

    async def page(self, query: Query, order: Sequence[tuple[str, int]], limit: int) -> list[dict[str, Any]]:
        """The first `limit` documents that match, in order."""
        found = self.collection.find(query, {"history": 0, "outbox": 0}).sort(list(order)).limit(limit)
        return [stored async for stored in _stored(found)]


class MongoRecords:
    """Records that are written once under an id derived from what they hold."""

    def __init__(self, database: Database, name: str) -> None:
        self.collection: Collection = database[name]

    async def put(self, records: Sequence[dict[str, Any]]) -> set[int]:
        """Insert those not yet there; the indexes of those that were."""
        if not records:
            return set()
        return set(await _lost(self.collection, [InsertOne(record) for record in records]))

    async def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        found = _stored(self.collection.find({"_id": {"$in": list(keys)}}))
        return {record["_id"]: record async for record in found}


async def _stored(found: AsyncIterator[Stored]) -> AsyncIterator[Stored]:
    with _trouble():
        async for stored in found:
            yield stored


async def _lost(collection: Collection, writes: Sequence[Write]) -> dict[int, str]:
    """Write unordered; the indexes of the writes that met an existing key, and which key that was in words.

    Raises AutoReconnect where a write may not outlive the server that took it.
    """
    try:
        with _trouble():
            await collection.bulk_write(list(writes), ordered=False)
    except BulkWriteError as error:
        refused = error.details["writeErrors"]
        others = [failure for failure in refused if failure["code"] != DUPLICATE_KEY]
        if error.details["writeConcernErrors"] or any(failure["code"] in STORE_TROUBLE for failure in others):
            raise AutoReconnect("a write is not confirmed") from None
        if others:
            raise
        return {failure["index"]: failure["errmsg"] for failure in refused}
    return {}
