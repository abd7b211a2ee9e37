"""Records that a document keeps: pending for the one before them, or waiting for an announcement."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from schemas.base import stamp
from services.common.store.decision import Cause

MOST_PENDING = 50
MOST_WAITING = 50
RECORD_BYTES = 256 * 1024
BACKLOG_BYTES = 4 * 1024 * 1024
PATIENCE = timedelta(minutes=10)
UNKNOWN = "-1/-1"
"""The place of a record of which it was not kept."""

KeptRecord = dict[str, Any]


@dataclass(slots=True)
class Backlog:
    """`pending` are records whose predecessor is missing, `waiting` those that need an announcement, in their order.

    Of a personal record only the place and the SHA-256 are kept. `parked` marks that others wait on a topic of
    their own, after those `waiting` here: the `id` and `place` of the last, what they await, and the `version` in
    which it joined, so that no two of these marks are the same.
    """

    pending: list[KeptRecord] = field(default_factory=list)
    waiting: list[KeptRecord] = field(default_factory=list)
    parked: KeptRecord | None = None

    @property
    def first(self) -> KeptRecord | None:
        """The first of the records that wait here or, where none does, the mark of those elsewhere."""
        return next(iter(self.waiting), self.parked)

    @property
    def awaits(self) -> str:
        """What the records that wait, here and elsewhere, wait for."""
        return str(self.first["awaits"]) if self.first else ""

    def next_pending(self, stream: str, last: int) -> KeptRecord | None:
        """The pending record that follows number `last` of its stream."""
        in_turn = (r for r in self.pending if r["stream"] == stream and r["seq"] <= last + 1)
        return next(in_turn, None)

    def add_pending(self, cause: Cause[Any], now: datetime) -> Literal["pending", "duplicate", "gap"]:
        """Keep a record until the one before it comes; `gap` where there is no room."""
        if any(r["stream"] == cause.stream and r["seq"] == cause.seq for r in self.pending):
            return "duplicate"
        if len(self.pending) >= MOST_PENDING or not self._fits(cause):
            return "gap"
        self.pending.append(_kept(cause, now))
        return "pending"

    def add_waiting(
        self, cause: Cause[Any], named: str, version: int, now: datetime
    ) -> Literal["waiting", "parked"]:
        """Keep a record as the last of those that wait; one that has to wait elsewhere is only marked here."""
        mark = {"id": str(cause.id), "awaits": named}
        if self.parked is None and len(self.waiting) < MOST_WAITING and self._fits(cause):
            self.waiting.append({**_kept(cause, now), **mark})
            return "waiting"
        self.parked = {**mark, "place": cause.place, "version": version}
        return "parked"

    def is_next(self, cause: Cause[Any]) -> bool:
        """Whether a record that waited need not wait behind one that waits here.

        One that was sent again under the id of the first is told from it by its place: the first counts.
        """
        if not self.waiting:
            return True
        first = self.waiting[0]
        return first["id"] == str(cause.id) and (first.get("place") or UNKNOWN) == (cause.place or UNKNOWN)

    def wait_first(self, cause: Cause[Any], named: str, now: datetime) -> bool:
        """Keep a record whose turn it is before all others that wait; whether that was possible."""
        name = str(cause.id)
        kept = next((record for record in self._records() if record.get("id") == name), None)
        if kept or self._fits(cause):
            self.remove([name])
            self.waiting.insert(0, {**(kept or _kept(cause, now)), "id": name, "awaits": named})
            return True
        if self.parked:
            self.parked = {**self.parked, "awaits": named}
        return self.parked is not None

    def remove(self, ids: Collection[str]) -> None:
        """Keep the records of these causes no longer."""
        self.pending = [record for record in self.pending if record.get("id") not in ids]
        self.waiting = [record for record in self.waiting if record["id"] not in ids]

    def overdue(self, now: datetime) -> list[KeptRecord]:
        """The pending records whose predecessor did not come in time."""
        return [record for record in self.pending if is_overdue(record["at"], now)]

    def remove_pending(self, records: Sequence[KeptRecord]) -> None:
        self.pending = [record for record in self.pending if record not in records]

    def unpark(self, mark: KeptRecord) -> bool:
        """Forget those elsewhere, unless another joined since this mark or one of them waits here now."""
        if self.parked != mark or self.waiting:
            return False
        self.parked = None
        return True

    def _fits(self, cause: Cause[Any]) -> bool:
        """Whether a record can be kept beside the others in a document that the store still takes."""
        others = (record["raw"] for record in self._records() if record.get("id") != str(cause.id))
        size = 0 if cause.personal else len(cause.raw)
        return size <= RECORD_BYTES and size + sum(len(raw.encode()) for raw in others) <= BACKLOG_BYTES

    def _records(self) -> Iterator[KeptRecord]:
        yield from self.pending
        yield from self.waiting


def _kept(cause: Cause[Any], now: datetime) -> KeptRecord:
    content = (
        {"raw": "", "sha256": sha256(cause.raw).hexdigest()}
        if cause.personal
        else {"raw": cause.raw.decode()}
    )
    return {"stream": cause.stream, "seq": cause.seq, **content, "at": stamp(now), "place": cause.place}


def is_overdue(since: str, now: datetime) -> bool:
    """Whether a record kept since then has waited long enough for the one before it."""
    return since <= stamp(now - PATIENCE)
