"""A document in the form in which it rests in the store, and back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.formats import FORMAT
from services.common.store.decision import S
from services.common.store.document import Document


def to_stored(document: Document[S]) -> dict[str, Any]:
    """The form of a document in the store, `version` already the next one."""
    return {
        "_id": str(document.key),
        "format": FORMAT,
        "version": document.version + 1,
        "revision": document.revision,
        "state": document.state and document.state.model_dump(mode="json"),
        "applied": document.applied,
        "seqs": document.seqs,
        "seen": document.seen,
        "outbox": document.outbox,
        "held": document.held,
        "parked": document.parked,
        "history": {"head": document.head, "count": document.count, "entries": document.entries},
    }


def from_stored(stored: dict[str, Any], state: type[S]) -> Document[S]:
    """The document of a stored form."""
    past = stored["history"]
    return Document(
        key=UUID(stored["_id"]),
        state=None if stored["state"] is None else read_state(stored, state),
        version=stored["version"],
        revision=stored["revision"],
        applied=dict(stored["applied"]),
        seqs=dict(stored["seqs"]),
        seen={ring: list(marks) for ring, marks in stored["seen"].items()},
        outbox=list(stored["outbox"]),
        held=list(stored["held"]),
        parked=stored.get("parked"),
        entries=list(past["entries"]),
        head=past["head"],
        count=past["count"],
    )


def read_state(stored: Mapping[str, Any], state: type[S]) -> S:
    """The state in a stored form of which `state` and `format` are known."""
    present = stored["state"] if stored.get("format") == FORMAT else state.upgraded(stored["state"])
    return state.model_validate(present)
