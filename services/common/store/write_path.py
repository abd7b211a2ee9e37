"""The one write path: load, decide, write on condition of the version, publish; here lost races are resolved."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple, NoReturn, Protocol
from uuid import UUID

from services.common.kafka.outbox import OutboxPublisher
from services.common.runtime.bisection import bisect
from services.common.runtime.clock import wall
from services.common.runtime.failures import backoff
from services.common.runtime.progress import note_progress
from services.common.store.backlog import UNKNOWN, KeptRecord, is_overdue
from services.common.store.codec import backlog_of, from_stored, readable, to_stored
from services.common.store.decision import Cause, Decide, M, Outcome, S
from services.common.store.document import Document
from services.common.store.history import Page

CONFLICTS = 50

WriteDeadLetter = Callable[[UUID, KeptRecord], Awaitable[None]]


class Documents(Protocol):
    """Where documents rest. Every write is conditional and lost races are named, not raised."""

    async def load(self, keys: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]: ...

    async def write(self, documents: Sequence[dict[str, Any]]) -> set[int]:
        """Write each where the store still has `version` - 1; the indexes of those that lost."""

    async def archive(self, pages: Iterable[tuple[UUID, Page]]) -> None: ...

    async def clear(self, sent: Mapping[UUID, Sequence[str]]) -> None:
        """Take acknowledged events out of the outboxes."""

    def leftovers(self) -> AsyncIterator[dict[str, Any]]:
        """Documents that owe events to Kafka or keep records: `_id`, `outbox` and the fields of the backlog."""


class Wanted(NamedTuple):
    """What a document waits for, and the partition from which its records came; below zero it is not known."""

    named: str
    partition: int


class ConflictError(Exception):
    """A document kept changing under every attempt."""


def _never_kept(_stream: str, _raw: bytes) -> NoReturn:
    raise NotImplementedError("causes of this kind come in no sequence, so none is ever kept")


@dataclass(frozen=True, slots=True)
class Store(Generic[S]):
    """Changes documents of one kind. `revive` turns a kept record back into its cause, where causes have a sequence.

    `now` is business time, for those who decide; `wall` is not scaled and times what is kept.
    `pending_since` tells since when each record waits for the one before it, by document;
    `awaiting` what announcement a document waits for. Both know what this process wrote or has looked at.
    """

    state: type[S]
    documents: Documents
    publisher: OutboxPublisher
    now: Callable[[], datetime]
    conflicted: Callable[[], None]
    revive: Callable[[str, bytes], Cause[Any]] = _never_kept
    wall: Callable[[], datetime] = wall
    pending_since: dict[UUID, list[str]] = field(default_factory=dict)
    awaiting: dict[UUID, Wanted] = field(default_factory=dict)

    async def change(self, cause: Cause[M], decide: Decide[S, M]) -> list[Outcome[S, M]]:
        """Apply one cause, deciding again whenever another writer was faster.

        The first outcome is the cause's own; others are of pending records whose turn came with it.
        """
        for tries in range(CONFLICTS):
            outcomes, lost = await self._attempt([cause], decide)
            if not lost:
                return outcomes
            self.conflicted()
            # What overtook us is read only once a majority has it.
            await asyncio.sleep(backoff(tries, base=0.001, most=0.5))
        raise ConflictError(str(cause.key))

    async def change_many(self, causes: Sequence[Cause[M]], decide: Decide[S, M]) -> list[Outcome[S, M]]:
        """Apply a batch in arrival order; the causes whose document lost its race go one by one."""
        outcomes, lost = await self._attempt(causes, decide)
        for cause in causes if lost else ():
            if cause.key in lost:
                self.conflicted()
                outcomes.extend(await self.change(cause, decide))
        return outcomes

    async def change_isolated(self, causes: Sequence[Cause[M]], decide: Decide[S, M]) -> list[Outcome[S, M]]:
        """As `change_many`; what cannot be written, however that shows, fails alone."""

        async def change(some: Sequence[Cause[M]]) -> list[Outcome[S, M]]:
            return await self.change_many(some, decide)

        return await bisect(causes, change, lambda cause, error: Outcome("failed", cause, error=error))

    async def _attempt(
        self, causes: Sequence[Cause[M]], decide: Decide[S, M]
    ) -> tuple[list[Outcome[S, M]], set[UUID]]:
        """Load, decide, commit; what came of the causes, but for those of the documents that lost their race."""
        note_progress()
        drafts = await self._load({cause.key for cause in causes})
        outcomes = self._decide(drafts, causes, decide)
        lost = await self._commit(drafts.values())
        return [outcome for outcome in outcomes if outcome.cause.key not in lost], lost

    async def _load(self, keys: set[UUID]) -> dict[UUID, Document[S]]:
        stored = await self.documents.load(list(keys))
        return {key: self._document(key, stored) for key in keys}

    def _document(self, key: UUID, stored: Mapping[UUID, dict[str, Any]]) -> Document[S]:
        return from_stored(stored[key], self.state) if key in stored else Document(key)

    def _decide(
        self, drafts: Mapping[UUID, Document[S]], causes: Sequence[Cause[M]], decide: Decide[S, M]
    ) -> list[Outcome[S, M]]:
        """Take each cause in memory and, with it, the pending records whose turn it brings."""
        now = self.wall()
        outcomes = []
        for cause in causes:
            draft = drafts[cause.key]
            outcomes.append(draft.take(cause, decide, now))
            if cause.seq:
                outcomes.extend(self._decide_pending(draft, cause.stream, decide, now))
        return outcomes

    def _decide_pending(
        self, draft: Document[S], stream: str, decide: Decide[S, M], now: datetime
    ) -> list[Outcome[S, M]]:
        outcomes = []
        while record := draft.next_pending(stream):
            cause = replace(
                self.revive(record["stream"], record["raw"].encode()), place=record.get("place", "")
            )
            outcome = draft.take_pending(record, cause, decide, now)
            if outcome.kind == "failed":
                break
            outcomes.append(outcome)
        return outcomes

    async def _commit(self, drafts: Iterable[Document[S]]) -> set[UUID]:
        """Write what changed and have its outboxes published; the documents that somebody else changed first."""
        drafts = list(drafts)
        lost = await self._write([draft for draft in drafts if draft.changed])
        for draft in drafts:
            if draft.key not in lost:
                if draft.outbox.events:
                    self.publisher.add(self.documents.clear, draft.key, draft.outbox.events)
                self._note(draft)
        return lost

    async def _write(self, drafts: Sequence[Document[S]]) -> set[UUID]:
        if not drafts:
            return set()
        pages = [(draft.key, page) for draft in drafts for page in draft.history.pages]
        if pages:
            # Inserted before the update that drops them: a crash in between repeats, never loses.
            await self.documents.archive(pages)
        losers = await self.documents.write([to_stored(draft) for draft in drafts])
        return {drafts[index].key for index in losers}

    def _note(self, draft: Document[S]) -> None:
        """Remember what a document keeps as it rests now."""
        self._forget(draft.key)
        if draft.backlog.pending:
            self.pending_since[draft.key] = [record["at"] for record in draft.backlog.pending]
        if first := draft.backlog.first:
            partition = str(first.get("place") or UNKNOWN).split("/")[0]
            self.awaiting[draft.key] = Wanted(draft.backlog.awaits, int(partition))

    def _forget(self, key: UUID) -> None:
        self.pending_since.pop(key, None)
        self.awaiting.pop(key, None)

    async def look_after_leftovers(self) -> None:
        """Owe what a crash left in outboxes, and learn what is kept, whoever wrote it."""
        async for stored in self.documents.leftovers():
            key = UUID(stored["_id"])
            if stored["outbox"] and key not in self.publisher.unsent:
                # Two senders can double an event, never reorder it.
                self.publisher.add(self.documents.clear, key, stored["outbox"])
            self._note(Document(key, backlog=backlog_of(stored)))

    async def give_up(self, write_dead_letter: WriteDeadLetter) -> None:
        """Make dead letters of what was pending too long or failed in its turn; only then keep it no longer."""
        now = self.wall()
        for key in [key for key, since in self.pending_since.items() if is_overdue(min(since), now)]:
            for draft in await self._load_readable({key}):
                overdue = draft.backlog.overdue(now)
                for record in overdue:
                    await write_dead_letter(key, record)
                draft.backlog.remove_pending(overdue)
                draft.changed = True
                await self._commit_or_leave([draft])

    async def waiting(self, keys: set[UUID]) -> list[tuple[UUID, KeptRecord]]:
        """The records that wait in these documents for an announcement, those of each in their order."""
        return [(draft.key, record) for draft in await self._look(keys) for record in draft.backlog.waiting]

    async def parked(self, keys: set[UUID]) -> dict[UUID, KeptRecord]:
        """The marks of these documents whose next record waits elsewhere."""
        backlogs = {draft.key: draft.backlog for draft in await self._look(keys)}
        return {key: kept.parked for key, kept in backlogs.items() if kept.parked and not kept.waiting}

    async def _look(self, keys: set[UUID]) -> list[Document[S]]:
        drafts = await self._load_readable(keys)
        for draft in drafts:
            self._note(draft)
        return drafts

    async def _load_readable(self, keys: set[UUID]) -> list[Document[S]]:
        """Those of these documents that can be read: another keeps its records, and nothing else from its turn."""
        stored = await self.documents.load(list(keys))
        drafts = []
        for key in keys:
            draft = readable(str(key), partial(self._document, key, stored))
            if draft is None:
                self._forget(key)
            else:
                drafts.append(draft)
        return drafts

    async def release(self, key: UUID, cause: str) -> None:
        """Keep the record of this cause no longer, which now lies elsewhere."""
        drafts = await self._load_readable({key})
        for draft in drafts:
            draft.release(cause)
        await self._commit_or_leave(drafts)

    async def unpark(self, marks: Mapping[UUID, KeptRecord]) -> None:
        """All that waited elsewhere under these marks was handed out."""
        drafts = await self._load_readable(set(marks))
        for draft in drafts:
            draft.changed |= draft.backlog.unpark(marks[draft.key])
        await self._commit_or_leave(drafts)

    async def _commit_or_leave(self, drafts: Iterable[Document[S]]) -> None:
        """Commit; a document that somebody else changed first is looked at again in the next pass."""
        for _ in await self._commit(drafts):
            self.conflicted()
