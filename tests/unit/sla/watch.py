"""The service in memory: a store, a log, how far it was read, and time that passes when a test lets it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from schemas import cases, deadlines
from schemas.calendar import PublicDays
from schemas.cases import ADAPTER, CaseEvent
from schemas.deadline_spec import DeadlineSpec
from schemas.deadlines import DeadlineEvent
from schemas.policies import PublishedPolicy
from services.common.kafka.batch import Received
from services.common.kafka.outbox import OutboxPublisher
from services.common.runtime.clock import Clock
from services.common.store.versions import Versions
from services.common.store.write_path import Store
from services.sla.domain.state import Deadlines
from services.sla.handlers import Handler, revive
from services.sla.store import DeadlineRepository
from services.sla.ticker import Ticker
from tests.fakes import MemoryDocuments, MemoryLog
from tests.unit.sla.story import NOTE, SHOP, a_deadline, a_header, a_policy, at, body_of

PARTITIONS = 3


class StoppedClock(Clock):
    """A clock that stands still until it is moved."""

    moment: datetime

    def __init__(self, moment: datetime) -> None:
        object.__setattr__(self, "moment", moment)
        object.__setattr__(self, "scale", 1.0)

    def now(self) -> datetime:
        return self.moment

    def move(self, moment: datetime) -> None:
        object.__setattr__(self, "moment", moment)


@dataclass
class Progress:
    """How far there is to read in each partition, and how far it was read."""

    ends: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PARTITIONS), 0))
    handled: dict[tuple[str, int], int] = field(default_factory=dict)
    questions: int = 0

    async def end_offsets(self, topic: str, numbers: set[int]) -> Mapping[int, int]:  # noqa: ARG002
        self.questions += 1
        return {number: self.ends[number] for number in numbers}


@dataclass
class ArmedMemory(MemoryDocuments):
    """Documents that can also be searched for what is armed."""

    async def find(self, query: Mapping[str, Any], fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]:  # noqa: ARG002
        for stored in list(self.documents.values()):
            if stored["state"]["next_due"] is not None:
                yield stored


class Watch:
    """One process of the service over a store and a log that survive it."""

    def __init__(
        self,
        documents: ArmedMemory,
        log: MemoryLog,
        progress: Progress,
        clock: StoppedClock,
        *announced: PublicDays,
    ) -> None:
        self.documents, self.log, self.progress, self.clock = documents, log, progress, clock
        self.publisher = OutboxPublisher(log)
        self.store = Store(Deadlines, documents, self.publisher, clock.now, lambda: None, revive)
        self.deadlines = DeadlineRepository(
            self.store, documents, Versions(), PARTITIONS, clock.now, announced
        )
        self.goes_by(a_deadline(on_breach=[]))
        self.doubt = ""
        self.handler = Handler(self.deadlines, lambda: self.doubt)
        self.ticker = Ticker(self.deadlines, clock, self.publisher.flush, 0.2, 100, lambda: self.doubt)

    @classmethod
    def fresh(cls) -> "Watch":
        return cls(ArmedMemory(), MemoryLog(), Progress(), StoppedClock(at(0)))

    def goes_by(self, deadline: DeadlineSpec) -> None:
        """The only deadline of the policy from now on."""
        self.policy = a_policy(deadline)
        published = PublishedPolicy(version="1", policy=self.policy)
        self.deadlines.policies = Versions({"gtmc@1": published})

    def again(self, *announced: PublicDays) -> "Watch":
        """A new process on what the old one left behind, and perhaps with new public days."""
        return Watch(self.documents, self.log, self.progress, self.clock, *announced)

    async def starts(self) -> None:
        await self.ticker.assigned(set(range(PARTITIONS)))
        await self.passes()

    async def passes(self, minutes: float = 0) -> None:
        """Time passes; everything due is fired and published."""
        self.clock.move(self.clock.now() + timedelta(minutes=minutes))
        while await self.ticker.tick(self.progress):
            pass
        await self.publisher.flush()

    async def writes(self, *events: CaseEvent) -> None:
        """Events are on Kafka but not yet read."""
        for event in events:
            self.progress.ends[self.deadlines.partition_of(event.case_id)] += 1

    async def reads(self, *events: CaseEvent) -> None:
        """Events that were written are handled and committed."""
        batch = [Received(cases.TOPIC, 0, 0, event, event.model_dump_json().encode()) for event in events]
        await self.handler.handle(batch)
        for event in events:
            spot = cases.TOPIC, self.deadlines.partition_of(event.case_id)
            self.progress.handled[spot] = self.progress.handled.get(spot, 0) + 1

    async def happens(self, *events: CaseEvent) -> None:
        await self.writes(*events)
        await self.reads(*events)

    def published(self, kind: str = "") -> list[DeadlineEvent]:
        """What is on Kafka, of one kind if named."""
        records = self.log.topics.get(deadlines.TOPIC, [])
        events = [deadlines.ADAPTER.validate_json(value) for _, value in records]
        return [event for event in events if event.type.endswith(kind)]


def case(number: int) -> UUID:
    return UUID(int=number)


def an_event(kind: str, number: int = 1, seq: int = 1, occurred: float = 0) -> CaseEvent:
    """The seq-th event of a case, or an action, at so many minutes after Monday 09:00."""
    body = {
        "id": uuid5(case(number), str(seq)), "case_id": case(number), "occurred_at": at(occurred), "seq": seq,
        "header": a_header(), "note": NOTE, "received_at": at(occurred), "calendar": SHOP,
    }  # fmt: skip
    return ADAPTER.validate_python(body_of(kind) | body)
