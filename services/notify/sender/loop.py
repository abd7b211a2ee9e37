"""The sender of one medium: a few deliveries at once, and none but a probe while its provider is at fault.

Messages are sent in one lane and their fate is asked for in another: a provider may take them and answer no question.
"""

import asyncio
import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from schemas.media import Medium
from services.common.runtime.clock import Clock, ticks
from services.common.runtime.failures import backoff
from services.notify import metrics
from services.notify.domain.breaker import Breaker
from services.notify.domain.delivery import OPEN, Delivery, Receipt
from services.notify.sender.attempt import CLAIM_SECONDS, Attempts

log = logging.getLogger(__name__)

PARTING_SECONDS = 20.0


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """A delivery to attempt at `at` monotonic seconds; `tries` counts the attempts before."""

    at: float
    delivery: UUID
    partition: int
    tries: int = 0


@dataclass(slots=True)
class DueDeliveries:
    """Deliveries to attempt, earliest first, each once; only hints, since the document decides."""

    _heap: list[Item] = field(default_factory=list)
    _queued: set[UUID] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._heap)

    def __contains__(self, delivery: UUID) -> bool:
        return delivery in self._queued

    def add(self, item: Item) -> None:
        if item.delivery not in self._queued:
            self._queued.add(item.delivery)
            heapq.heappush(self._heap, item)

    def wait(self, now: float) -> float | None:
        """Seconds until the earliest is due, never negative; None when nothing waits."""
        return max(0.0, self._heap[0].at - now) if self._heap else None

    def pop(self) -> Item:
        item = heapq.heappop(self._heap)
        self._queued.remove(item.delivery)
        return item

    def partitions(self) -> set[int]:
        return {item.partition for item in self._heap}

    def drop(self, partitions: set[int]) -> None:
        """Forget what other instances now look after."""
        self._heap = [item for item in self._heap if item.partition not in partitions]
        heapq.heapify(self._heap)
        self._queued = {item.delivery for item in self._heap}


@dataclass(frozen=True, slots=True)
class Pace:
    """How many at once in each lane, and how long to wait between tries, in seconds of the wall."""

    at_once: int
    base: float
    most: float


@dataclass(slots=True)
class Lane:
    """Messages to a provider, or questions to it; `fault` is what to log when they are not answered as they should be."""

    fault: str
    breaker: Breaker
    queue: DueDeliveries = field(default_factory=DueDeliveries)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def wait(self, now: float) -> float | None:
        """Seconds until the next may go; None while nothing waits or a probe is under way."""
        waits = self.queue.wait(now), self.breaker.wait(now)
        return None if None in waits else max(wait for wait in waits if wait is not None)


@dataclass(slots=True)
class Sender:
    """Attempts each open delivery until it is final; `alarm` gets the reason why its provider is paused, or nothing."""

    medium: Medium
    attempts: Attempts
    pace: Pace
    clock: Clock
    alarm: Callable[[str], None] = lambda _trouble: None
    messages: Lane = field(init=False)
    questions: Lane = field(init=False)
    working: dict[UUID, tuple[int, asyncio.Task[None]]] = field(default_factory=dict)
    unknown: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        base, most = self.pace.base, self.pace.most
        self.messages = Lane("provider is at fault, its messages wait", Breaker(base, most))
        self.questions = Lane("provider does not say what became of messages", Breaker(base, most))
        metrics.PAUSED.labels(self.medium).set(0)

    async def take_over(self, delivery: Delivery) -> None:
        """Go on with what another process left; what that was sending may have arrived, or may be about to."""
        if delivery.id in self.working:
            return
        abandoned = delivery.status == "sending"
        if abandoned:
            delivery = await self.attempts.abandon(delivery)
        self._queue(
            self._lane(delivery), Item(ticks() + CLAIM_SECONDS * abandoned, delivery.id, delivery.partition)
        )

    def add(self, delivery: Delivery) -> None:
        """Attempt it as soon as there is a free slot; one that is being attempted is not added."""
        if delivery.id not in self.working:
            self._queue(self._lane(delivery), Item(ticks(), delivery.id, delivery.partition))

    async def run(self) -> None:
        """Until cancelled; what is being sent then is finished by `part`."""
        async with asyncio.TaskGroup() as group:
            for lane in (self.messages, self.questions):
                group.create_task(self._run(lane))

    async def _run(self, lane: Lane) -> None:
        slots = asyncio.Semaphore(self.pace.at_once)
        while True:
            await slots.acquire()
            item = await self._next(lane)
            task = asyncio.create_task(self._attempt(lane, item, lane.breaker.admit()))
            self.working[item.delivery] = (item.partition, task)
            task.add_done_callback(lambda _done: slots.release())

    async def part(self, partitions: set[int] | None = None) -> None:
        """Forget deliveries of partitions that leave (all: None), and finish those in hand."""
        messages, questions = self.messages.queue, self.questions.queue
        working = {partition for partition, _ in self.working.values()}
        present = working | messages.partitions() | questions.partitions()
        leaving = present if partitions is None else partitions
        messages.drop(leaving)
        questions.drop(leaving)
        tasks = [task for partition, task in self.working.values() if partition in leaving]
        if tasks:
            await asyncio.wait(tasks, timeout=PARTING_SECONDS)

    async def _next(self, lane: Lane) -> Item:
        while (wait := lane.wait(ticks())) != 0:
            lane.news.clear()
            try:
                await asyncio.wait_for(lane.news.wait(), wait)
            except TimeoutError:
                continue
        return lane.queue.pop()

    def _lane(self, delivery: Delivery) -> Lane:
        return self.questions if delivery.is_askable else self.messages

    def _queue(self, lane: Lane, item: Item) -> None:
        """Put it in this lane, unless it already stands in one: the document decides what is done."""
        if not any(item.delivery in one.queue for one in (self.messages, self.questions)):
            lane.queue.add(item)
        self._count_waiting()
        lane.news.set()

    def _count_waiting(self) -> None:
        queued = len(self.messages.queue) + len(self.questions.queue)
        metrics.WAITING.labels(self.medium).set(queued + len(self.working))

    async def _attempt(self, lane: Lane, item: Item, ticket: int) -> None:
        try:
            result = await self.attempts.step(item.delivery)
        except Exception:
            log.exception("delivery could not be attempted", extra={"delivery": item.delivery})
            self._note_provider(lane, None, ticket)
            self._again(lane, item, self.pace.most)
            return
        finally:
            del self.working[item.delivery]
        self._note_unknown(item.delivery, result.delivery)
        probe = lane.breaker.is_probe(ticket)
        # Where the delivery had moved on meanwhile, the other lane finds out for itself.
        self._note_provider(
            lane, result.receipt if result.is_question == (lane is self.questions) else None, ticket
        )
        if result.delivery is None or result.delivery.status not in OPEN:
            self.attempts.addresses.forget(item.delivery)
        elif result.met_fault and not probe:
            # In its place: it is not the message that kept it from going.
            self._queue(self._lane(result.delivery), item)
        else:
            self._again(self._lane(result.delivery), item, self._pause(result.delivery, item.tries))

    def _note_provider(self, lane: Lane, receipt: Receipt | None, ticket: int) -> None:
        """Report to the breaker what an attempt says about the provider: one alarm, however many messages meet the fault."""
        extra = {"medium": self.medium, "reason": receipt.reason if receipt else ""}
        if receipt is None or receipt.provider == "unasked":
            lane.breaker.release(ticket)
        elif receipt.provider == "fails":
            if lane.breaker.fail(ticket, ticks(), receipt.reason, receipt.pause):
                log.error(lane.fault, extra=extra)
        elif lane.breaker.succeed(ticket):
            log.warning("provider works again", extra={"medium": self.medium})
        metrics.PAUSED.labels(self.medium).set(self.messages.breaker.is_open)
        self.alarm(self.messages.breaker.reason)
        lane.news.set()

    def _again(self, lane: Lane, item: Item, seconds: float) -> None:
        self._queue(lane, Item(ticks() + seconds, item.delivery, item.partition, item.tries + 1))

    def _note_unknown(self, key: UUID, delivery: Delivery | None) -> None:
        if delivery is not None and delivery.status == "unknown":
            self.unknown.add(key)
        else:
            self.unknown.discard(key)
        metrics.UNKNOWN.labels(self.medium).set(len(self.unknown))
        self._count_waiting()

    def _pause(self, delivery: Delivery, tries: int) -> float:
        """Seconds until the next attempt: longer from try to try, with jitter; no longer than it is worth sending."""
        if delivery.awaits_person:
            return self.pace.most
        left = max(timedelta(), delivery.not_after - self.clock.now())
        longest = self.clock.wall_seconds(left) if not delivery.is_askable else self.pace.most
        return min(backoff(tries, base=self.pace.base, most=self.pace.most), longest)
