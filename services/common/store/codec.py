"""A document in the form in which it rests in the store, and back."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from schemas.formats import FORMAT
from services.common.runtime.error_texts import describe
from services.common.store.backlog import Backlog
from services.common.store.decision import S
from services.common.store.document import Document, Outbox
from services.common.store.history import History
from services.common.store.sequence import Applied

log = logging.getLogger(__name__)

T = TypeVar("T")
Stored = dict[str, Any]

LEFTOVER_FIELDS = ("format", "outbox", "pending", "waiting", "held", "parked")
LEFTOVERS = ("outbox.0", "pending.0", "waiting.0", "held.0", "parked.id")
"""What is there in a document that owes events to Kafka or keeps records; `held` is of the first format."""


def to_stored(document: Document[S]) -> Stored:
    """The form of a document in the store, `version` already the next one."""
    history = document.history
    return {
        "_id": str(document.key),
        "format": FORMAT,
        "version": document.version + 1,
        "revision": document.revision,
        "state": document.state and document.state.model_dump(mode="json"),
        "applied": document.applied.numbers,
        "recent": document.applied.recent,
        "published": document.outbox.numbers,
        "outbox": document.outbox.events,
        "pending": document.backlog.pending,
        "waiting": document.backlog.waiting,
        "parked": document.backlog.parked,
        "history": {"head": history.head, "count": history.count, "entries": history.entries},
    }


def from_stored(stored: Stored, state: type[S]) -> Document[S]:
    """The document of a stored form."""
    present = _upgraded(stored)
    past = present["history"]
    return Document(
        key=UUID(present["_id"]),
        state=None if stored["state"] is None else read_state(stored, state),
        version=present["version"],
        revision=present["revision"],
        applied=Applied(
            dict(present["applied"]), {ring: list(marks) for ring, marks in present["recent"].items()}
        ),
        backlog=backlog_of(present),
        outbox=Outbox(list(present["outbox"]), dict(present["published"])),
        history=History(list(past["entries"]), past["head"], past["count"]),
    )


def backlog_of(stored: Stored) -> Backlog:
    """The records that a stored document keeps."""
    present = _backlog_upgraded(stored)
    return Backlog(list(present["pending"]), list(present["waiting"]), present["parked"])


def read_state(stored: Mapping[str, Any], state: type[S]) -> S:
    """The state in a stored form of which `state` and `format` are given."""
    present = (
        stored["state"]
        if stored.get("format") == FORMAT
        else state.upgraded(stored["state"], stored.get("format", 1))
    )
    return state.model_validate(present)


def readable(key: str, read: Callable[[], T]) -> T | None:
    """What `read` makes of the document of this key; None where it cannot, which is logged: the others go on."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, only its id is logged
        log.error("document cannot be read", extra={"document": key, "reason": describe(error)})  # noqa: TRY400
        return None


def _upgraded(stored: Stored) -> Stored:
    """A document of the first format under the present names, but for its state."""
    if "seen" not in stored:
        return stored
    return {**_backlog_upgraded(stored), "recent": stored["seen"], "published": stored["seqs"]}


def _backlog_upgraded(stored: Stored) -> Stored:
    """The first format kept all records in `held`, and at first none that wait for an announcement."""
    if "held" not in stored:
        return stored
    return {
        "parked": None,
        **stored,
        "pending": [record for record in stored["held"] if "awaits" not in record],
        "waiting": [record for record in stored["held"] if "awaits" in record],
    }
