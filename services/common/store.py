"""The one write path: load, decide, write on condition of the version, publish."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, NoReturn, Protocol
from uuid import UUID

from services.common.bisection import bisect
from services.common.clock import wall
from services.common.decision import Cause, Decide, M, Outcome, S
from services.common.document import Document, from_stored, outwaited, to_stored
from services.common.failures import backoff
from services.common.history import Page
from services.common.progress import note_progress
from services.common.relay import Relay

CONFLICTS = 50

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
    relay: Relay
    now: Callable[[], datetime]
    conflicted: Callable[[], None]
    revive: Callable[[str, bytes], Cause[Any]] = _never_held
    wall: Callable[[], datetime] = wall
    holding: dict[UUID, list[str]] = field(default_factory=dict)
    awaiting: dict[UUID, str] = field(default_factory=dict)

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
            if stored["outbox"] and key not in self.relay.unsent:
                # Two senders can double an event, never reorder it.
                self.relay.add(self.documents.clear, key, stored["outbox"])
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
            if late and await self._write([draft]):
                # Somebody was faster: what is still held there is looked at in the next pass.
                self.conflicted()
            else:
                self._written(draft)

    def _written(self, draft: Document[S]) -> None:
        """What is known of a document as it rests now."""
        if draft.outbox:
            self.relay.add(self.documents.clear, draft.key, draft.outbox)
        self._note(draft)

    def _note(self, draft: Document[S]) -> None:
        self.holding.pop(draft.key, None)
        self.awaiting.pop(draft.key, None)
        if since := [record["at"] for record in draft.held if "awaits" not in record]:
            self.holding[draft.key] = since
        if draft.waiters or draft.parked:
            self.awaiting[draft.key] = draft.awaits

    async def waiters(self, keys: set[UUID]) -> list[tuple[UUID, Held]]:
        """The records that wait in these documents for an announcement, those of each in their order."""
        drafts = await self._drafts(keys)
        for draft in drafts.values():
            self._note(draft)
        return [(key, record) for key, draft in drafts.items() for record in draft.waiters]

    async def let_go(self, key: UUID, record: str) -> None:
        """Keep a record waiting no more that now lies elsewhere."""
        draft = (await self._drafts({key}))[key]
        draft.let_go([record])
        if await self._write([draft]):
            self.conflicted()
        else:
            self._written(draft)

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
            outcome = draft.take(released, decide, now)
            if outcome.kind == "failed":
                # Named now it could be lost before it is set aside; held, it is set aside first.
                draft.held.insert(0, {**record, "reason": "failed"})
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
