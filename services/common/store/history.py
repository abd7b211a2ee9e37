"""The append-only history of a document: numbered, chained by hashes, paged when it grows."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.base import stamp
from services.common.store.decision import Entry

KEPT = 50
PAGE = 10
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Page:
    """Ten entries that left the document; `first` numbers the first of them."""

    first: int
    entries: Sequence[Mapping[str, Any]]


def _digest(entry: Mapping[str, Any]) -> str:
    body = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def link(number: int, previous: str, entry: Entry, cause: str) -> dict[str, Any]:
    """The stored form of an entry: its hash covers everything else, the previous hash included."""
    stored = {
        "number": number,
        "at": stamp(entry.at),
        "actor": entry.actor,
        "event": entry.event,
        "cause": cause,
        "facts": dict(entry.facts),
        "previous": previous,
    }
    return {**stored, "hash": _digest(stored)}


def split(entries: list[dict[str, Any]]) -> tuple[list[Page], list[dict[str, Any]]]:
    """The oldest full pages beyond the newest fifty, and the rest."""
    pages = []
    while len(entries) >= KEPT + PAGE:
        pages.append(Page(entries[0]["number"], entries[:PAGE]))
        entries = entries[PAGE:]
    return pages, entries


def broken(entries: Iterable[Mapping[str, Any]], head: str) -> int | None:
    """The number of the first entry that does not verify, or None when the whole chain does."""
    previous, number = GENESIS, 0
    for entry in entries:
        number += 1
        if (entry["number"], entry["previous"], entry["hash"]) != (number, previous, _digest(entry)):
            return number
        previous = entry["hash"]
    return None if previous == head else number + 1
