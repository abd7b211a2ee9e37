"""The deadlines of cases at rest: deciding on them, signal what is armed, and where each case belongs."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from schemas.calendar import PublicDays
from schemas.cases import CaseEvent, CaseHeader
from schemas.policies import PublishedPolicy
from services.common.kafka.partitioner import partition_of
from services.common.store.decision import Cause, Change, Outcome, Outgoing, Wait
from services.sla.domain.agenda import Agenda, Appointment
from services.sla.domain.deadlines import Tick, decide_event, decide_tick
from services.sla.domain.instants import to_ms
from services.sla.domain.state import Deadlines
from services.sla.domain.terms import Rules

COLLECTION = "deadlines"
ARMED: Mapping[str, Any] = {"state.next_due": {"$ne": None}}
FIELDS = ("state.next_due", "state.armed", "state.provisional")

Happened = CaseEvent | Tick


class Armed(Protocol):
    """Finds documents without their deadlines."""

    def find(self, query: Mapping[str, Any], fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]: ...


@dataclass(slots=True)
class Keeper:
    """Decides with the policy a case names and the public days `announced`; keeps the agenda of what was written.

    `said` holds what each cause made the deadlines say, until it is known to be written.
    """

    policies: Mapping[str, PublishedPolicy]
    agenda: Agenda
    partitions: int
    now: Callable[[], datetime]
    announced: tuple[PublicDays, ...] = ()
    said: dict[UUID, tuple[Outgoing, ...]] = field(default_factory=dict)

    def decide(self, state: Deadlines | None, cause: Cause[Any]) -> Change[Deadlines] | Wait | None:
        """The deadlines' decision, which waits for the policy version of the case where that is not published."""
        ours = state.header if state else None
        header: CaseHeader | None = ours if isinstance(cause.message, Tick) else cause.message.header
        if header is not None and header.policy_key not in self.policies:
            return Wait(header.policy_key)
        change = self._decided(state, cause)
        events = change.events if change else ()
        self.said[cause.id] = tuple(event for event in events if isinstance(event, Outgoing))
        return change

    def written(self, outcomes: Sequence[Outcome[Deadlines, Any]]) -> list[Outgoing]:
        """Note when each case is to be looked at next; what was said and is in the store now."""
        said: list[Outgoing] = []
        for outcome in outcomes:
            events = self.said.pop(outcome.cause.id, ())
            if outcome.kind == "applied":
                said += events
            if outcome.state is not None and outcome.kind != "failed":
                self.note(outcome.cause.key, outcome.state.next_due, outcome.state.armed)
        return said

    def note(self, case: UUID, due: int | None, armed: int) -> None:
        """Look at the case when it is due, or no more."""
        if due is None:
            self.agenda.forget(case)
        else:
            self.agenda.put(Appointment(case, self.partition(case), due, to_ms(self.now()), armed))

    def partition(self, case: UUID) -> int:
        """Where Kafka puts the records of a case."""
        if (known := self.agenda.known.get(case)) is not None:
            return known.partition
        return partition_of(case, self.partitions)

    async def load(self, documents: Armed, partitions: set[int]) -> None:
        """Learn what is armed in these partitions; what was written meanwhile is known better."""
        now = to_ms(self.now())
        async for stored in documents.find(ARMED, FIELDS):
            case, state = UUID(stored["_id"]), stored["state"]
            if self.partition(case) in partitions and case not in self.agenda.known:
                # Holidays may have been published since a provisional due time was worked out.
                self.note(case, now if state["provisional"] else state["next_due"], state["armed"])

    def _decided(self, state: Deadlines | None, cause: Cause[Happened]) -> Change[Deadlines] | None:
        message = cause.message
        if not isinstance(message, Tick):
            behind = self.partition(cause.key) in self.agenda.behind
            return decide_event(state, message, self.rules(message.header), self.now(), catch_up=behind)
        if state is None:
            return None
        return decide_tick(state, cause.key, message, self.rules(state.header))

    def rules(self, header: CaseHeader) -> Rules:
        return Rules(self.policies[header.policy_key].policy, self.announced)
