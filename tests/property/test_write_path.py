"""The write path against a simple model: batches, actions, ticks, kills and leftovers interleaved at random."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.kafka.outbox import OutboxPublisher
from services.common.store import history
from services.common.store.decision import Cause
from services.common.store.write_path import Store
from tests.fakes import MemoryDocuments, MemoryLog
from tests.soak import rounds
from tests.sums import KEYS, NOON, Sum, Total, added, decide, revive

RECORDS = 12
ACTIONS = 6

Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["batch", "action", "tick", "leftovers", "flush", "kill", "outage"]),
        st.integers(0, 1),  # which of two processes
        st.integers(1, 9),  # how much
    ),
    max_size=30,
)


class Jittery(MemoryDocuments):
    """Every command takes a random number of turns of the loop."""

    chance: random.Random

    async def _command(self) -> None:
        self.commands += 1
        for _ in range(self.chance.randint(0, 4)):
            await asyncio.sleep(0)


class World:
    """Two processes over one store and one log. What a process was told is done, is done."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.documents, self.log = Jittery(), MemoryLog()
        self.documents.chance = self.chance
        self.offsets = dict.fromkeys(KEYS, 0)
        self.actions = dict.fromkeys(KEYS, 0)
        self.stores = [self._process(), self._process()]
        self.running: list[tuple[int, asyncio.Task[None]]] = []

    def _process(self) -> Store[Sum]:
        return Store(Sum, self.documents, OutboxPublisher(self.log), lambda: NOON, lambda: None, revive)

    def start(self, process: int, work: Coroutine[Any, Any, None]) -> None:
        self.running.append((process, asyncio.create_task(work)))

    async def batch(self, process: int, size: int) -> None:
        """Records from where the group stands; committed only after they are published."""
        start = dict(self.offsets)
        causes = [
            added(key, number, number)
            for number in range(1, RECORDS + 1)
            for key in KEYS
            if start[key] < number <= start[key] + size
        ]
        await self.stores[process].change_many(causes, decide)
        await self.stores[process].publisher.flush()
        for cause in causes:
            self.offsets[cause.key] = max(self.offsets[cause.key], cause.seq)

    async def action(self, process: int, number: int) -> None:
        """An action of a person, answered once the document is written."""
        key = KEYS[number % len(KEYS)]
        mine = min(self.actions[key] + 1, ACTIONS)
        await self.stores[process].change(added(key, mine, 1_000, seq=False), decide)
        self.actions[key] = max(self.actions[key], mine)

    async def tick(self, process: int, amount: int) -> None:
        """A message of this process itself, which nothing remembers; here it decides nothing."""
        causes = [Cause(key, UUID(int=amount), added(key, 1, 0).message, once=False) for key in KEYS]
        await self.stores[process].change_many(causes, decide)

    async def leftovers(self, process: int, _: int) -> None:
        store = self.stores[process]
        await store.look_after_leftovers()
        await store.publisher.flush()

    async def flush(self, process: int, _: int) -> None:
        await self.stores[process].publisher.flush()

    async def kill(self, process: int, _: int) -> None:
        """Whatever the process was doing ends in the middle, and it forgets what it knew."""
        for owner, task in self.running:
            if owner == process:
                task.cancel()
        self.stores[process] = self._process()

    async def outage(self, _process: int, _: int) -> None:
        self.log.away = not self.log.away

    async def finish(self) -> None:
        """Let everything end, bring Kafka back, and deliver what was not committed once more."""
        await asyncio.gather(*(task for _, task in self.running), return_exceptions=True)
        self.log.away = False
        await self.leftovers(0, 0)
        await self.batch(1, RECORDS)
        for key in KEYS:
            for number in range(1, ACTIONS + 1):
                await self.stores[1].change(added(key, number, 1_000, seq=False), decide)
        await self.stores[1].publisher.flush()
        await self.leftovers(0, 0)


async def live(plan: list[Step], seed: int) -> World:
    world = World(seed)
    for name, process, amount in plan:
        if name in {"kill", "outage"}:
            await getattr(world, name)(process, amount)
        else:
            world.start(process, getattr(world, name)(process, amount))
        for _ in range(world.chance.randint(0, 6)):
            await asyncio.sleep(0)
    await world.finish()
    return world


def first_seen(log: MemoryLog, key: UUID) -> list[Total]:
    """The events of a document as a reader that drops what it knows would take them."""
    events: list[Total] = []
    for record_key, value in log.topics.get("cases", []):
        event = Total.model_validate_json(value)
        if record_key == str(key).encode() and event.seq == len(events) + 1:
            events.append(event)
    return events


@settings(max_examples=rounds(100, 2_000), deadline=None)
@given(steps, st.integers(0, 2**16))
def test_whatever_happens_every_cause_counts_once_and_every_event_arrives_in_order(
    plan: list[Step], seed: int
) -> None:
    world = asyncio.run(live(plan, seed))
    expected = sum(range(1, RECORDS + 1)) + 1_000 * ACTIONS
    for key in KEYS:
        stored = world.documents.documents[key]
        events = first_seen(world.log, key)
        assert stored["state"]["total"] == expected
        assert len(events) == RECORDS + ACTIONS == stored["published"]["cases"]
        assert events[-1].total == expected
        assert [event.total for event in events] == sorted(event.total for event in events)
        assert stored["outbox"] == []
        assert history.broken(stored["history"]["entries"], stored["history"]["head"]) is None


@settings(max_examples=rounds(50, 1_000), deadline=None)
@given(steps, st.integers(0, 2**16))
def test_one_event_never_has_two_bodies(plan: list[Step], seed: int) -> None:
    world = asyncio.run(live(plan, seed))
    bodies = {value for _, value in world.log.topics["cases"]}
    ids = Counter(Total.model_validate_json(body).id for body in bodies)
    assert set(ids.values()) == {1}
