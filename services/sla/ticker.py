"""Fires what is due, and only once everything that occurred before has been read."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from uuid import uuid5

from schemas import cases
from services.common.runtime.clock import Clock
from services.common.runtime.failures import retry
from services.common.store.decision import Cause, Outcome
from services.common.store.write_path import Store
from services.sla import metrics
from services.sla.domain.agenda import Appointment
from services.sla.domain.deadlines import Tick
from services.sla.domain.instants import from_ms, to_ms
from services.sla.domain.state import Deadlines
from services.sla.store import Armed, Keeper

log = logging.getLogger(__name__)

ASIDE_MS = 60_000
UNSENT = 2_000
LAST_SECONDS = 20.0
LANES = 2
"""One batch is decided while the store works on another."""


class Reading(Protocol):
    """How far the service has read, and how far there was to read."""

    handled: dict[tuple[str, int], int]

    async def end_offsets(self, topic: str, numbers: set[int]) -> Mapping[int, int]: ...


class Barrier(NamedTuple):
    """A partition may fire up to the moment `upto` (milliseconds) once it was read up to `end`."""

    upto: int
    end: int


@dataclass(slots=True)
class Ticker:
    """Watches the agenda of the partitions this process holds.

    `doubt` says why the clock cannot be trusted; nothing is fired until it has nothing to say.
    """

    store: Store[Deadlines]
    keeper: Keeper
    documents: Armed
    clock: Clock
    flush: Callable[[], Awaitable[None]]
    pause: float
    at_once: int
    doubt: Callable[[], str] = lambda: ""
    barriers: dict[int, Barrier | None] = field(default_factory=dict)

    async def assigned(self, numbers: set[int]) -> None:
        """Learn what is armed in partitions that came."""
        # What was noted of them before may be out of date; the store knows.
        self.keeper.agenda.enter(numbers)
        await retry(lambda: self.keeper.load(self.documents, numbers), "load deadlines")
        self.barriers |= dict.fromkeys(numbers)

    async def revoked(self, numbers: set[int]) -> None:
        """Leave partitions to others."""
        for number in numbers:
            self.barriers.pop(number, None)
        self.keeper.agenda.leave(numbers)

    async def run(self, reading: Reading) -> None:
        """Look for what is due until cancelled; a pass that was begun is ended even then."""
        while True:
            fired = await retry(lambda: _whole(self.tick(reading)), "look for what is due")
            await asyncio.sleep(0 if fired else self._rest())

    async def tick(self, reading: Reading) -> int:
        """One pass over what is due now; how many cases were looked at."""
        if self.doubt():
            return 0
        await self._raise_barriers(reading)
        passed = {
            number: barrier
            for number, barrier in self.barriers.items()
            if barrier is not None and reading.handled.get((cases.TOPIC, number), 0) >= barrier.end
        }
        open_ = {number: barrier.upto for number, barrier in passed.items()}
        taken = self.keeper.agenda.take(open_, LANES * self.at_once)
        lanes = [taken[start : start + self.at_once] for start in range(0, len(taken), self.at_once)]
        await asyncio.gather(*(self._fire(lane, open_) for lane in lanes))
        for number, barrier in passed.items():
            due = self.keeper.agenda.next_due(number)
            # A partition may have left meanwhile, and come again: then all of it is to be looked at anew.
            is_same = self.barriers.get(number) is barrier
            if is_same and (due is None or due > barrier.upto):
                self.barriers[number] = None
                self.keeper.agenda.behind.discard(number)
        return len(taken)

    async def _raise_barriers(self, reading: Reading) -> None:
        """The end is asked for after the due time has passed, so all that occurred before lies below it."""
        upto = to_ms(self.clock.now())
        wanted = {
            number
            for number, barrier in self.barriers.items()
            if barrier is None and self._wants(number, upto)
        }
        if wanted:
            ends = await reading.end_offsets(cases.TOPIC, wanted)
            self.barriers |= {
                number: Barrier(upto, end) for number, end in ends.items() if number in self.barriers
            }

    def _wants(self, number: int, upto: int) -> bool:
        due = self.keeper.agenda.next_due(number)
        return number in self.keeper.agenda.behind or (due is not None and due <= upto)

    async def _fire(self, taken: Sequence[Appointment], upto: Mapping[int, int]) -> None:
        causes = [self._cause(one, upto[one.partition]) for one in taken]
        outcomes = await retry(lambda: self.store.change_each(causes, self.keeper.decide), "fire deadlines")
        self._measure(taken, outcomes)
        metrics.count(self.keeper.written(outcomes))
        self._set_aside(taken, outcomes, upto)
        if len(self.store.publisher.unsent) > UNSENT:
            await self.flush()

    def _cause(self, one: Appointment, upto: int) -> Cause[Any]:
        tick = Tick(from_ms(upto), catch_up=one.partition in self.keeper.agenda.behind)
        return Cause(key=one.case, id=uuid5(one.case, f"tick:{upto}"), message=tick, once=False)

    def _set_aside(
        self,
        taken: Sequence[Appointment],
        outcomes: Sequence[Outcome[Deadlines, Any]],
        upto: Mapping[int, int],
    ) -> None:
        """What cannot be decided is tried again later instead of at once for ever."""
        moments = {one.case: upto[one.partition] for one in taken}
        for outcome in outcomes:
            case, state = outcome.cause.key, outcome.state
            due = None if state is None else state.next_due
            if outcome.kind in {"failed", "waiting"} or (
                outcome.kind == "ignored" and due and due <= moments[case]
            ):
                log.error(
                    "clocks set aside",
                    extra={"case_id": case, "reason": outcome.awaits or repr(outcome.error)},
                )
                self.keeper.note(case, moments[case] + ASIDE_MS, state.armed if state else 0)

    def _measure(self, taken: Sequence[Appointment], outcomes: Sequence[Outcome[Deadlines, Any]]) -> None:
        now = to_ms(self.clock.now())
        since = {one.case: one for one in taken}
        for outcome in outcomes:
            one = since[outcome.cause.key]
            phase = "catch_up" if one.partition in self.keeper.agenda.behind else "running"
            late = self.clock.wall_seconds(timedelta(milliseconds=now - max(one.due, one.since)))
            for event in self.keeper.said.get(outcome.cause.id, ()):
                metrics.lateness(metrics.kind(event), phase).observe(max(0.0, late))

    def _rest(self) -> float:
        """Until the next appointment, at most the pause; briefly while a barrier waits to be read up to."""
        if self.doubt():
            return self.pause
        if any(barrier is not None for barrier in self.barriers.values()):
            return self.pause / 10
        dues = [due for number in self.barriers if (due := self.keeper.agenda.next_due(number)) is not None]
        if not dues:
            return self.pause
        ahead = from_ms(min(dues)) - self.clock.now()
        return max(0.001, min(self.pause, self.clock.wall_seconds(ahead)))


async def _whole(work: Coroutine[Any, Any, int]) -> int:
    """Cut off between write and publication, what was fired would wait for the next start to be told."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_SECONDS)
        raise
