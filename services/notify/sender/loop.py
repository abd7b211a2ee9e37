"""The sender of one medium: a few deliveries at once, and none but a probe while its provider is at fault."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from schemas.deliveries import Medium
from services.common.clock import Clock, ticks
from services.common.failures import backoff
from services.notify import metrics
from services.notify.domain.delivery import OPEN, Delivery, Receipt
from services.notify.sender.attempt import CLAIM_SECONDS, Work
from services.notify.sender.breaker import Breaker
from services.notify.sender.queue import Item, Queue

log = logging.getLogger(__name__)

PARTING_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How many at once, and how long to wait between tries, in seconds of the wall."""

    at_once: int
    base: float
    most: float


@dataclass(slots=True)
class Sender:
    """Looks at each open delivery until it is settled; `alarm` is told why its provider is paused, or nothing."""

    medium: Medium
    work: Work
    pace: Pace
    clock: Clock
    alarm: Callable[[str], None] = lambda _trouble: None
    queue: Queue = field(default_factory=Queue)
    working: dict[UUID, tuple[int, asyncio.Task[None]]] = field(default_factory=dict)
    unknown: set[UUID] = field(default_factory=set)
    breaker: Breaker = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.pace.base, self.pace.most)
        metrics.PAUSED.labels(self.medium).set(0)

    async def take_over(self, delivery: Delivery) -> None:
        """Go on with what another process left; what that was sending may have arrived, or may be about to."""
        if delivery.id in self.working:
            return
        abandoned = delivery.status == "sending"
        if abandoned:
            await self.work.abandoned(delivery)
        self._queue(Item(ticks() + CLAIM_SECONDS * abandoned, delivery.id, delivery.partition))

    def add(self, delivery: Delivery) -> None:
        """Look at it as soon as there is room; one that is looked at already is not added."""
        if delivery.id not in self.working:
            self._queue(Item(ticks(), delivery.id, delivery.partition))

    async def run(self) -> None:
        """Until cancelled; what is being sent then is finished by `part`."""
        slots = asyncio.Semaphore(self.pace.at_once)
        while True:
            await slots.acquire()
            item = await self._next()
            task = asyncio.create_task(self._look(item, self.breaker.admit()))
            self.working[item.delivery] = (item.partition, task)
            task.add_done_callback(lambda _done: slots.release())

    async def part(self, partitions: set[int] | None = None) -> None:
        """Forget deliveries of partitions that leave (all: None), and finish those in hand."""
        held = {partition for partition, _ in self.working.values()} | self.queue.partitions()
        leaving = held if partitions is None else partitions
        self.queue.drop(leaving)
        tasks = [task for partition, task in self.working.values() if partition in leaving]
        if tasks:
            await asyncio.wait(tasks, timeout=PARTING_SECONDS)

    async def _next(self) -> Item:
        while (wait := self._wait(ticks())) != 0:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), wait)
            except TimeoutError:
                continue
        return self.queue.pop()

    def _wait(self, now: float) -> float | None:
        waits = self.queue.wait(now), self.breaker.wait(now)
        return None if None in waits else max(wait for wait in waits if wait is not None)

    def _queue(self, item: Item) -> None:
        self.queue.add(item)
        metrics.WAITING.labels(self.medium).set(len(self.queue) + len(self.working))
        self._news.set()

    async def _look(self, item: Item, ticket: int) -> None:
        try:
            look = await self.work.step(item.delivery)
        except Exception:
            log.exception("delivery could not be looked at", extra={"delivery": item.delivery})
            self._heed(None, ticket)
            self._again(item, self.pace.most)
            return
        finally:
            del self.working[item.delivery]
        self._note(item.delivery, look.delivery)
        probe = self.breaker.is_probe(ticket)
        self._heed(look.receipt, ticket)
        if look.delivery is None or look.delivery.status not in OPEN:
            self.work.addresses.forget(item.delivery)
        elif look.met_fault and not probe:
            self._queue(item)  # in its place: it is not the message that kept it from going
        else:
            self._again(item, self._pause(look.delivery, item.tries))

    def _heed(self, receipt: Receipt | None, ticket: int) -> None:
        """Take from an attempt what it says about the provider: one alarm, however many messages meet the fault."""
        if receipt is None or receipt.provider == "unasked":
            self.breaker.release(ticket)
        elif receipt.provider == "fails":
            if self.breaker.fail(ticket, ticks(), receipt.reason, receipt.pause):
                extra = {"medium": self.medium, "reason": receipt.reason}
                log.error("provider is at fault, its messages wait", extra=extra)
        elif self.breaker.succeed(ticket):
            log.warning("provider works again", extra={"medium": self.medium})
        metrics.PAUSED.labels(self.medium).set(self.breaker.is_open)
        self.alarm(self.breaker.reason)
        self._news.set()

    def _again(self, item: Item, seconds: float) -> None:
        self._queue(Item(ticks() + seconds, item.delivery, item.partition, item.tries + 1))

    def _note(self, key: UUID, delivery: Delivery | None) -> None:
        if delivery is not None and delivery.status == "unknown":
            self.unknown.add(key)
        else:
            self.unknown.discard(key)
        metrics.UNKNOWN.labels(self.medium).set(len(self.unknown))
        metrics.WAITING.labels(self.medium).set(len(self.queue) + len(self.working))

    def _pause(self, delivery: Delivery, tries: int) -> float:
        """Longer from try to try, by chance; no longer than it is worth sending."""
        if delivery.awaits_person:
            return self.pace.most
        left = max(timedelta(), delivery.not_after - self.clock.now())
        longest = self.clock.wall_seconds(left) if not delivery.askable else self.pace.most
        return min(backoff(tries, base=self.pace.base, most=self.pace.most), longest)
