"""Publishes outboxes: whole, in order, and takes out of the store only what was acknowledged."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.common.runtime.clock import wall
from services.common.runtime.failures import TRANSIENT, retry

log = logging.getLogger(__name__)

Clear = Callable[[Mapping[UUID, Sequence[str]]], Awaitable[None]]
"""Takes acknowledged events, by their ids, out of the outboxes of documents: `clear` of `store/mongo.py`."""
Flight = tuple[UUID, dict[str, Any], asyncio.Future[Any]]
SEND_TIMEOUT = 30.0


class Producer(Protocol):
    """The part of a Kafka producer that is needed: queue a record, get a future of its fate."""

    async def send(self, topic: str, value: bytes, key: bytes) -> asyncio.Future[Any]: ...


@dataclass(slots=True)
class Unsent:
    """The events of one document that Kafka has not acknowledged.

    `again` names events that were acknowledged, but that a writer who had read the document before they
    were taken out may have brought back: they are taken out once more, and not sent.
    """

    clear: Clear
    events: list[dict[str, Any]]
    again: list[str] = field(default_factory=list)


@dataclass(slots=True)
class OutboxPublisher:
    """The unsent outboxes this process has met, and the way to send them."""

    producer: Producer
    prefix: str = ""
    unsent: dict[UUID, Unsent] = field(default_factory=dict)
    published: Callable[[str], None] = lambda _topic: None
    wall: Callable[[], datetime] = wall
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _flying: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    def add(self, clear: Clear, key: UUID, outbox: Sequence[dict[str, Any]]) -> None:
        """Have the whole outbox of a document published.

        What is unsent from before stays first: a slow writer may bring an older outbox than a fast one.
        """
        before = self.unsent.get(key) or Unsent(clear, [])
        names = {*before.again, *(event["id"] for event in before.events)}
        events = [*before.events, *(event for event in outbox if event["id"] not in names)]
        self.unsent[key] = Unsent(clear, events, before.again)
        self._news.set()

    def oldest_seconds(self) -> float:
        """Age of the oldest event not yet on Kafka, since it was written, whoever wrote it."""
        firsts = [unsent.events[0]["at"] for unsent in self.unsent.values() if unsent.events]
        if not firsts:
            return 0.0
        return max(0.0, (self.wall() - datetime.fromisoformat(min(firsts))).total_seconds())

    async def flush(self) -> None:
        """Publish all that is unsent; raises what Kafka or the store raised, and the rest stays unsent."""
        async with self._busy:
            self._news.clear()
            unsent = dict(self.unsent)
            if not unsent:
                return
            try:
                futures = await self._send(unsent)
                sent = self._acknowledged(unsent, futures)
                missing = sum(len(unsent[key].events) - len(sent[key]) for key in unsent)
                await self._clear(unsent, sent)
            finally:
                if self.unsent:
                    self._news.set()
        for *_, future in futures:
            if (error := future.exception()) and not isinstance(error, TRANSIENT):
                # A producer that lost its place in a sequence never finds it again; a new process does.
                raise error
        if missing:
            raise TimeoutError(f"{missing} events were not acknowledged")

    async def _send(self, unsent: Mapping[UUID, Unsent]) -> Sequence[Flight]:
        """Queue every unsent event, unless it is still in flight since the last time, and wait for their fates."""
        futures: list[Flight] = []
        async with asyncio.timeout(SEND_TIMEOUT):
            for key, of_document in unsent.items():
                for event in of_document.events:
                    name, topic = event["id"], self.prefix + event["topic"]
                    if name not in self._flying:
                        body, to = event["body"].encode(), event["key"].encode()
                        self._flying[name] = await self.producer.send(topic, body, to)
                    futures.append((key, event, self._flying[name]))
            if futures:
                await asyncio.wait([future for *_, future in futures])
        for _, event, _ in futures:
            self._flying.pop(event["id"], None)
        return futures

    def _acknowledged(
        self, unsent: Mapping[UUID, Unsent], futures: Sequence[Flight]
    ) -> dict[UUID, list[str]]:
        """Per document the ids up to the first failure: what follows one is sent again."""
        sent: dict[UUID, list[str]] = {key: [] for key in unsent}
        failed: set[UUID] = set()
        for key, event, future in futures:
            if (error := future.exception()) is not None:
                log.warning("not published", extra={"reason": repr(error), "topic": event["topic"]})
                failed.add(key)
            elif key not in failed:
                sent[key].append(event["id"])
                self.published(event["topic"])
        return sent

    async def _clear(self, unsent: Mapping[UUID, Unsent], sent: Mapping[UUID, Sequence[str]]) -> None:
        """Take what was acknowledged out of the store; it is not sent again, even while that is not possible."""
        by_clear: dict[Clear, dict[UUID, Sequence[str]]] = {}
        for key, ids in sent.items():
            if gone := [*unsent[key].again, *ids]:
                by_clear.setdefault(unsent[key].clear, {})[key] = gone
            self._acknowledge(key, ids)
        for clear, cleared in by_clear.items():
            await clear(cleared)
        for key in sent:
            self._forget(key, unsent[key])

    def _acknowledge(self, key: UUID, ids: Sequence[str]) -> None:
        now = self.unsent[key]
        now.again = [*now.again, *ids]
        now.events = [event for event in now.events if event["id"] not in ids]

    def _forget(self, key: UUID, before: Unsent) -> None:
        """A document written meanwhile may have brought back what was taken out: that is taken out once more."""
        now = self.unsent[key]
        if now is before:
            now.again = []
        if not (now.events or now.again):
            del self.unsent[key]

    async def run(self) -> None:
        """Publish what actions of people and ticks have decided, until cancelled."""
        while True:
            await self._news.wait()
            await retry(self.flush, "publish outbox")
