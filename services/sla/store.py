"""The deadlines of cases at rest: decided on and written here, and scheduled as they were written."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from schemas.calendar import PublicDays
from schemas.cases import CaseEvent, CaseHeader, CaseRebased
from schemas.policies import Policy, PublishedPolicy
from services.common.kafka.partitioner import partition_of
from services.common.store.decision import Cause, Change, Outcome, Outgoing, Wait
from services.common.store.versions import Versions
from services.common.store.write_path import Store
from services.sla.domain.deadline import Tick, decide_event, decide_tick
from services.sla.domain.due.instants import to_ms
from services.sla.domain.due.terms import DeadlineRules
from services.sla.domain.schedule import Schedule, ScheduledCase
from services.sla.domain.state import Deadlines

COLLECTION = "deadlines"
ARMED: Mapping[str, Any] = {"state.next_due": {"$ne": None}}
FIELDS = ("state.next_due", "state.armed", "state.provisional")

Outcomes = Sequence[Outcome[Deadlines, Any]]


class ArmedDocuments(Protocol):
    """Finds fields of documents."""

    def find(self, query: Mapping[str, Any], fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]: ...


@dataclass(slots=True)
class DeadlineRepository:
    """Changes the deadlines of cases by the policy each case names and the public days `announced`.

    The schedule of the cases follows what was written. `decided` holds the events of each cause until its
    outcome is known.
    """

    store: Store[Deadlines]
    documents: ArmedDocuments
    policies: Versions[PublishedPolicy]
    partitions: int
    now: Callable[[], datetime]
    announced: tuple[PublicDays, ...] = ()
    schedule: Schedule = field(default_factory=Schedule)
    decided: dict[UUID, tuple[Outgoing, ...]] = field(default_factory=dict)

    async def apply_events(self, causes: Sequence[Cause[CaseEvent]]) -> Outcomes:
        """Apply a batch of events in its order."""
        return self._scheduled(await self.store.change_many(causes, self.decide))

    async def apply_ticks(self, causes: Sequence[Cause[Tick]]) -> Outcomes:
        """Apply a batch of ticks; what cannot be written fails alone."""
        return self._scheduled(await self.store.change_isolated(causes, self.decide))

    def take_events(self, outcomes: Outcomes) -> list[Outgoing]:
        """The events that were written with these outcomes, once."""
        events: list[Outgoing] = []
        for outcome in outcomes:
            decided = self.decided.pop(outcome.cause.id, ())
            if outcome.kind == "applied":
                events += decided
        return events

    def reschedule(self, case: UUID, due: int | None, armed: int) -> None:
        """Look at the case when it is due, or no more."""
        if due is None:
            self.schedule.remove(case)
        else:
            self.schedule.put(ScheduledCase(case, self.partition_of(case), due, to_ms(self.now()), armed))

    async def load(self, partitions: set[int]) -> None:
        """Schedule what is armed in these partitions, except what was written and scheduled meanwhile."""
        now = to_ms(self.now())
        async for stored in self.documents.find(ARMED, FIELDS):
            case, state = UUID(stored["_id"]), stored["state"]
            if self.partition_of(case) in partitions and case not in self.schedule.cases:
                # Holidays may have been published since a provisional due time was worked out.
                self.reschedule(case, now if state["provisional"] else state["next_due"], state["armed"])

    def partition_of(self, case: UUID) -> int:
        """Where Kafka puts the records of a case."""
        if (entry := self.schedule.cases.get(case)) is not None:
            return entry.partition
        return partition_of(case, self.partitions)

    def decide(self, state: Deadlines | None, cause: Cause[Any]) -> Change[Deadlines] | Wait | None:
        """The decision of the domain, or to wait until the policy version of the case is published."""
        ours = state.header if state else None
        header: CaseHeader | None = ours if isinstance(cause.message, Tick) else cause.message.header
        if header is not None and (wait := self.policies.wait_for(header.policy_key)):
            return wait
        change = self._decide(state, cause)
        events = change.events if change else ()
        self.decided[cause.id] = tuple(event for event in events if isinstance(event, Outgoing))
        return change

    def _decide(self, state: Deadlines | None, cause: Cause[CaseEvent | Tick]) -> Change[Deadlines] | None:
        message = cause.message
        if not isinstance(message, Tick):
            is_behind = self.partition_of(cause.key) in self.schedule.behind
            rules = self._rules(message.header)
            if isinstance(message, CaseRebased) and state is not None:
                rules = rules._replace(before=self._policy(state.header))
            return decide_event(state, message, rules, self.now(), catch_up=is_behind)
        if state is None:
            return None
        return decide_tick(state, cause.key, message, self._rules(state.header))

    def _rules(self, header: CaseHeader) -> DeadlineRules:
        return DeadlineRules(self.policies[header.policy_key].policy, self.announced)

    def _policy(self, header: CaseHeader) -> Policy | None:
        """The version by which a case went, as long as it is published."""
        return self.policies[header.policy_key].policy if header.policy_key in self.policies else None

    def _scheduled(self, outcomes: Outcomes) -> Outcomes:
        for outcome in outcomes:
            if outcome.state is not None and outcome.kind != "failed":
                self.reschedule(outcome.cause.key, outcome.state.next_due, outcome.state.armed)
        return outcomes
