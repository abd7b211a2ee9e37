"""The course that sla and notify took in the second format, taken anew by what they read of it today."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from schemas.deadlines import DeadlineWithdrawn
from schemas.identity import tick_id, withdrawal_id
from services.common.kafka.batch import Received
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.codec import from_stored
from services.common.store.decision import Cause, Change
from services.common.store.versions import Versions
from services.common.store.write_path import Store
from services.notify.domain.rules import Origin, Rulebook
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from services.routing.domain.open_cases import OpenCase, OpenCases
from services.routing.domain.replies import TaskReply
from services.routing.domain.seals import NOTHING, Sealed, SealedForm
from services.routing.domain.world import World
from services.sla.domain.deadline import Tick
from services.sla.domain.due.instants import from_ms, to_ms
from services.sla.domain.state import Deadlines
from services.sla.handlers import Handler, revive
from services.sla.store import DeadlineRepository
from tests.dealership import MONDAY
from tests.fakes import MemoryDocuments, MemoryLog
from tests.formats import TOPICS, Json, Kept, lines, read

FORM = "format2"
PARTITIONS = 3
ANSWERED = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
"""When the answers were given."""


def steps_of(service: str, *, later: bool | None = None) -> list[Json]:
    """What a service did: all of it, or only before or after its documents were taken."""
    taken = (one for one in lines(FORM, "course") if one["service"] == service)
    return [one for one in taken if later in (None, one.get("later", False))]


def recorded(number: int) -> Json:
    """The record of a line."""
    return lines(FORM, "records")[number]


@dataclass
class Watch:
    """sla, over documents and a log in memory, at the time of day of each step."""

    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    log: MemoryLog = field(default_factory=MemoryLog)
    now: datetime = MONDAY

    @classmethod
    def of(cls, documents: Iterable[Json]) -> "Watch":
        """As it goes on with documents of before."""
        return cls(MemoryDocuments({UUID(one["_id"]): copy.deepcopy(one) for one in documents}))

    async def take(self, steps: Iterable[Json]) -> list[bytes]:
        """The events that the steps lead to, in order."""
        publisher = OutboxPublisher(self.log)
        store = Store(
            Deadlines, self.documents, publisher, lambda: self.now, lambda: None, revive, lambda: self.now
        )
        armed: Any = self.documents
        versions = Versions(Kept.read(FORM).versions)
        deadlines = DeadlineRepository(store, armed, versions, PARTITIONS, lambda: self.now)
        handler = Handler(deadlines, lambda: "")
        for step in steps:
            self.now = datetime.fromisoformat(step["now"])
            if "record" in step:
                await handler.handle([_received(recorded(step["record"]))])
            else:
                await deadlines.apply_ticks([_tick(UUID(step["tick"]), to_ms(self.now))])
            await publisher.flush()
        return [value for _, value in self.log.topics.get("deadlines", [])]


def _received(record: Json) -> Received[Any]:
    raw = record["value"].encode()
    return Received(record["topic"], record["partition"], record["offset"], read(record), raw)


def _tick(case: UUID, upto: int) -> Cause[Tick]:
    return Cause(case, tick_id(case, upto), Tick(from_ms(upto)), once=False)


def planned(step: Json) -> Iterator[str]:
    """The ids of the messages that a record leads to."""
    record, kept = recorded(step["record"]), Kept.read(FORM)
    policies = Versions({name: one.policy for name, one in kept.versions.items()})
    rulebook = Rulebook(policies, directory_at(step["record"]))
    assert record["topic"] in TOPICS
    origin = Origin(record["partition"], record["offset"])
    yield from (str(one.id) for one in rulebook.deliveries(read(record), origin))


def directory_at(number: int) -> Any:
    """The directory as it was announced when a record was published."""
    kept = Kept.read(FORM)
    return kept.directory_of(lines(FORM, "records")[:number])


def answer(row: Json) -> Case:
    """A case after somebody has answered what they are asked, or after a breach was withdrawn."""
    states = [state for one in lines(FORM, "cases") if (state := from_stored(one, Case).state)]
    [case] = [one for one in states if str(one.id) == row["case"]]
    kept, open_cases = Kept.read(FORM), OpenCases(lambda _case: True)
    for one in states:
        open_cases.put(OpenCase.of(one))
    world = World(kept.directory_without(), kept.compiled, open_cases.workload, ANSWERED)
    cause = Cause(case.id, uuid5(case.id, row["do"] + row["what"]), _answer(case, row))
    change = decide(case, cause, world)
    assert isinstance(change, Change)
    return change.state


def _answer(case: Case, row: Json) -> TaskReply | DeadlineWithdrawn:
    if row["do"] == "withdraw":
        [breach] = [one for one in case.breaches if str(one.id) == row["what"]]
        return DeadlineWithdrawn(
            id=withdrawal_id(breach.id), case_id=case.id, occurred_at=ANSWERED, header=case.header,
            deadline=breach.deadline, task_id=breach.task_id, cycle=breach.cycle, due_at=breach.due_at,
            accountable=breach.accountable, breach=breach.id, met_at=breach.due_at,
        )  # fmt: skip
    *_, task = (one for one in case.tasks_of(row["what"]) if one.to == row["to"])
    refused = row["do"] == "refuse"
    sealed = Sealed(id=UUID(int=1), seal="sealed")
    said = SealedForm(texts=("reason",), note=sealed) if refused else NOTHING
    return TaskReply(actor=row["to"], task_id=task.task_id, verb=row["do"], said=said)
