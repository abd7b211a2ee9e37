"""A document as it is written, changed in memory: a cause is taken, decided and folded in."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic
from uuid import UUID

from schemas.base import stamp
from services.common.store.backlog import Backlog, KeptRecord
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
from services.common.store.history import History
from services.common.store.sequence import Applied


@dataclass(slots=True)
class Outbox:
    """`events` are not yet known to be on Kafka, oldest first; `numbers` holds the last sequence number by topic."""

    events: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, event: Outgoing | Announced, key: str, at: str) -> None:
        """Put an event last, under `key` unless it has one of its own."""
        if isinstance(event, Announced):
            key, body = event.key, event.value.model_dump_json()
        else:
            seq = self.numbers[event.topic] = self.numbers.get(event.topic, 0) + 1
            key, body = event.key or key, event.message.model_copy(update={"seq": seq}).model_dump_json()
        self.events.append({"id": str(event.id), "topic": event.topic, "key": key, "body": body, "at": at})


@dataclass(slots=True)
class Document(Generic[S]):
    """One aggregate; `changed` once it has to be written."""

    key: UUID
    state: S | None = None
    version: int = 0
    revision: int = 0
    applied: Applied = field(default_factory=Applied)
    backlog: Backlog = field(default_factory=Backlog)
    outbox: Outbox = field(default_factory=Outbox)
    history: History = field(default_factory=History)
    changed: bool = False

    def take(self, cause: Cause[M], decide: Decide[S, M], now: datetime) -> Outcome[S, M]:
        """Decide on one cause, unless it has to wait behind others."""
        kind = self._queue(cause, now)
        return self._outcome(kind, cause) if kind else self._decide(cause, decide, now)

    def take_pending(
        self, record: KeptRecord, cause: Cause[M], decide: Decide[S, M], now: datetime
    ) -> Outcome[S, M]:
        """Decide on a pending record whose turn has come, before all that wait; it is kept where that fails."""
        record["id"] = str(cause.id)
        outcome = self._decide(replace(cause, waited=True), decide, now)
        if outcome.kind == "failed":
            # Named now it could be lost before it is a dead letter; kept, it becomes one first.
            record["reason"] = "failed"
            self.changed = True
        return outcome

    def next_pending(self, stream: str) -> KeptRecord | None:
        """The pending record whose turn has come."""
        return self.backlog.next_pending(stream, self.applied.numbers.get(stream, 0))

    def release(self, name: str) -> None:
        """Keep the record of this cause no longer."""
        self.backlog.remove([name])
        self.changed = True

    def _queue(self, cause: Cause[M], now: datetime) -> OutcomeKind | None:
        """Where others wait for an announcement a record waits behind them; None where it need not."""
        if not cause.stream or self.backlog.first is None or self.applied.contains(cause):
            return None
        if cause.waited:
            # Of those that wait here first, then of those elsewhere.
            return None if self.backlog.is_next(cause) else "waiting"
        if any(record["id"] == str(cause.id) for record in self.backlog.waiting):
            return "duplicate"
        return self._add_waiting(cause, self.backlog.awaits, now)

    def _decide(self, cause: Cause[M], decide: Decide[S, M], now: datetime) -> Outcome[S, M]:
        if kind := self._obstacle(cause, now):
            if kind != "gap":
                self._release_waited(cause)
            return self._outcome(kind, cause)
        try:
            decision = decide(self.state, cause)
        except Exception as error:  # noqa: BLE001 - whatever a pure decision raises is the record's fault
            return Outcome("failed", cause, self.state, self.revision, error=error)
        if isinstance(decision, Wait):
            return self._wait(cause, decision, now)
        self._release_waited(cause)
        return self._fold(cause, decision, now)

    def _obstacle(self, cause: Cause[M], now: datetime) -> OutcomeKind | None:
        """Why a cause cannot be decided now; None where it is its turn."""
        verdict = self.applied.check(cause)
        if verdict == "early":
            kind = self.backlog.add_pending(cause, now)
            self.changed |= kind == "pending"
            return kind
        if verdict != "next":
            return verdict
        is_stale = not cause.seq and cause.revision is not None and cause.revision != self.revision
        return "stale" if is_stale else None

    def _wait(self, cause: Cause[M], wait: Wait, now: datetime) -> Outcome[S, M]:
        """A record waits here; of an action nothing is kept."""
        kind: OutcomeKind = "waiting"
        if cause.waited:
            self.changed |= self.backlog.wait_first(cause, wait.named, now)
        elif cause.stream:
            kind = self._add_waiting(cause, wait.named, now)
        return Outcome(kind, cause, self.state, self.revision, awaits=wait.named)

    def _add_waiting(self, cause: Cause[M], named: str, now: datetime) -> OutcomeKind:
        self.changed = True
        return self.backlog.add_waiting(cause, named, self.version + 1, now)

    def _release_waited(self, cause: Cause[M]) -> None:
        if cause.waited:
            self.release(str(cause.id))

    def _fold(self, cause: Cause[M], decision: Change[S] | Refusal | None, now: datetime) -> Outcome[S, M]:
        """Take over what was decided; a refused record has had its turn, a refused action may be asked for again."""
        if cause.seq or not isinstance(decision, Refusal):
            self.changed |= self.applied.remember(cause)
        if isinstance(decision, Refusal):
            return Outcome("refused", cause, self.state, self.revision, refusal=decision)
        if decision is None:
            return self._outcome("ignored", cause)
        self._apply(cause, decision, stamp(now))
        return self._outcome("applied", cause)

    def _apply(self, cause: Cause[M], change: Change[S], at: str) -> None:
        self.state = change.state
        self.revision += change.visible
        self.changed = True
        for event in change.events:
            self.outbox.add(event, str(self.key), at)
        self.history.extend(change.history, str(cause.id))

    def _outcome(self, kind: OutcomeKind, cause: Cause[M]) -> Outcome[S, M]:
        return Outcome(kind, cause, self.state, self.revision)
