"""Records of Kafka become recorded deliveries, and what a crash left is taken up again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from schemas.outreach import DeliveryResent
from schemas.staffing import Directory
from services.common.kafka.batch import Received
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.versions import Versions
from services.common.store.write_path import Store
from services.notify.domain.delivery import OPEN, Attempted, Delivery, Due, Receipt, Resent
from services.notify.domain.rules import Rulebook
from services.notify.handlers import Handler, WaitingRecords
from services.notify.store import AddressRepository
from tests.dealership import MONDAY
from tests.fakes import MemoryDocuments, MemoryLog
from tests.unit.notify.events import CASE, PLACE, directory, opened, rule, rulebook
from tests.unit.notify.test_sender import SenderBench, running

RULES = rulebook(rule("case.opened", "owner", "dealer_gm"))


@dataclass
class Desk:
    """A handler over an bench, its people found in the directory."""

    bench: SenderBench = field(default_factory=SenderBench)
    rules: Rulebook = RULES
    people: Directory = field(default_factory=directory)
    queues: MemoryDocuments = field(default_factory=MemoryDocuments)

    def __post_init__(self) -> None:
        self.sender = self.bench.sender()
        self.queue = Store(
            WaitingRecords, self.queues, OutboxPublisher(MemoryLog()), lambda: MONDAY, lambda: None
        )
        book = AddressRepository(lambda: self.people, self.never)
        self.handler = Handler(
            self.bench.store, self.queue, lambda: self.rules, {"email": self.sender}, book, self.still_open
        )
        self.handler.loaded.set()

    async def never(self, _partition: int, _offset: int) -> None:
        raise AssertionError

    async def still_open(self, partitions: set[int]) -> AsyncIterator[Delivery]:
        for stored in list(self.bench.documents.documents.values()):
            delivery = Delivery.model_validate(stored["state"])
            if delivery.partition in partitions and delivery.status in OPEN:
                yield delivery

    def waiting(self) -> int:
        return len(self.sender.messages.queue)


def received(message: Any) -> Received[Any]:
    raw = message.model_dump_json().encode()
    return Received("cases", PLACE.partition, PLACE.offset, message, raw)


async def test_what_policy_asks_for_is_recorded_and_handed_on_without_being_sent() -> None:
    desk = Desk()
    outcomes = await desk.handler.handle([received(opened())])
    assert [outcome.kind for outcome in outcomes] == ["applied", "applied"]
    assert (desk.waiting(), desk.bench.provider.taken) == (2, [])


async def test_a_record_that_asks_for_nothing_is_ignored() -> None:
    desk = Desk(rules=rulebook())
    [outcome] = await desk.handler.handle([received(opened())])
    assert (outcome.kind, desk.bench.documents.commands) == ("ignored", 0)


async def test_a_record_read_twice_records_nothing_new() -> None:
    desk = Desk()
    await desk.handler.handle([received(opened())])
    outcomes = await desk.handler.handle([received(opened()), received(opened())])
    assert {outcome.kind for outcome in outcomes} == {"duplicate"}
    assert (len(desk.bench.documents.documents), desk.waiting()) == (2, 2)


def later(message: Any, **changes: Any) -> Any:
    return message.model_copy(update={"id": uuid4(), **changes})


async def test_a_case_whose_policy_version_is_missing_waits_with_all_that_follows_and_others_go_on() -> None:
    desk = Desk()
    waiting = opened(policy_version="later")
    behind = later(opened(), case_id=waiting.case_id)
    other = later(opened(), case_id=uuid4())
    batch = [received(waiting), received(behind), received(other)]
    kinds = {one.cause.message.id: one.kind for one in await desk.handler.handle(batch)}
    assert [kinds.get(one.id) for one in (waiting, behind)] == ["waiting", "waiting"]
    assert len(desk.bench.documents.documents) == 2  # of the other case alone
    assert desk.queue.awaiting == {waiting.case_id: ("gtmc@later", PLACE.partition)}
    again = await desk.handler.handle(batch[:2])
    assert {one.kind for one in again} == {"duplicate"}


async def test_what_waited_is_recorded_in_order_and_once_when_its_version_is_there() -> None:
    desk = Desk()
    waiting = opened(policy_version="later")
    behind = later(opened(), case_id=waiting.case_id)
    await desk.handler.handle([received(waiting), received(behind)])
    desk.rules = replace(
        RULES, policies=Versions({**RULES.policies.ready, "gtmc@later": RULES.policies["gtmc@version"]})
    )
    newest = later(opened(), case_id=waiting.case_id)
    await desk.handler.handle([received(newest)])  # before what waited was handed out: it stands behind
    kept = await desk.queue.waiting({waiting.case_id})
    assert [record["id"] for _, record in kept] == [str(one.id) for one in (waiting, behind, newest)]
    for _ in range(2):
        await desk.handler.handle([replace(received(one), waited=True) for one in (waiting, behind, newest)])
        assert len(desk.bench.documents.documents) == 6
        assert desk.queue.awaiting == {}


async def test_after_a_crash_what_was_waiting_or_being_sent_goes_out() -> None:
    before = Desk()
    await before.handler.handle([received(opened())])
    waiting, sending = before.bench.documents.documents
    await before.sender.attempts.change(sending, Due())
    desk = Desk(bench=before.bench)
    await desk.handler.assigned({PLACE.partition})
    async with running(desk.sender):
        for key in (waiting, sending):
            stored = Delivery.model_validate(desk.bench.documents.documents[key]["state"])
            settled = await desk.bench.until(stored, "sent")
            assert settled.copies == (2 if key == sending else 1)


async def test_a_partition_taken_over_twice_does_not_doubt_what_is_being_sent() -> None:
    desk = Desk()
    await desk.handler.handle([received(opened())])
    key = next(iter(desk.bench.documents.documents))
    await desk.sender.attempts.change(key, Due())
    await desk.sender.attempts.change(key, Attempted(1, Receipt("accepted")))
    await desk.handler.assigned({PLACE.partition})
    assert desk.bench.documents.documents[key]["state"]["status"] == "sent"


async def test_partitions_of_others_are_left_alone() -> None:
    before = Desk()
    await before.handler.handle([received(opened())])
    desk = Desk(bench=before.bench)
    await desk.handler.assigned({PLACE.partition + 1})
    assert desk.waiting() == 0


async def test_what_a_person_resends_is_handed_on() -> None:
    desk = Desk()
    await desk.handler.handle([received(opened())])
    key = next(iter(desk.bench.documents.documents))
    await desk.sender.attempts.change(key, Due())
    await desk.sender.attempts.change(key, Attempted(1, Receipt("refused")))
    resent = await desk.sender.attempts.change(key, Resent("admin"))
    assert resent.state is not None
    fresh = Desk(bench=desk.bench)
    message = DeliveryResent(id=uuid4(), case_id=CASE, occurred_at=MONDAY, delivery=key)
    [outcome] = await fresh.handler.handle([received(message)])
    assert (outcome.kind, fresh.waiting()) == ("ignored", 1)


async def test_a_resend_of_what_nobody_knows_is_ignored() -> None:
    desk = Desk()
    message = DeliveryResent(id=uuid4(), case_id=CASE, occurred_at=MONDAY, delivery=uuid4())
    [outcome] = await desk.handler.handle([received(message)])
    assert (outcome.kind, desk.waiting(), desk.bench.documents.documents) == ("ignored", 0, {})
