"""Personal words: kept once under their key, sealed in the history, told to nobody but the customer."""

from typing import Any
from uuid import uuid4

import pytest

from schemas.contacts import Customer, Vehicle
from schemas.outreach import OutreachRequested
from services.common.kafka.batch import Received
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.decision import Outcome
from services.common.store.write_path import Store
from services.routing.domain import customer_notices
from services.routing.domain.case import Case
from services.routing.domain.seals import seal
from services.routing.handlers import Handler, revive
from services.routing.store.cases import Cases
from services.routing.store.texts import TextRepository, Texts
from tests.casework import Casework, gtmc, patterns
from tests.dealership import MONDAY, a_contact
from tests.fakes import MemoryDocuments, MemoryLog, MemoryRecords


class Service:
    """The handler over fakes."""

    def __init__(self) -> None:
        self.casework, self.documents, self.log = Casework(), MemoryDocuments(), MemoryLog()
        self.texts, self.customers = MemoryRecords(), MemoryRecords()
        self.asked: list[OutreachRequested] = []
        store = Store(Case, self.documents, OutboxPublisher(self.log), lambda: MONDAY, lambda: None, revive)
        cases = Cases(store, self.casework.world, self.casework.open_cases)
        self.handler = Handler(
            cases, TextRepository(self.texts), TextRepository(self.customers), self._reach_out, patterns()
        )
        self.handler.loaded.set()

    async def _reach_out(self, asked: Any) -> None:
        self.asked += asked

    async def receive(self, *contacts: Any) -> list[Outcome[Case, Any]]:
        batch = [
            Received("contacts", 0, at, one, one.model_dump_json().encode())
            for at, one in enumerate(contacts)
        ]
        return list(await self.handler.handle(batch))


async def test_words_met_again_keep_their_first_key() -> None:
    records, case = MemoryRecords(), uuid4()
    spoken = Texts(uuid4(), case, MONDAY, {"note": "已联系"})
    first, again = [await TextRepository(records).put([spoken]) for _ in range(2)]
    assert first == again
    record = records.records[str(spoken.id)]
    assert first[spoken.id].seal == seal(bytes.fromhex(record["key"]), {"note": "已联系"})


async def test_the_same_words_are_sealed_differently_every_time() -> None:
    one, other = (Texts(uuid4(), uuid4(), MONDAY, {"note": "好"}) for _ in range(2))
    sealed = await TextRepository(MemoryRecords()).put([one, other])
    assert sealed[one.id].seal != sealed[other.id].seal


async def test_the_case_document_holds_no_word_of_the_customer() -> None:
    service, contact = Service(), a_contact("空调坏了三次", demand="换新空调")
    await service.receive(contact)
    stored = str(service.documents.documents[contact.case_id])
    assert not [word for word in ("空调坏了", "换新空调", "王女士", "13800000000") if word in stored]
    assert next(iter(service.texts.records.values()))["words"] == {
        "narrative": "空调坏了三次",
        "demand": "换新空调",
    }


async def test_contacts_of_one_case_in_one_batch_are_written_once() -> None:
    service, first = Service(), a_contact()
    second = a_contact("还有异响", case_id=first.case_id)
    outcomes = await service.receive(first, second)
    assert [outcome.kind for outcome in outcomes] == ["applied", "applied"]
    stored = service.documents.documents[first.case_id]
    assert (stored["version"], len(stored["state"]["contacts"])) == (1, 2)


async def test_what_is_told_of_an_unknown_case_fails_alone() -> None:
    service, contact = Service(), a_contact()
    lost = service.casework.started(service.casework.receive(), "DL-01").model_copy(update={"seq": 1})
    kinds = [outcome.kind for outcome in await service.receive(lost, contact)]
    assert kinds == ["failed", "applied"]


async def test_the_customer_is_told_once_however_often_his_contact_is_met() -> None:
    service, contact = Service(), a_contact()
    for _ in range(2):
        await service.receive(contact)
    first, again = service.asked
    assert first.id == again.id
    assert (first.medium, first.address, first.template) == ("sms", "+8613800000000", "customer_received")


async def test_a_further_contact_is_no_second_courtesy() -> None:
    service, contact = Service(), a_contact()
    await service.receive(contact)
    await service.receive(a_contact("还没好", case_id=contact.case_id))
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("customer", "medium"),
    [(Customer(email="w@example.org"), ["email"]), (Customer(phone="13800000000", email="w@example.org"), ["sms"]),
     (Customer(phone="0755-8888 6666 转 801", email="w@example.org"), ["email"]), (Customer(phone="1", email="li;z@example.org"), []),
     (Customer(), [])],
)  # fmt: skip
def test_the_customer_is_told_by_a_medium_that_reaches_them(customer: Customer, medium: list[str]) -> None:
    contact = a_contact(customer=customer)
    case = Casework().receive(contact)
    assert [asked.medium for asked in customer_notices.requests(case, contact, gtmc())] == medium


def unusable(case: Case) -> list[str]:
    return [said for contact in case.contacts for said in contact.unusable]


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ({"customer": Customer(email="li;z@example.org"), "refused": ("customer.email",)}, "e-mail was given but cannot be used"),
        ({"customer": Customer(phone="12")}, "phone was given but cannot be used"),
        ({"vehicle": Vehicle(brand="gtmc", vin="short"), "refused": ("vehicle.vin",)}, "VIN was given but cannot be used"),
        ({"vehicle": Vehicle(brand="王女士的车"), "refused": ("vehicle.brand",)}, "brand was given but cannot be used"),
    ],
)  # fmt: skip
def test_a_case_says_what_was_given_but_cannot_be_used_and_tells_nobody_what_it_was(
    contact: dict[str, Any], said: str
) -> None:
    casework = Casework()
    case = casework.receive(a_contact(**contact))
    further = casework.receive(a_contact("还有异响", case_id=case.id, **contact), case)
    assert [each.partition(" (")[0] for each in unusable(further)] == [said, said]
    assert str(casework.facts).count(said) == 2
    published = f"{further.model_dump_json()} {casework.sent}"
    assert not [word for word in ("li;z", "'12'", "王女士的车") if word in published]


def test_a_case_says_nothing_of_what_can_be_used() -> None:
    assert unusable(Casework().receive(a_contact(customer=Customer(phone="+8613800138000")))) == []
