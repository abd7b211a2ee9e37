"""The one write path: load, decide, write on condition of the version, publish."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, NamedTuple, NoReturn, Protocol
from uuid import UUID

from services.common.kafka.outbox import OutboxPublisher
from services.common.runtime.bisection import bisect
from services.common.runtime.clock import wall
from services.common.runtime.failures import backoff
from services.common.runtime.progress import note_progress
from services.common.store.codec import from_stored, to_stored
from services.common.store.decision import Cause, Decide, M, Outcome, S
from services.common.store.document import Document, outwaited
from services.common.store.history import Page

CONFLICTS = 50
UNKNOWN = "-1/-1"

Held = dict[str, Any]
SetAside = Callable[[UUID, Held], Awaitable[None]]


class Documents(Protocol):
    """Where documents rest. Every write is conditional and lost races are named, not raised."""

    async def load(self, keys: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]: ...

    async def write(self, documents: Sequence[dict[str, Any]]) -> set[int]:
        """Write each where the store still has `version` - 1; the indexes of those that lost."""

    async def archive(self, pages: Iterable[tuple[UUID, Page]]) -> None: ...

    async def clear(self, sent: Mapping[UUID, Sequence[str]]) -> None:
        """Take acknowledged events out of the outboxes."""

    def leftovers(self) -> AsyncIterator[dict[str, Any]]:
        """Documents that owe events to Kafka or keep records waiting: `_id`, `outbox`, `held` and `parked`."""


class Waits(NamedTuple):
    """What a document waits for, and the partition from which its records came; below zero it is not known."""

    named: str
    partition: int


class ConflictError(Exception):
    """A document kept changing under every attempt."""


def _never_held(_stream: str, _raw: bytes) -> NoReturn:
    raise NotImplementedError("causes of this kind come in no sequence, so none is ever held")


@dataclass(frozen=True, slots=True)
class Store(Generic[S]):
    """Changes documents of one kind. `revive` turns a held record back into its cause, where causes have a sequence.

    `now` is business time, for those who decide; `wall` is not scaled and times what is held back.
    `holding` tells since when each record that a document is known to hold back has waited for the one before it;
    `awaiting` what announcement the documents wait for that are known to keep records for one.
    """

    state: type[S]
    documents: Documents
    publisher: OutboxPublisher
    now: Callable[[], datetime]
    conflicted: Callable[[], None]
    revive: Callable[[str, bytes], Cause[Any]] = _never_held
    wall: Callable[[], datetime] = wall
    holding: dict[UUID, list[str]] = field(default_factory=dict)
    awaiting: dict[UUID, Waits] = field(default_factory=dict)

    async def change(self, cause: Cause[M], decide: Decide[S, M]) -> list[Outcome[S, M]]:
        """Apply one cause, deciding again whenever another writer was faster.

        The first outcome is the cause's own; others are of held records it released.
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
        if not lost:
            return outcomes
        for cause in causes:
            if cause.key in lost:
                self.conflicted()
                outcomes.extend(await self.change(cause, decide))
        return outcomes

    async def change_each(self, causes: Sequence[Cause[M]], decide: Decide[S, M]) -> list[Outcome[S, M]]:
        """As `change_many`; what cannot be written, however that shows, fails alone."""

        async def change(some: Sequence[Cause[M]]) -> list[Outcome[S, M]]:
            return await self.change_many(some, decide)

        return await bisect(causes, change, lambda cause, error: Outcome("failed", cause, error=error))

    async def look_after_leftovers(self) -> None:
        """Owe what a crash left in outboxes, and learn what is held back, whoever wrote it."""
        async for stored in self.documents.leftovers():
            key = UUID(stored["_id"])
            if stored["outbox"] and key not in self.publisher.unsent:
                # Two senders can double an event, never reorder it.
                self.publisher.add(self.documents.clear, key, stored["outbox"])
            self._note(Document(key, held=stored["held"], parked=stored.get("parked")))

    async def give_up(self, set_aside: SetAside) -> None:
        """Set aside what waited too long for the record before it or failed in its turn; only then hold it no more."""
        now = self.wall()
        for key in [key for key, since in self.holding.items() if outwaited(min(since), now)]:
            draft = (await self._drafts({key}))[key]
            late = [r for r in draft.held if "awaits" not in r and outwaited(r["at"], now)]
            for record in late:
                await set_aside(key, record)
            draft.drop(late)
            await self._put([draft])

    async def _put(self, drafts: Sequence[Document[S]]) -> None:
        """Write those that changed; where somebody was faster, what is there is looked at in the next pass."""
        lost = await self._write([draft for draft in drafts if draft.changed])
        for draft in drafts:
            if draft.key in lost:
                self.conflicted()
            else:
                self._written(draft)

    def _written(self, draft: Document[S]) -> None:
        """What is known of a document as it rests now."""
        if draft.outbox:
            self.publisher.add(self.documents.clear, draft.key, draft.outbox)
        self._note(draft)

    def _note(self, draft: Document[S]) -> None:
        self.holding.pop(draft.key, None)
        self.awaiting.pop(draft.key, None)
        if since := [record["at"] for record in draft.held if "awaits" not in record]:
            self.holding[draft.key] = since
        if draft.first:
            partition = str(draft.first.get("place") or UNKNOWN).split("/")[0]
            self.awaiting[draft.key] = Waits(draft.awaits, int(partition))

    async def waiters(self, keys: set[UUID]) -> list[tuple[UUID, Held]]:
        """The records held in these documents for an announcement, those of each in their order."""
        return [(draft.key, record) for draft in await self._look(keys) for record in draft.waiters]

    async def parked(self, keys: set[UUID]) -> dict[UUID, Held]:
        """The marks of these documents whose next record waits elsewhere."""
        drafts = await self._look(keys)
        return {draft.key: draft.parked for draft in drafts if draft.parked and not draft.waiters}

    async def _look(self, keys: set[UUID]) -> list[Document[S]]:
        drafts = list((await self._drafts(keys)).values())
        for draft in drafts:
            self._note(draft)
        return drafts

    async def let_go(self, key: UUID, record: str) -> None:
        """Keep a record waiting no more that now lies elsewhere."""
        draft = (await self._drafts({key}))[key]
        draft.let_go([record])
        await self._put([draft])

    async def unpark(self, marks: Mapping[UUID, Held]) -> None:
        """All that waited elsewhere under these marks was handed out."""
        drafts = await self._drafts(set(marks))
        for key, draft in drafts.items():
            draft.unpark(marks[key])
        await self._put(list(drafts.values()))

    async def _attempt(
        self, causes: Sequence[Cause[M]], decide: Decide[S, M]
    ) -> tuple[list[Outcome[S, M]], set[UUID]]:
        note_progress()
        drafts = await self._drafts({cause.key for cause in causes})
        now = self.wall()
        outcomes = []
        for cause in causes:
            outcomes.extend(self._take(drafts[cause.key], cause, decide, now))
        lost = await self._write([draft for draft in drafts.values() if draft.changed])
        for key, draft in drafts.items():
            if key not in lost:
                self._written(draft)
        return [outcome for outcome in outcomes if outcome.cause.key not in lost], lost

    async def _drafts(self, keys: set[UUID]) -> dict[UUID, Document[S]]:
        stored = await self.documents.load(list(keys))
        return {key: from_stored(stored[key], self.state) if key in stored else Document(key) for key in keys}

    def _take(
        self, draft: Document[S], cause: Cause[M], decide: Decide[S, M], now: datetime
    ) -> list[Outcome[S, M]]:
        outcomes = [draft.take(cause, decide, now)]
        while cause.seq and (record := draft.next_held(cause.stream)):
            revived = self.revive(record["stream"], record["raw"].encode())
            released = replace(revived, place=record.get("place", ""))
            outcome = draft.take_held(record, released, decide, now)
            if outcome.kind == "failed":
                break
            outcomes.append(outcome)
        return outcomes

    async def _write(self, drafts: Sequence[Document[S]]) -> set[UUID]:
        if not drafts:
            return set()
        pages = [(draft.key, page) for draft in drafts for page in draft.pages]
        if pages:
            # Inserted before the update that drops them: a crash in between repeats, never loses.
            await self.documents.archive(pages)
        losers = await self.documents.write([to_stored(draft) for draft in drafts])
        return {drafts[index].key for index in losers}
