"""Fires what is due, and nothing before everything that occurred until then has been read.

A deadline that is due may have been met by an event that stands on Kafka and was not read yet. So a partition
fires only behind a barrier: once a due time has passed, the end of the partition is asked for, and until it was
read up to there, nothing in it fires. A partition that has just come has a barrier before anything else.
While our clock is doubted nothing fires at all.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from schemas import cases
from schemas.identity import tick_id
from services.common.runtime.clock import Clock
from services.common.runtime.failures import retry
from services.common.store.decision import Cause, Outgoing
from services.sla import metrics
from services.sla.domain.deadline import Tick
from services.sla.domain.due.instants import from_ms, to_ms
from services.sla.domain.schedule import Schedule, ScheduledCase
from services.sla.store import DeadlineRepository, Outcomes

log = logging.getLogger(__name__)

POSTPONED_MS = 60_000
MOST_UNSENT = 2_000
LAST_SECONDS = 20.0
LANES = 2
"""One batch is decided while the store works on another."""


class ReadProgress(Protocol):
    """How far the service has read, and how far there is to read."""

    handled: dict[tuple[str, int], int]

    async def end_offsets(self, topic: str, numbers: set[int]) -> Mapping[int, int]: ...


class Barrier(NamedTuple):
    """A partition may fire up to the moment `upto` (milliseconds) once it was read up to the offset `end`."""

    upto: int
    end: int


@dataclass(slots=True)
class Ticker:
    """Watches the schedule of the partitions of this process.

    `doubt` says why the clock cannot be trusted, and nothing while it can. `barriers` has every partition that
    was assigned and loaded, with no barrier where nothing was due when it was last looked at.
    """

    deadlines: DeadlineRepository
    clock: Clock
    flush: Callable[[], Awaitable[None]]
    pause: float
    at_once: int
    doubt: Callable[[], str] = lambda: ""
    barriers: dict[int, Barrier | None] = field(default_factory=dict)

    @property
    def schedule(self) -> Schedule:
        return self.deadlines.schedule

    async def assigned(self, numbers: set[int]) -> None:
        """Load what is armed in partitions that came."""
        # What was scheduled of them before may be out of date; the store knows.
        self.schedule.assign(numbers)
        await retry(lambda: self.deadlines.load(numbers), "load deadlines")
        self.barriers |= dict.fromkeys(numbers)

    async def revoked(self, numbers: set[int]) -> None:
        """Leave partitions to others."""
        for number in numbers:
            self.barriers.pop(number, None)
        self.schedule.revoke(numbers)

    async def run(self, progress: ReadProgress) -> None:
        """Look for what is due until cancelled; a pass that was begun is ended even then."""
        while True:
            fired = await retry(lambda: _finish(self.tick(progress)), "look for what is due")
            await asyncio.sleep(0 if fired else self._rest())

    async def tick(self, progress: ReadProgress) -> int:
        """One pass over what is due now; returns how many cases were looked at."""
        if self.doubt():
            return 0
        await self._raise_barriers(progress)
        passed = self._passed_barriers(progress)
        upto = {number: barrier.upto for number, barrier in passed.items()}
        due = self.schedule.take(upto, LANES * self.at_once)
        lanes = [due[start : start + self.at_once] for start in range(0, len(due), self.at_once)]
        await asyncio.gather(*(self._fire(lane, upto) for lane in lanes))
        self._lift_barriers(passed)
        return len(due)

    async def _raise_barriers(self, progress: ReadProgress) -> None:
        """Ask for the end after the due time has passed, so that all that occurred before lies below it."""
        now = to_ms(self.clock.now())
        due = {
            number
            for number, barrier in self.barriers.items()
            if barrier is None and self._is_due(number, now)
        }
        if due:
            ends = await progress.end_offsets(cases.TOPIC, due)
            self.barriers |= {
                number: Barrier(now, end) for number, end in ends.items() if number in self.barriers
            }

    def _is_due(self, number: int, now: int) -> bool:
        due = self.schedule.next_due(number)
        return number in self.schedule.behind or (due is not None and due <= now)

    def _passed_barriers(self, progress: ReadProgress) -> dict[int, Barrier]:
        """The partitions that may fire: those that were read up to their barrier."""
        return {
            number: barrier
            for number, barrier in self.barriers.items()
            if barrier is not None and progress.handled.get((cases.TOPIC, number), 0) >= barrier.end
        }

    def _lift_barriers(self, passed: Mapping[int, Barrier]) -> None:
        """Partitions with nothing due any more up to their barrier have caught up; the next due time raises another."""
        for number, barrier in passed.items():
            due = self.schedule.next_due(number)
            # A partition may have left meanwhile, and come again: then all of it is to be looked at anew.
            is_same = self.barriers.get(number) is barrier
            if is_same and (due is None or due > barrier.upto):
                self.barriers[number] = None
                self.schedule.behind.discard(number)

    async def _fire(self, due: Sequence[ScheduledCase], upto: Mapping[int, int]) -> None:
        causes = [self._cause(entry, upto[entry.partition]) for entry in due]
        outcomes = await retry(lambda: self.deadlines.apply_ticks(causes), "fire deadlines")
        events = self.deadlines.take_events(outcomes)
        metrics.count(events)
        self._measure_lateness(due, events)
        self._postpone_failed({entry.case: upto[entry.partition] for entry in due}, outcomes)
        if len(self.deadlines.store.publisher.unsent) > MOST_UNSENT:
            await self.flush()

    def _cause(self, entry: ScheduledCase, upto: int) -> Cause[Tick]:
        tick = Tick(from_ms(upto), catch_up=entry.partition in self.schedule.behind)
        return Cause(key=entry.case, id=tick_id(entry.case, upto), message=tick, once=False)

    def _postpone_failed(self, upto: Mapping[UUID, int], outcomes: Outcomes) -> None:
        """What cannot be decided is tried again later instead of at once for ever."""
        for outcome in outcomes:
            case, state = outcome.cause.key, outcome.state
            due = None if state is None else state.next_due
            if outcome.kind in {"failed", "waiting"} or (
                outcome.kind == "ignored" and due and due <= upto[case]
            ):
                log.error(
                    "deadlines postponed",
                    extra={"case_id": case, "reason": outcome.awaits or repr(outcome.error)},
                )
                self.deadlines.reschedule(case, upto[case] + POSTPONED_MS, state.armed if state else 0)

    def _measure_lateness(self, due: Sequence[ScheduledCase], events: Sequence[Outgoing]) -> None:
        now = to_ms(self.clock.now())
        entries = {entry.case: entry for entry in due}
        for event in events:
            entry = entries[event.message.case_id]
            phase = "catch_up" if entry.partition in self.schedule.behind else "running"
            late = self.clock.wall_seconds(timedelta(milliseconds=now - max(entry.due, entry.since)))
            metrics.lateness(metrics.kind_of(event), phase).observe(max(0.0, late))

    def _rest(self) -> float:
        """Until the next due time, at most the pause; briefly while a barrier waits to be read up to."""
        if self.doubt():
            return self.pause
        if any(barrier is not None for barrier in self.barriers.values()):
            return self.pause / 10
        dues = [due for number in self.barriers if (due := self.schedule.next_due(number)) is not None]
        if not dues:
            return self.pause
        ahead = from_ms(min(dues)) - self.clock.now()
        return max(0.001, min(self.pause, self.clock.wall_seconds(ahead)))


async def _finish(work: Coroutine[Any, Any, int]) -> int:
    """Cut off between write and publication, what was fired would wait for the next start to be published."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_SECONDS)
        raise
