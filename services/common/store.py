"""The one write path: load, decide, write on condition of the version, publish."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol
from uuid import UUID

from services.common.clock import wall
from services.common.decision import Cause, Decide, M, Outcome, S
from services.common.document import Document, from_stored, to_stored
from services.common.history import Page
from services.common.relay import Relay

CONFLICTS = 50


class Documents(Protocol):
    """Where documents rest. Every write is conditional and lost races are named, not raised."""

    async def load(self, keys: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]: ...

    async def write(self, documents: Sequence[dict[str, Any]]) -> set[int]:
        """Write each where the store still has `version` - 1; the indexes of those that lost."""

    async def archive(self, pages: Iterable[tuple[UUID, Page]]) -> None: ...

    async def clear(self, sent: Mapping[UUID, Sequence[str]]) -> None:
        """Take acknowledged events out of the outboxes."""


class ConflictError(Exception):
    """A document kept changing under every attempt."""


@dataclass(frozen=True, slots=True)
class Store(Generic[S]):
    """Changes documents of one kind. `revive` turns a held record back into its cause.

    `now` is business time, for those who decide; `wall` is not scaled and times what is held back.
    """

    state: type[S]
    documents: Documents
    relay: Relay
    now: Callable[[], datetime]
    revive: Callable[[str, bytes], Cause[Any]]
    conflicted: Callable[[], None]
    wall: Callable[[], datetime] = wall

    async def change(self, cause: Cause[M], decide: Decide[S, M]) -> list[Outcome[S, M]]:
        """Apply one cause, deciding again whenever another writer was faster.

        The first outcome is the cause's own; others are of held records it released.
        """
        for _ in range(CONFLICTS):
            outcomes, lost = await self._attempt([cause], decide)
            if not lost:
                return outcomes
            self.conflicted()
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

    async def _attempt(
        self, causes: Sequence[Cause[M]], decide: Decide[S, M]
    ) -> tuple[list[Outcome[S, M]], set[UUID]]:
        drafts = await self._drafts({cause.key for cause in causes})
        now = self.wall()
        outcomes = []
        for cause in causes:
            outcomes.extend(self._take(drafts[cause.key], cause, decide, now))
        lost = await self._write([draft for draft in drafts.values() if draft.changed])
        for key, draft in drafts.items():
            if key not in lost and draft.outbox:
                self.relay.add(self.documents.clear, key, draft.outbox)
        return [outcome for outcome in outcomes if outcome.cause.key not in lost], lost

    async def _drafts(self, keys: set[UUID]) -> dict[UUID, Document[S]]:
        stored = await self.documents.load(list(keys))
        return {key: from_stored(stored[key], self.state) if key in stored else Document(key) for key in keys}

    def _take(
        self, draft: Document[S], cause: Cause[M], decide: Decide[S, M], now: datetime
    ) -> list[Outcome[S, M]]:
        outcomes = [draft.take(cause, decide, now)]
        while cause.seq and (record := draft.next_held(cause.stream)):
            released = self.revive(record["stream"], record["raw"].encode())
            outcomes.append(draft.take(released, decide, now))
        for record in draft.outwaited(now):
            released = self.revive(record["stream"], record["raw"].encode())
            outcomes.append(Outcome("gap", released, draft.state))
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
