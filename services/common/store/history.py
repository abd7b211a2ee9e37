"""The append-only history of a document: numbered, chained by hashes, paged when it grows."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.base import stamp
from services.common.store.decision import Entry

KEPT = 50
PAGE = 10
GENESIS = "0" * 64
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""The one text of something, over which hashes and seals are taken."""


@dataclass(frozen=True, slots=True)
class Page:
    """Ten entries that left the document; `first` numbers the first of them."""

    first: int
    entries: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class History:
    """The newest `entries`, how many there were in all, the hash of the last, and full `pages` to be written first."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    head: str = GENESIS
    count: int = 0
    pages: list[Page] = field(default_factory=list)

    def extend(self, entries: Iterable[Entry], cause: str) -> None:
        """Chain further entries; the oldest leave by pages once there are more than fifty."""
        for entry in entries:
            stored = link(self.count + 1, self.head, entry, cause)
            self.entries.append(stored)
            self.head, self.count = stored["hash"], self.count + 1
        while len(self.entries) >= KEPT + PAGE:
            self.pages.append(Page(self.entries[0]["number"], self.entries[:PAGE]))
            self.entries = self.entries[PAGE:]


def _digest(entry: Mapping[str, Any]) -> str:
    body = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(canonical(body).encode()).hexdigest()


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


def broken(entries: Iterable[Mapping[str, Any]], head: str) -> int | None:
    """The number of the first entry that does not verify, or None when the whole chain does."""
    previous, number = GENESIS, 0
    for entry in entries:
        number += 1
        if (entry["number"], entry["previous"], entry["hash"]) != (number, previous, _digest(entry)):
            return number
        previous = entry["hash"]
    return None if previous == head else number + 1
