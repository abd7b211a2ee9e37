"""The sender works off what is recorded: over a provider, a store and a publisher in memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.trouble import Trouble
from schemas.addresses import EmailAddress, PhoneNumber
from schemas.deliveries import DeliveryReported
from schemas.media import Medium
from schemas.outreach import DeliveryResent
from services.common.kafka.outbox import OutboxPublisher
from services.common.runtime.clock import Clock, ticks
from services.common.store.decision import Cause
from services.common.store.write_path import Store
from services.notify.domain.addressee import Addressee
from services.notify.domain.delivery import (
    CUSTOMER,
    NO_ADDRESS,
    Attempted,
    Delivery,
    Due,
    Receipt,
    Resent,
    Resolved,
    advance,
)
from services.notify.handlers import record
from services.notify.providers import Claim, Letter
from services.notify.sender import attempt as sender_attempt
from services.notify.sender.attempt import CLAIM_SECONDS, Attempts, StepWriter
from services.notify.sender.loop import DueDeliveries, Item, Pace, Sender
from tests.dealership import MONDAY
from tests.fakes import MemoryDocuments, MemoryLog
from tests.patience import patience
from tests.unit.notify.events import rulebook
from tests.unit.notify.fakes import MemoryProvider
from tests.unit.notify.test_delivery import a_delivery

PACE = Pace(at_once=4, base=0.001, most=0.01)
ENDED = Receipt("unknown", "ended while sending")
FACTS = {"number": "7K2M", "severity": "major complaint", "owner": "cr-1"}


@dataclass
class MemoryAddresses:
    """Everyone is reached at their id, but for those without an address."""

    without: set[str] = field(default_factory=set)
    troubles: list[Exception] = field(default_factory=list)
    forgotten: list[UUID] = field(default_factory=list)

    async def find(self, delivery: Delivery) -> Addressee:
        if self.troubles:
            raise self.troubles.pop()
        has_address = delivery.person not in self.without
        return Addressee(
            EmailAddress.parse(f"{delivery.person}@shop.example") if has_address else None, "王女士"
        )

    def forget(self, delivery: UUID) -> None:
        self.forgotten.append(delivery)


@dataclass
class SenderBench:
    """A sender of one medium with everything it needs; `now` is the time of day."""

    medium: Medium = "email"
    provider: MemoryProvider = field(default_factory=MemoryProvider)
    addresses: MemoryAddresses = field(default_factory=MemoryAddresses)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    kafka: MemoryLog = field(default_factory=MemoryLog)
    now: datetime = MONDAY

    def __post_init__(self) -> None:
        self.publisher = OutboxPublisher(self.kafka)
        self.store = Store(Delivery, self.documents, self.publisher, lambda: self.now, lambda: None)

    def sender(self) -> Sender:
        writer = StepWriter(self.store, lambda state, cause: advance(state, cause, self.now))
        attempts = Attempts(writer, self.provider, self.addresses, rulebook)
        return Sender(self.medium, attempts, PACE, Clock(1.0, 0.0))

    async def recorded(self, person: str = "cr-1", **changes: Any) -> Delivery:
        never = datetime(2100, 1, 1, tzinfo=MONDAY.tzinfo)
        delivery = a_delivery(person, self.medium, **{"not_after": never, "facts": FACTS, **changes})
        planned: Cause[Delivery | DeliveryResent] = Cause(delivery.id, delivery.event, delivery)
        await self.store.change(planned, record)
        return delivery

    def state(self, delivery: Delivery) -> Delivery:
        return Delivery.model_validate(self.documents.documents[delivery.id]["state"])

    async def until(self, delivery: Delivery, *statuses: str) -> Delivery:
        async with patience():
            while self.state(delivery).status not in statuses:
                await asyncio.sleep(0)
        return self.state(delivery)

    async def results(self) -> list[DeliveryReported]:
        await self.publisher.flush()
        return [
            DeliveryReported.model_validate_json(value)
            for _, value in self.kafka.topics.get("deliveries", ())
        ]


@asynccontextmanager
async def running(*senders: Sender) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(sender.run()) for sender in senders]
    yield
    for task in tasks:
        task.cancel()
    for sender in senders:
        await sender.part()


async def test_a_recorded_message_arrives_and_its_result_is_published() -> None:
    bench = SenderBench()
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        await bench.until(delivery, "sent")
    [letter] = bench.provider.taken
    assert (letter.reference, letter.to.text) == (delivery.id, "cr-1@shop.example")
    assert (letter.subject, letter.text) == ("7K2M", "major complaint，cr-1\n")
    assert [(one.result, one.person) for one in await bench.results()] == [("sent", "cr-1")]


async def test_a_busy_provider_is_tried_until_it_takes_the_message() -> None:
    bench = SenderBench()
    bench.provider.trouble(Trouble(kind="busy", times=5))
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        settled = await bench.until(delivery, "sent")
    assert (settled.attempt, settled.copies, len(bench.provider.taken)) == (6, 1, 1)


async def test_a_person_without_an_address_is_a_failure_and_not_a_silence() -> None:
    bench = SenderBench(addresses=MemoryAddresses(without={"cr-1"}))
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        assert (await bench.until(delivery, "failed")).reason == NO_ADDRESS
    assert [one.result for one in await bench.results()] == ["failed"]


async def test_trouble_with_looking_up_an_address_delays_a_message_and_loses_nothing() -> None:
    bench = SenderBench(addresses=MemoryAddresses(troubles=[ValueError("no offset"), TimeoutError()]))
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        settled = await bench.until(delivery, "sent")
    assert (settled.attempt, settled.copies) == (3, 1)


async def test_a_message_that_is_no_longer_worth_sending_is_not_sent() -> None:
    bench = SenderBench()
    delivery = await bench.recorded(not_after=MONDAY + timedelta(minutes=1))
    bench.now = MONDAY + timedelta(minutes=1)
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        await bench.until(delivery, "expired")
    assert bench.provider.taken == []


async def test_two_senders_that_both_know_of_a_message_send_it_once() -> None:
    bench = SenderBench()
    deliveries = [await bench.recorded(f"person-{number}") for number in range(20)]
    one, other = bench.sender(), bench.sender()
    async with running(one, other):
        for delivery in deliveries:
            one.add(delivery)
            other.add(delivery)
        for delivery in deliveries:
            await bench.until(delivery, "sent")
    assert sorted(bench.provider.references()) == sorted(str(one.id) for one in deliveries)


async def test_an_sms_that_got_no_answer_is_asked_after_and_not_sent_again() -> None:
    bench = SenderBench("sms")
    bench.provider.trouble(Trouble(kind="stall"))
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        settled = await bench.until(delivery, "sent")
    assert (settled.copies, len(bench.provider.taken)) == (1, 1)


async def test_an_sms_that_was_lost_is_sent_again() -> None:
    bench = SenderBench("sms")
    bench.provider.trouble(Trouble(kind="lose"))
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        settled = await bench.until(delivery, "sent")
    assert (settled.attempt, settled.copies, len(bench.provider.taken)) == (2, 1, 1)


async def test_a_customers_mail_of_unknown_fate_goes_out_again_only_on_a_persons_word() -> None:
    bench = SenderBench()
    bench.provider.trouble(Trouble(kind="stall"))
    delivery = await bench.recorded(CUSTOMER)
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        await bench.until(delivery, "unknown")
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(bench.provider.taken) == 1
        await sender.attempts.change(delivery.id, Resolved("resend", "cr-1"))
        settled = await bench.until(delivery, "sent")
    first, second = bench.provider.taken
    assert (settled.copies, first.at, second) == (2, delivery.occurred_at, first)


async def test_a_provider_that_breaks_leaves_the_fate_unknown() -> None:
    bench = SenderBench()
    delivery = await bench.recorded(CUSTOMER)
    sender = bench.sender()

    class Broken(MemoryProvider):
        async def send(self, letter: Letter, _claim: Claim, /) -> Receipt:
            raise RuntimeError(letter.to.text)

    bench.provider = Broken()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        settled = await bench.until(delivery, "unknown")
    assert "shop.example" not in settled.reason


async def test_what_is_settled_is_forgotten() -> None:
    bench = SenderBench()
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        await bench.until(delivery, "sent")
    assert bench.addresses.forgotten == [delivery.id]
    assert (len(sender.messages.queue), sender.working, sender.unknown) == (0, {}, set())


async def test_partitions_that_leave_are_not_sent_for_any_more() -> None:
    bench = SenderBench()
    stays, leaves = await bench.recorded("cr-1"), await bench.recorded("gm-1", partition=1)
    sender = bench.sender()
    sender.add(stays)
    sender.add(leaves)
    await sender.part({1})
    async with running(sender):
        await bench.until(stays, "sent")
    assert bench.state(leaves).status == "queued"


def test_the_queue_gives_the_earliest_first_and_nothing_twice() -> None:
    queue, first, second = DueDeliveries(), uuid4(), uuid4()
    queue.add(Item(2.0, second, 0))
    queue.add(Item(1.0, first, 0))
    queue.add(Item(0.0, first, 0))
    assert queue.wait(0.5) == 0.5
    assert queue.wait(3.0) == 0
    assert [queue.pop().delivery, queue.pop().delivery] == [first, second]
    assert queue.wait(3.0) is None


async def test_while_a_provider_is_at_fault_one_message_asks_and_the_others_wait() -> None:
    bench = SenderBench()
    bench.provider.trouble(Trouble(kind="account", times=12))
    deliveries = [await bench.recorded(f"person-{number}") for number in range(40)]
    sender = bench.sender()
    async with running(sender):
        for delivery in deliveries:
            sender.add(delivery)
        for delivery in deliveries:
            await bench.until(delivery, "sent")
    states = [bench.state(delivery) for delivery in deliveries]
    assert sum(state.attempt for state in states) == len(deliveries) + 12
    assert sum(state.attempt > 1 for state in states) <= 12


async def test_a_provider_at_fault_is_one_alarm_and_one_note_until_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench, notes = SenderBench(), list[str]()
    bench.provider.trouble(Trouble(kind="account", times=12))
    deliveries = [await bench.recorded(f"person-{number}") for number in range(20)]
    sender = bench.sender()
    sender.alarm = notes.append
    async with running(sender):
        for delivery in deliveries:
            sender.add(delivery)
        for delivery in deliveries:
            await bench.until(delivery, "sent")
    errors = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert [one.getMessage() for one in errors] == ["provider is at fault, its messages wait"]
    assert (notes[0], notes[-1]) == ("no credit", "")


async def test_messages_that_waited_for_a_provider_keep_their_order() -> None:
    bench = SenderBench()
    bench.provider.trouble(Trouble(kind="account"))
    deliveries = [await bench.recorded(f"person-{number}") for number in range(20)]
    sender = bench.sender()
    sender.pace = Pace(at_once=1, base=0.001, most=0.01)
    async with running(sender):
        for delivery in deliveries:
            sender.add(delivery)
        for delivery in deliveries:
            await bench.until(delivery, "sent")
    assert bench.provider.references() == [str(delivery.id) for delivery in deliveries]


async def test_a_message_that_a_provider_fails_on_does_not_keep_the_others_waiting() -> None:
    bench = SenderBench()
    poison, *others = [await bench.recorded(f"person-{number}") for number in range(10)]

    class FailsOnPoison(MemoryProvider):
        async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
            if letter.reference == poison.id:
                return Receipt("later", "smtp 554 at body", provider="fails")
            return await super().send(letter, claim)

    bench.provider = FailsOnPoison()
    sender = bench.sender()
    async with running(sender):
        for delivery in (poison, *others):
            sender.add(delivery)
        for delivery in others:
            await bench.until(delivery, "sent")
    assert bench.state(poison).status in ("queued", "sending")


class Unanswered(MemoryProvider):
    """Takes every message and answers no question: as it should not, not at all, or never."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.asked = how, 0

    async def ask(self, _reference: UUID, /) -> Receipt:
        self.asked += 1
        if self.how == "raises":
            raise RuntimeError(self.how)
        if self.how == "never":
            await asyncio.Event().wait()
        return Receipt("unknown", "http 404", provider="fails", pause=600.0)


@pytest.mark.parametrize("questions", [1, 40])
@pytest.mark.parametrize("how", ["wrong", "raises", "never"])
async def test_questions_that_are_not_answered_keep_no_message_waiting(how: str, questions: int) -> None:
    bench, notes = SenderBench("sms", provider=Unanswered(how)), list[str]()
    asked = [await bench.recorded(f"asked-{n}", status="unknown", attempt=1) for n in range(questions)]
    new = [await bench.recorded(f"new-{n}") for n in range(20)]
    sender = bench.sender()
    sender.alarm, sender.pace = notes.append, Pace(at_once=4, base=600.0, most=600.0)
    sender = replace(sender)
    task = asyncio.create_task(sender.run())
    for delivery in (*asked, *new):
        sender.add(delivery)
    for delivery in new:
        await bench.until(delivery, "sent")
    task.cancel()
    assert (any(notes), {bench.state(delivery).status for delivery in asked}) == (False, {"unknown"})
    assert isinstance(bench.provider, Unanswered)
    assert 0 < bench.provider.asked <= (questions if how == "raises" else 4)
    for _, hanging in sender.working.values():
        hanging.cancel()


async def test_a_question_that_is_answered_does_not_say_that_messages_are_taken() -> None:
    bench, notes = SenderBench("sms"), list[str]()
    bench.provider.trouble(Trouble(kind="account", times=3))
    sender = bench.sender()
    sender.alarm = notes.append
    waiting = await bench.recorded("new")
    async with running(sender):
        sender.add(waiting)
        while not any(notes):
            await asyncio.sleep(0)
        for number in range(3):
            asked = await bench.recorded(f"asked-{number}", status="unknown", attempt=1)
            bench.provider.taken.append(Letter(asked.id, MONDAY, PhoneNumber("+8613800138000"), "", "text"))
            sender.add(asked)
            await bench.until(asked, "sent")
        await bench.until(waiting, "sent")
    assert [note for note, before in zip(notes, ["", *notes], strict=False) if note != before] == [
        "no credit",
        "",
    ]


async def test_messages_of_a_provider_at_fault_expire_without_being_tried_when_it_is_too_late() -> None:
    bench = SenderBench()
    bench.provider.trouble(Trouble(kind="account", times=3))
    late = [await bench.recorded(f"late-{n}", not_after=MONDAY + timedelta(minutes=1)) for n in range(5)]
    bench.now = MONDAY + timedelta(minutes=2)
    good = await bench.recorded("cr-1")
    sender = bench.sender()
    async with running(sender):
        for delivery in (*late, good):
            sender.add(delivery)
        await bench.until(good, "sent")
        for delivery in late:
            await bench.until(delivery, "expired")
    assert len(bench.provider.taken) == 1


async def test_a_failed_message_that_a_person_resends_goes_out() -> None:
    bench = SenderBench()
    bench.provider.trouble(Trouble(kind="refuse"))
    delivery = await bench.recorded()
    sender = bench.sender()
    async with running(sender):
        sender.add(delivery)
        await bench.until(delivery, "failed")
        resent = await sender.attempts.change(delivery.id, Resent("admin"))
        assert resent.state is not None
        sender.add(resent.state)
        settled = await bench.until(delivery, "sent")
    assert (settled.attempt, len(bench.provider.taken)) == (2, 1)
    assert [one.result for one in await bench.results()] == ["failed", "sent"]


@dataclass
class Freezing(MemoryProvider):
    """Between the first claim and its words `meanwhile` happens, and the claim becomes old."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        if self.meanwhile:
            assert isinstance(claim, sender_attempt.AttemptClaim)
            claim.since -= 10 * CLAIM_SECONDS
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return await super().send(letter, claim)


async def test_a_claim_that_is_old_is_written_again_before_anything_is_sent() -> None:
    bench = SenderBench("sms")
    delivery = await bench.recorded()
    bench.provider = Freezing(meanwhile=lambda: asyncio.sleep(0))
    sender = bench.sender()
    before = bench.documents.documents[delivery.id]["version"]
    async with running(sender):
        sender.add(delivery)
        settled = await bench.until(delivery, "sent")
    assert (settled.attempt, len(bench.provider.taken)) == (1, 1)
    assert bench.documents.documents[delivery.id]["version"] == before + 3


@pytest.mark.parametrize("person", ["cr-1", CUSTOMER])
@pytest.mark.parametrize("medium", ["sms", "email"])
async def test_a_claim_that_another_took_over_meanwhile_sends_nothing(medium: Medium, person: str) -> None:
    bench = SenderBench(medium)
    delivery = await bench.recorded(person)
    other, taken = bench.sender(), bench.provider.taken
    bench.provider = Freezing(
        taken=taken, meanwhile=lambda: other.attempts.change(delivery.id, Attempted(1, ENDED))
    )
    frozen = bench.sender()
    async with running(frozen):
        frozen.add(delivery)
        await bench.until(delivery, "unknown")
    assert taken == []
    async with running(other):
        await other.take_over(bench.state(delivery))
        if bench.state(delivery).awaits_person:
            return
        await bench.until(delivery, "sent")
    assert len(taken) == 1


async def test_what_another_was_sending_is_looked_at_only_when_its_claim_has_ended() -> None:
    bench = SenderBench("sms")
    delivery = await bench.recorded()
    await bench.sender().attempts.change(delivery.id, Due())
    sender = bench.sender()
    begun = ticks()
    async with running(sender):
        await sender.take_over(bench.state(delivery))
        assert bench.state(delivery).status == "unknown"
        await bench.until(delivery, "sent")
    assert ticks() - begun >= CLAIM_SECONDS
