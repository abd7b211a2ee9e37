"""Kafka in: contacts, what clocks did, and what became of messages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from faststream.kafka import KafkaRouter
from pydantic import TypeAdapter

from schemas import cases, contacts, deadlines, deliveries, directory, outreach, policies
from schemas.contacts import ContactReceived
from schemas.deadlines import DeadlineEscalationDue, DeadlineMessage
from schemas.identity import customer_id, narrative_id, reassigning_cause, rebasing_cause
from schemas.outreach import OutreachRequested
from services.common.kafka.batch import Received, received_again
from services.common.kafka.dead_letters import replay_topic
from services.common.kafka.subscription import ConsumerGroup
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import retry
from services.common.store.decision import Cause, Outcome
from services.routing import metrics
from services.routing.domain import customer_notices
from services.routing.domain.assessment import build_statement
from services.routing.domain.case import Case
from services.routing.domain.draft import ESCALATIONS
from services.routing.domain.opening import StoredContact
from services.routing.domain.reassignment import Reassign
from services.routing.domain.rebase import Rebase
from services.routing.domain.responsibilities import is_misplaced
from services.routing.domain.severity.detection import Reader
from services.routing.store.cases import CaseDocuments, Cases, read_open_cases
from services.routing.store.texts import TextRepository, Texts

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
PUBLISHED: dict[str, Any] = {
    cases.TOPIC: cases.CaseEvent,
    ESCALATIONS: cases.CaseEvent,
    outreach.TOPIC: outreach.OutreachMessage,
    directory.TOPIC: directory.Entry,
    policies.TOPIC: policies.Announcement,
}


def router(handler: "Handler", group: ConsumerGroup) -> KafkaRouter:
    """What routing reads and publishes."""
    router = KafkaRouter()

    @router.subscriber(*TOPICS, replay_topic("routing"), batch=True, **group.arguments())
    async def route(batch: Sequence[Received[Any]]) -> Sequence[Outcome[Case, Any]]:
        """Contacts open or extend cases; what deadlines did and what became of messages is folded into them."""
        return await handler.handle(batch)

    for topic, schema in PUBLISHED.items():
        router.publisher(topic, schema=schema)
    return router


@dataclass(slots=True)
class Handler:
    """Stores the texts of a batch, then changes its cases. `late` are cases that could not be reassigned yet."""

    cases: Cases
    texts: TextRepository
    customers: TextRepository
    outreach: Outreach
    reader: Reader
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    late: set[UUID] = field(default_factory=set)

    async def handle(self, batch: Sequence[Received[Any]]) -> Sequence[Outcome[Case, Any]]:
        """Texts first: a case must never name a text that is not there."""
        # Who holds what has to be loaded before the first case is given to anybody.
        async with asyncio.timeout(PATIENCE):
            await self.loaded.wait()
        contacts = await self._store_texts([one for one in batch if isinstance(one.message, ContactReceived)])
        causes = [
            contacts[one.message.id] if isinstance(one.message, ContactReceived) else caused(one)
            for one in batch
        ]
        outcomes = await self.cases.change_many(causes)
        await self.outreach(list(self._customer_notices(outcomes)))
        count(outcomes)
        return outcomes

    async def _store_texts(
        self, received: Sequence[Received[ContactReceived]]
    ) -> dict[Any, Cause[StoredContact]]:
        if not received:
            return {}
        messages = [one.message for one in received]
        detections = self.reader.detect([build_statement(message).text for message in messages])
        texts, customers = await asyncio.gather(
            self.texts.put([_narrative(one) for one in messages]),
            self.customers.put([_customer(one) for one in messages]),
        )
        causes = {}
        for one, detection in zip(received, detections, strict=True):
            contact = one.message
            text, customer = texts[narrative_id(contact.id)], customers[customer_id(contact.id)]
            causes[contact.id] = one.cause(StoredContact(contact, detection, text, customer))
        return causes

    def _customer_notices(self, outcomes: Sequence[Outcome[Case, Any]]) -> Iterator[OutreachRequested]:
        """The notices to customers whose contacts opened cases, also when read again.

        Asked for after the write and before the commit: an address may rest in no document, so it can
        be in no outbox, and whoever sends knows each request by its id.
        """
        for outcome in outcomes:
            case, message = outcome.state, outcome.cause.message
            if (
                case is not None
                and isinstance(message, StoredContact)
                and message.contact.id == case.contacts[0].id
            ):
                policies = self.cases.world().policies
                if case.policy_key in policies:
                    yield from customer_notices.requests(case, message.contact, policies[case.policy_key])

    def let_go(self) -> None:
        """Forget what is another instance's now, and give nothing out until the next take-over."""
        self.loaded.clear()
        self.cases.open_cases.forget_others()

    async def take_over(self, documents: CaseDocuments) -> None:
        """Learn who holds the open cases that are this instance's now."""
        self.cases.open_cases.forget_others()
        async for case in read_open_cases(documents):
            self.cases.open_cases.put(case)
        self.loaded.set()

    async def rebase(self) -> bool:
        """Let open cases of versions that say less than the engine asks go on by those that new cases follow.

        True when none is left that could.
        """
        await self.loaded.wait()
        policies = self.cases.world().policies
        old = [one for one in self.cases.open_cases.cases.values() if policies.is_outdated(one.policy_key)]
        causes = [
            Cause(one.id, rebasing_cause(one.id, target.key), Rebase(policy_key=target.key))
            for one in old
            if (target := policies.successor(one.policy_key)) is not None
        ]
        complete = True
        for at in range(0, len(causes), AT_ONCE):
            some = causes[at : at + AT_ONCE]
            outcomes = await retry(partial(self.cases.change_apart, some), "re-base cases")
            complete &= False not in [self._rebased(outcome) for outcome in outcomes]
        return complete

    def _rebased(self, outcome: Outcome[Case, Any]) -> bool:
        """Whether a case goes on by the other version; one of which something has no counterpart stays, and is named."""
        metrics.REBASED.inc(outcome.kind == "applied")
        if outcome.refusal is not None:
            reason = outcome.refusal.detail
        elif outcome.error is not None:
            reason = describe(outcome.error)
        else:
            return True
        log.error("case cannot be re-based", extra={"case_id": outcome.cause.key, "reason": reason})
        return outcome.error is None

    async def reassign(self, documents: CaseDocuments | None = None) -> bool:
        """Hand over what is no longer somebody's, by what is in memory or, with `documents`, by what rests there.

        True when nothing of it is left to be looked at again.
        """
        await self.loaded.wait()
        directory, open_cases = self.cases.world().directory, self.cases.open_cases
        if not directory.people:
            return True  # nobody has left: it was not announced here yet
        misplaced = open_cases.misplaced(directory)
        if documents is not None:
            resting = [case async for case in read_open_cases(documents) if open_cases.is_mine(case.id)]
            misplaced = [case.id for case in resting if is_misplaced(case.responsibilities, directory)]
        complete = True
        for some in _batches(misplaced):
            causes = [Cause(case, reassigning_cause(case), Reassign(), once=False) for case in some]
            outcomes = await retry(partial(self.cases.change_apart, causes), "reassign cases")
            complete &= False not in [self._reassigned(outcome) for outcome in outcomes]
        return complete

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


def _batches(cases: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (cases[at : at + AT_ONCE] for at in range(0, len(cases), AT_ONCE))


def _postponed(outcome: Outcome[Case, Any]) -> str:
    """Why a case could not be handed over; empty where it was, or need not be."""
    if outcome.error is not None:
        return describe(outcome.error)
    if outcome.kind == "waiting":
        return f"its policy {outcome.awaits} is not known"
    return "" if outcome.state else "not written yet"


def _narrative(contact: ContactReceived) -> Texts:
    filled = {f"form.{name}": said for name, said in contact.form.items() if isinstance(said, str)}
    texts = {"narrative": contact.narrative, "demand": contact.demand, **filled}
    return Texts(narrative_id(contact.id), contact.case_id, contact.occurred_at, texts)


def _customer(contact: ContactReceived) -> Texts:
    texts = {"customer": contact.customer.model_dump(), "vehicle": contact.vehicle.model_dump()}
    return Texts(customer_id(contact.id), contact.case_id, contact.occurred_at, texts)


def caused(one: Received[Any]) -> Cause[Any]:
    """The cause in an event of another service about a case.

    Deliveries come from many documents, each with a sequence of its own, hence in no order here.
    """
    seq = one.message.seq if isinstance(one.message, DeadlineMessage) else 0
    return one.cause(one.message, seq)


def revive(stream: str, raw: bytes) -> Cause[Any]:
    """The cause of a record that was pending until its turn."""
    return caused(received_again(stream, raw, TOPICS))


def count(outcomes: Sequence[Outcome[Case, Any]]) -> None:
    """Meter what was opened and what escalated."""
    for outcome in outcomes:
        if outcome.kind == "applied" and outcome.state is not None:
            _count(outcome.state, outcome.cause.message)


def _count(case: Case, message: Any) -> None:
    match message:
        case StoredContact() if len(case.contacts) == 1:
            metrics.OPENED.labels(case.kind, case.severity).inc()
            metrics.TRIAGE.inc(bool(case.triage))
        case DeadlineEscalationDue():
            for task in case.tasks:
                if task.ladder is not None and task.breaches == (message.breach,):
                    metrics.ESCALATED.labels(task.ladder, task.role).inc()
        case _:
            pass
