"""Kafka in: contacts, what clocks did, and what became of messages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from faststream.kafka import KafkaRouter
from pydantic import TypeAdapter

from schemas import cases, contacts, deadlines, deliveries, directory, outreach, policies
from schemas.contacts import ContactReceived
from schemas.deadlines import DeadlineEscalationDue, DeadlineMessage
from schemas.formats import read_record
from schemas.outreach import OutreachRequested
from services.common.kafka.batch import Received
from services.common.kafka.dead_letters import replay_topic
from services.common.kafka.subscription import Group
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import retry
from services.common.store.decision import Cause, Change, Decide, Decision, Outcome, event_id
from services.common.store.document import Document
from services.common.store.write_path import Store
from services.routing import metrics
from services.routing.domain import courtesy
from services.routing.domain.case import Case
from services.routing.domain.deciding import decide
from services.routing.domain.draft import ESCALATIONS
from services.routing.domain.holding import misplaced
from services.routing.domain.ledger import Ledger
from services.routing.domain.opening import Heard
from services.routing.domain.reassignment import Reassign
from services.routing.domain.world import World
from services.routing.store import Found, Spoken, Words, held

# A store that is away while partitions are taken over makes a batch wait like any other.
PATIENCE = 5.0

AT_ONCE = 100

log = logging.getLogger(__name__)

Outreach = Callable[[Sequence[OutreachRequested]], Awaitable[None]]

TOPICS: dict[str, TypeAdapter[Any]] = {
    contacts.TOPIC: TypeAdapter(ContactReceived),
    deadlines.TOPIC: deadlines.ADAPTER,
    deliveries.TOPIC: deliveries.ADAPTER,
}


def router(handler: "Handler", group: Group) -> KafkaRouter:
    """What routing reads and publishes."""
    router = KafkaRouter()

    @router.subscriber(*TOPICS, replay_topic("routing"), batch=True, **group.arguments())
    async def route(batch: Sequence[Received[Any]]) -> Sequence[Outcome[Case, Any]]:
        """Contacts open or extend cases; what deadlines did and what became of messages is folded into them."""
        return await handler.handle(batch)

    router.publisher(cases.TOPIC, schema=cases.CaseEvent)
    router.publisher(ESCALATIONS, schema=cases.CaseEvent)
    router.publisher(outreach.TOPIC, schema=outreach.OutreachMessage)
    router.publisher(directory.TOPIC, schema=directory.Entry)
    router.publisher(policies.TOPIC, schema=policies.PublishedPolicy)
    return router


@dataclass(slots=True)
class Cases:
    """Changes cases: decides with what is loaded now, writes, and only then remembers who holds what."""

    store: Store[Case]
    world: Callable[[], World]
    ledger: Ledger

    async def change(self, cause: Cause[Any]) -> list[Outcome[Case, Any]]:
        return self._written(await self.store.change(cause, self._decide()))

    async def change_many(self, causes: Sequence[Cause[Any]]) -> list[Outcome[Case, Any]]:
        return self._written(await self.store.change_many(causes, self._decide()))

    async def change_each(self, causes: Sequence[Cause[Any]]) -> list[Outcome[Case, Any]]:
        return self._written(await self.store.change_each(causes, self._decide()))

    def foresee(self, document: Document[Case], cause: Cause[Any]) -> Outcome[Case, Any]:
        """What a cause would lead to if it were written now."""
        return document.take(cause, self._decide(), self.store.now())

    def _decide(self) -> Decide[Case, Any]:
        """Decides about the causes of one write, each knowing whom the ones before it gave a case to."""
        workload = self.ledger.tentative()

        def decide_next(case: Case | None, cause: Cause[Any]) -> Decision[Case]:
            decision = decide(case, cause, replace(self.world(), workload=workload))
            if isinstance(decision, Change):
                self.ledger.place(decision.state, workload)
            return decision

        return decide_next

    def _written(self, outcomes: list[Outcome[Case, Any]]) -> list[Outcome[Case, Any]]:
        for outcome in outcomes:
            if outcome.state is not None and outcome.kind != "failed":
                self.ledger.follow(outcome.state)
        return outcomes


@dataclass(slots=True)
class Handler:
    """Keeps the words of a batch, then changes its cases. `late` are cases that could not be handed over yet."""

    cases: Cases
    texts: Words
    customers: Words
    outreach: Outreach
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    late: set[UUID] = field(default_factory=set)

    async def handle(self, batch: Sequence[Received[Any]]) -> Sequence[Outcome[Case, Any]]:
        """Words first: a case must never name a text that is not there."""
        # Who is loaded with what has to be known before the first case is given to anybody.
        async with asyncio.timeout(PATIENCE):
            await self.loaded.wait()
        heard = await self._hear([one for one in batch if isinstance(one.message, ContactReceived)])
        causes = [
            heard[one.message.id] if isinstance(one.message, ContactReceived) else caused(one)
            for one in batch
        ]
        outcomes = await self.cases.change_many(causes)
        await self.outreach(list(self._courtesies(outcomes)))
        count(outcomes)
        return outcomes

    async def _hear(self, received: Sequence[Received[ContactReceived]]) -> dict[Any, Cause[Heard]]:
        if not received:
            return {}
        said = [one.message for one in received]
        texts, customers = await asyncio.gather(
            self.texts.keep([_narrative(one) for one in said]),
            self.customers.keep([_customer(one) for one in said]),
        )
        causes = {}
        for one in received:
            contact = one.message
            text, customer = texts[_narrative_id(contact)], customers[_customer_id(contact)]
            causes[contact.id] = one.cause(Heard(contact, text, customer))
        return causes

    def _courtesies(self, outcomes: Sequence[Outcome[Case, Any]]) -> Iterator[OutreachRequested]:
        """What the customers whose contacts opened cases are to be told, also when met again.

        Asked for after the write and before the commit: an address may rest in no document, so it can
        be in no outbox, and whoever sends knows each request by its id.
        """
        for outcome in outcomes:
            case, message = outcome.state, outcome.cause.message
            if case is not None and isinstance(message, Heard) and message.contact.id == case.contacts[0].id:
                policies = self.cases.world().policies
                if case.policy_key in policies:
                    yield from courtesy.requests(case, message.contact, policies[case.policy_key])

    def let_go(self) -> None:
        """Forget what is another instance's now, and give nothing out until the next take-over."""
        self.loaded.clear()
        self.cases.ledger.keep()

    async def take_over(self, documents: Found) -> None:
        """Learn who holds the open cases that are this instance's now."""
        self.cases.ledger.keep()
        async for one in held(documents):
            self.cases.ledger.note(one.case, one.holds, one.at, one.running)
        self.loaded.set()

    async def reassign(self, documents: Found | None = None) -> bool:
        """Hand over what is no longer somebody's, by what is known here or, with `documents`, by what rests there.

        True when nothing of it is left to be looked at again.
        """
        await self.loaded.wait()
        directory, ledger = self.cases.world().directory, self.cases.ledger
        if not directory.people:
            return True  # nobody has left: it was not announced here yet
        found = ledger.misplaced(directory)
        if documents is not None:
            resting = [one async for one in held(documents) if ledger.mine(one.case)]
            found = [one.case for one in resting if misplaced(one.holds, directory)]
        settled = True
        for at in range(0, len(found), AT_ONCE):
            causes = [
                Cause(case, event_id(case, "reassign"), Reassign(), once=False)
                for case in found[at : at + AT_ONCE]
            ]
            outcomes = await retry(partial(self.cases.change_each, causes), "reassign cases")
            settled &= False not in [self._reassigned(outcome) for outcome in outcomes]
        return settled

    def _reassigned(self, outcome: Outcome[Case, Any]) -> bool:
        case = outcome.cause.key
        if reason := _postponed(outcome):
            if case not in self.late:
                log.warning("case is not handed over yet", extra={"case_id": case, "reason": reason})
            self.late.add(case)
            return False
        self.late.discard(case)
        metrics.REASSIGNED.inc(outcome.kind == "applied")
        return True


def _postponed(outcome: Outcome[Case, Any]) -> str:
    """Why a case could not be handed over; empty where it was, or need not be."""
    if outcome.error is not None:
        return describe(outcome.error)
    if outcome.kind == "waiting":
        return f"its policy {outcome.awaits} is not known"
    return "" if outcome.state else "not written yet"


def _narrative_id(contact: ContactReceived) -> Any:
    return event_id(contact.id, "text")


def _customer_id(contact: ContactReceived) -> Any:
    return event_id(contact.id, "customer")


def _narrative(contact: ContactReceived) -> Spoken:
    words = {"narrative": contact.narrative, "demand": contact.demand}
    return Spoken(_narrative_id(contact), contact.case_id, contact.occurred_at, words)


def _customer(contact: ContactReceived) -> Spoken:
    words = {"customer": contact.customer.model_dump(), "vehicle": contact.vehicle.model_dump()}
    return Spoken(_customer_id(contact), contact.case_id, contact.occurred_at, words)


def caused(one: Received[Any]) -> Cause[Any]:
    """The cause in what another service says of a case.

    Deliveries come from many documents, each with a sequence of its own, hence in no order here.
    """
    seq = one.message.seq if isinstance(one.message, DeadlineMessage) else 0
    return one.cause(one.message, seq)


def revive(stream: str, raw: bytes) -> Cause[Any]:
    """The cause of a record that was held until its turn."""
    return caused(Received(stream, -1, -1, read_record(stream, TOPICS[stream], raw), raw))


def count(outcomes: Sequence[Outcome[Case, Any]]) -> None:
    """Meter what was opened and what escalated."""
    for outcome in outcomes:
        if outcome.kind == "applied" and outcome.state is not None:
            _count(outcome.state, outcome.cause.message)


def _count(case: Case, message: Any) -> None:
    match message:
        case Heard() if len(case.contacts) == 1:
            metrics.OPENED.labels(case.kind, case.severity).inc()
            metrics.TRIAGE.inc(bool(case.triage))
        case DeadlineEscalationDue() if case.escalated_for == (message.breach,):
            metrics.ESCALATED.labels(str(case.rung)).inc()
        case _:
            pass
