"""A document as it is written: state, versions, sequences, outbox and history, changed in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Generic
from uuid import UUID

from schemas.base import stamp
from services.common.store import history
from services.common.store.decision import (
    Announced,
    Cause,
    Change,
    Decide,
    M,
    Outcome,
    OutcomeKind,
    Outgoing,
    Refusal,
    S,
    Wait,
)

RING = 200
ACTIONS = "actions"
HELD = 50
WAITERS = 50
RECORD_BYTES = 256 * 1024
HELD_BYTES = 4 * 1024 * 1024
PATIENCE = timedelta(minutes=10)


@dataclass(slots=True)
class Document(Generic[S]):
    """One aggregate. `outbox` holds events not yet known to be on Kafka, oldest first, each with when it was written.

    `seen` keeps, for each stream without a sequence and for actions, the newest causes that were applied.
    `held` are records that wait: those with `awaits` for an announcement, the others for the record before them.
    Of a personal one only the place and the SHA-256 are held.
    `parked` marks that others wait for an announcement elsewhere, after those held: the `id` and `place` of the
    last, what they await, and the `version` in which it joined, so that no two of these marks are the same.
    """

    key: UUID
    state: S | None = None
    version: int = 0
    revision: int = 0
    applied: dict[str, int] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[str]] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    parked: dict[str, Any] | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    head: str = history.GENESIS
    count: int = 0
    pages: list[history.Page] = field(default_factory=list)
    changed: bool = False

    def take(self, cause: Cause[M], decide: Decide[S, M], now: datetime) -> Outcome[S, M]:
        """Decide on one cause and fold what was decided into this document, in memory."""
        queued = self._queued(cause, now)
        return self._outcome(queued, cause) if queued else self._judge(cause, decide, now)

    def take_held(
        self, record: dict[str, Any], cause: Cause[M], decide: Decide[S, M], now: datetime
    ) -> Outcome[S, M]:
        """Decide on a held record whose turn has come, before all that wait; what fails or must wait stays held."""
        record["id"] = str(cause.id)
        outcome = self._judge(replace(cause, waited=True), decide, now)
        if outcome.kind == "failed":
            # Named now it could be lost before it is set aside; held, it is set aside first.
            record["reason"] = "failed"
            self.changed = True
        return outcome

    def _judge(self, cause: Cause[M], decide: Decide[S, M], now: datetime) -> Outcome[S, M]:
        standing = self._standing(cause, now)
        if standing != "applied":
            if standing != "gap":
                self._release(cause)
            return self._outcome(standing, cause)
        try:
            decision = decide(self.state, cause)
        except Exception as error:  # noqa: BLE001 - whatever a pure decision raises is the record's fault
            return Outcome("failed", cause, self.state, self.revision, error=error)
        if isinstance(decision, Wait):
            return self._wait(cause, decision, now)
        self._release(cause)
        return self._settle(cause, decision, now)

    def _settle(self, cause: Cause[M], decision: Change[S] | Refusal | None, now: datetime) -> Outcome[S, M]:
        if isinstance(decision, Refusal):
            if cause.seq:
                # A refused record has had its turn; a refused action may be asked for again.
                self._remember(cause)
            return Outcome("refused", cause, self.state, self.revision, refusal=decision)
        self._remember(cause)
        if decision is None:
            return self._outcome("ignored", cause)
        self._fold(cause, decision, now)
        return self._outcome("applied", cause)

    def _wait(self, cause: Cause[M], wait: Wait, now: datetime) -> Outcome[S, M]:
        """A record waits here; whoever acts is told."""
        kind: OutcomeKind = "waiting"
        if cause.waited:
            self._wait_on(cause, wait.named, now)
        elif cause.stream:
            kind = self._join(cause, wait.named, now)
        return Outcome(kind, cause, self.state, self.revision, awaits=wait.named)

    def _wait_on(self, cause: Cause[M], named: str, now: datetime) -> None:
        """One whose turn it is waits for something else, here and before all others."""
        name = str(cause.id)
        same = next((record for record in self.held if record.get("id") == name), None)
        if same or self._fits(cause):
            self.let_go([name])
            self.held.insert(0, {**(same or _held(cause, now)), "id": name, "awaits": named})
        elif self.parked:
            self.parked, self.changed = {**self.parked, "awaits": named}, True

    def _outcome(self, kind: OutcomeKind, cause: Cause[M]) -> Outcome[S, M]:
        return Outcome(kind, cause, self.state, self.revision)

    def _standing(self, cause: Cause[M], now: datetime) -> OutcomeKind:
        """Whether it is this cause's turn; `applied` means that it is."""
        if cause.seq:
            last = self.applied.get(cause.stream, 0)
            if cause.seq <= last:
                return "duplicate"
            in_turn = cause.seq == last + 1 or cause.restarts
            return "applied" if in_turn else self._hold(cause, now)
        for mark in self.seen.get(_ring(cause), ()):
            if mark.startswith(str(cause.id)):
                return "duplicate" if mark == _mark(cause) else "reused"
        stale = cause.revision is not None and cause.revision != self.revision
        return "stale" if stale else "applied"

    @property
    def waiters(self) -> list[dict[str, Any]]:
        """The records held until something is announced, in their order."""
        return [record for record in self.held if "awaits" in record]

    def _queued(self, cause: Cause[M], now: datetime) -> OutcomeKind | None:
        """Where others of this document wait for an announcement, a record waits behind them; None: it need not."""
        if not cause.stream or not (self.held or self.parked or cause.waited):
            return None
        waiters = [record["id"] for record in self.waiters]
        if not (waiters or self.parked) or self._is_known(cause):
            return None
        if cause.waited:
            # Of those held first, then of those elsewhere.
            is_its_turn = not waiters or waiters[0] == str(cause.id)
            return None if is_its_turn else "waiting"
        if str(cause.id) in waiters:
            return "duplicate"
        return self._join(cause, self.awaits, now)

    @property
    def first(self) -> dict[str, Any] | None:
        """The first of the records held for an announcement or, where none is, the mark of those elsewhere."""
        return next(iter(self.waiters), self.parked)

    @property
    def awaits(self) -> str:
        """What the records that wait here and elsewhere wait for."""
        return str(self.first["awaits"]) if self.first else ""

    def _is_known(self, cause: Cause[M]) -> bool:
        if cause.seq:
            return cause.seq <= self.applied.get(cause.stream, 0)
        return any(mark.startswith(str(cause.id)) for mark in self.seen.get(_ring(cause), ()))

    def _join(self, cause: Cause[M], named: str, now: datetime) -> OutcomeKind:
        """The last of those that wait; whoever has to wait elsewhere is only remembered here."""
        self.changed = True
        marks = {"id": str(cause.id), "awaits": named}
        if self.parked is None and len(self.waiters) < WAITERS and self._fits(cause):
            self.held.append({**_held(cause, now), **marks})
            return "waiting"
        self.parked = {**marks, "place": cause.place, "version": self.version + 1}
        return "parked"

    def _fits(self, cause: Cause[M]) -> bool:
        """Whether a record can be held beside the others in a document that the store still takes."""
        others = (record["raw"] for record in self.held if record.get("id") != str(cause.id))
        size = 0 if cause.personal else len(cause.raw)
        return size <= RECORD_BYTES and size + sum(len(raw.encode()) for raw in others) <= HELD_BYTES

    def _release(self, cause: Cause[M]) -> None:
        if cause.waited:
            self.let_go([str(cause.id)])

    def let_go(self, ids: Sequence[str]) -> None:
        """Hold these no more."""
        self.held = [record for record in self.held if record.get("id") not in ids]
        self.changed = True

    def unpark(self, mark: dict[str, Any]) -> None:
        """None waits elsewhere any more, unless another joined since this mark or one of them is held now."""
        if self.parked == mark and not self.waiters:
            self.parked, self.changed = None, True

    def _hold(self, cause: Cause[M], now: datetime) -> OutcomeKind:
        """An earlier record is missing: keep this one until it comes."""
        gaps = [record for record in self.held if "awaits" not in record]
        if any(h["stream"] == cause.stream and h["seq"] == cause.seq for h in gaps):
            return "duplicate"
        if len(gaps) >= HELD or not self._fits(cause):
            return "gap"
        self.held.append(_held(cause, now))
        self.changed = True
        return "held"

    def next_held(self, stream: str) -> dict[str, Any] | None:
        """The held record whose turn has come."""
        for record in self.held:
            in_turn = record["stream"] == stream and record["seq"] <= self.applied.get(stream, 0) + 1
            if in_turn and "awaits" not in record:
                return record
        return None

    def drop(self, records: Sequence[dict[str, Any]]) -> None:
        """Hold these no more."""
        self.held = [record for record in self.held if record not in records]
        self.changed = True

    def _remember(self, cause: Cause[M]) -> None:
        if cause.seq:
            self.applied[cause.stream] = cause.seq
        elif cause.once:
            ring = _ring(cause)
            self.seen[ring] = [*self.seen.get(ring, ())[-RING + 1 :], _mark(cause)]
        else:
            return
        self.changed = True

    def _fold(self, cause: Cause[M], change: Change[S], now: datetime) -> None:
        self.state = change.state
        self.revision += change.visible
        self.changed = True
        at = stamp(now)
        self.outbox.extend(self._stored(event, at) for event in change.events)
        for entry in change.history:
            stored = history.link(self.count + 1, self.head, entry, str(cause.id))
            self.entries.append(stored)
            self.head, self.count = stored["hash"], self.count + 1
        pages, self.entries = history.split(self.entries)
        self.pages.extend(pages)

    def _stored(self, event: Outgoing | Announced, at: str) -> dict[str, Any]:
        if isinstance(event, Announced):
            body = event.value.model_dump_json()
            return {"id": str(event.id), "topic": event.topic, "key": event.key, "body": body, "at": at}
        seq = self.seqs[event.topic] = self.seqs.get(event.topic, 0) + 1
        message = event.message.model_copy(update={"seq": seq})
        key = event.key or str(self.key)
        body = message.model_dump_json()
        return {"id": str(message.id), "topic": event.topic, "key": key, "body": body, "at": at}


def _held(cause: Cause[M], now: datetime) -> dict[str, Any]:
    what = (
        {"raw": "", "sha256": sha256(cause.raw).hexdigest()}
        if cause.personal
        else {"raw": cause.raw.decode()}
    )
    return {"stream": cause.stream, "seq": cause.seq, **what, "at": stamp(now), "place": cause.place}


def _ring(cause: Cause[M]) -> str:
    """Where a cause is remembered: messages, however many, must not push out what people did."""
    return cause.stream or ACTIONS


def _mark(cause: Cause[M]) -> str:
    return f"{cause.id}:{cause.digest}" if cause.digest else str(cause.id)


def outwaited(since: str, now: datetime) -> bool:
    """Whether a record held back since then has waited long enough for the one before it."""
    return since <= stamp(now - PATIENCE)
