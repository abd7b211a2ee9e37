"""Brings the documents of a collection to the present format before a service looks for them by their fields."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from schemas.base import Stored
from schemas.formats import FORMAT
from services.common.runtime import metrics
from services.common.runtime.bisection import bisect
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import retry
from services.common.runtime.health import Health
from services.common.store.codec import from_stored, to_stored
from services.common.store.mongo import MongoDocuments

AT_ONCE = 100

log = logging.getLogger(__name__)


async def upgrade(documents: MongoDocuments, state: type[Stored], health: Health) -> None:
    """Return once all documents are in the present format but those that cannot be, which are named in the log.

    Once none is left, that is remembered and nobody looks again. Two instances may do it at once: each write is
    conditional on the version, and whoever loses finds the document upgraded.
    """
    if await retry(documents.is_upgraded, "look for the format of documents"):
        return
    name = documents.collection.name
    left = await retry(partial(_upgrade_all, documents, state, health), "upgrade documents")
    metrics.OUTDATED.labels(health.service, name).set(left)
    health.set(name, "")
    health.note(name, f"{left} documents cannot be brought to format {FORMAT}" if left else "")
    if not left:
        await retry(documents.note_upgraded, "note the format of documents")


async def _upgrade_all(documents: MongoDocuments, state: type[Stored], health: Health) -> int:
    """How many stay as they are."""
    name, done, left = documents.collection.name, 0, 0
    batch: list[dict[str, Any]] = []
    async for stored in documents.outdated():
        batch.append(stored)
        if len(batch) == AT_ONCE:
            left += await _upgrade(documents, state, batch)
            done, batch = done + AT_ONCE, []
            health.set(name, f"{done} documents are brought to format {FORMAT} so far")
            log.info("documents are upgraded", extra={"collection": name, "documents": done})
    left += await _upgrade(documents, state, batch)
    if done or batch:
        log.info(
            "all documents are upgraded", extra={"collection": name, "documents": done + len(batch) - left}
        )
    return left


async def _upgrade(documents: MongoDocuments, state: type[Stored], batch: Sequence[dict[str, Any]]) -> int:
    async def write(some: Sequence[dict[str, Any]]) -> list[bool]:
        await documents.write([to_stored(from_stored(stored, state)) for stored in some])
        return [False] * len(some)

    def stay(stored: dict[str, Any], error: Exception) -> bool:
        extra = {
            "collection": documents.collection.name,
            "document": stored["_id"],
            "reason": describe(error),
        }
        log.error("document stays in an earlier format", extra=extra)
        return True

    return sum(await bisect(batch, write, stay)) if batch else 0
