"""The record that intake writes is the message that everybody else reads."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.contacts import ContactReceived
from services.intake.domain import Identity, PostedContact, read_contact, to_record

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POSTED = {
    "kind": "rescue",
    "channel": "onsite",
    "shop": "shop-1",
    "received_at": "2026-03-02T11:58:00.123456+08:00",
    "received_by": "operator-1",
    "customer": {"name": '王"女士\\', "phone": "138 0013 8000", "kind": "proxy"},
    "vehicle": {"brand": "sunrise", "plate": "粤A1"},
    "narrative": '  she said "stop", }{ \n 刹车  ',
    "demand": "退车",
    "criteria": ["G1", "M3"],
    "flags": {"injury": True},
}


def read(**changes: Any) -> tuple[PostedContact, ContactReceived]:
    contact, warnings = read_contact(POSTED | changes, NOON)
    written = to_record(contact, Identity.of("caller", "key", contact), 'a "caller"', NOON, warnings)
    assert json.loads(written).keys() == ContactReceived.model_fields.keys() - {"seq"}
    return contact, ContactReceived.model_validate_json(written)


def test_everything_posted_is_in_the_message() -> None:
    contact, message = read()
    posted = message.model_dump(include=set(PostedContact.model_fields))
    assert posted == contact.model_dump()
    assert (message.occurred_at, message.caller, message.ticks) == (NOON, 'a "caller"', ("G1", "M3"))


def test_what_is_not_known_of_customer_and_vehicle_may_be_left_empty() -> None:
    contact, _ = read(customer={"phone": "", "email": ""}, vehicle={"brand": "", "vin": ""})
    assert (contact.customer.phone, contact.customer.email) == ("", "")
    assert (contact.vehicle.brand, contact.vehicle.vin) == ("", "")


def test_the_same_words_are_the_same_contact_and_others_a_further_one_of_the_case() -> None:
    (_, one), (_, same), (_, other) = read(), read(), read(narrative="another")
    assert one == same
    assert (one.case_id, one.case_number) == (other.case_id, other.case_number)
    assert one.id != other.id


def test_a_moment_in_no_year_of_utc_is_refused_by_name() -> None:
    body = {
        "channel": "onsite",
        "shop": "shop-1",
        "received_at": "9999-12-31T23:59:59-12:00",
        "narrative": "x",
    }
    with pytest.raises(ValidationError, match=r"received_at\n.*should lie within the years 1 to 9999"):
        read_contact(body, NOON)


def test_a_contact_posted_again_after_the_upgrade_is_the_contact_that_format_one_took() -> None:
    sparse = {name: POSTED[name] for name in ("channel", "shop", "received_at", "narrative")}
    posted = [read_contact(body, NOON)[0] for body in (POSTED, sparse)]
    assert [Identity.of("caller", "key", contact) for contact in posted] == [
        Identity(UUID("56755a8f-c79f-5387-9041-a67a4230ab26"), UUID(contact), "ASTN-N3Y7-KX9R-N")
        for contact in ("bfca9e39-2462-5238-90f7-6f07267cdbf1", "6c46558b-4102-5a8a-851b-85c1a2ae925b")
    ]


@pytest.mark.parametrize(
    ("changes", "contact"),
    [
        ({"kind": "complaint", "department": "after_sales"}, "a9739f75-e2fa-541c-acdd-4a0d266736c1"),
        ({"criteria": ["g1", " m3 "]}, "bfca9e39-2462-5238-90f7-6f07267cdbf1"),
        ({"criteria": ["ｐ１２"]}, "282cba92-32fe-5355-b507-785208637531"),
        ({"criteria": []}, "16d25e0d-bf03-50e6-b3dd-908424f297bb"),
        ({"flags": {}}, "274659f8-424c-5d34-a192-4c4f3546000b"),
        ({"flags": {"injury": None}}, "274659f8-424c-5d34-a192-4c4f3546000b"),
        ({"flags": {"fire": False, "injury": True}}, "e32a6a7e-1d32-5c1a-8d98-29fe52c0631e"),
        ({"flags": {"casualties": True, "accident": True, "injury": False, "fire": True}}, "dbd4c60d-0f9b-52b3-b3d5-8b17d2138d48"),
        ({"received_by": None}, "d02b7efe-92f3-5d25-a002-6852d6f60c3d"),
        ({"demand": " "}, "d44bec1c-e0ed-5393-aed8-63e6b52d0596"),
        ({"customer": {}}, "1a0b83cd-d8fa-5532-bc84-863a8667bf22"),
        ({"customer": {"email": None, "phone": 13800138000, "language": "en"}}, "030a19b2-c53c-5074-b839-77d1bb939f10"),
        ({"narrative": "a\x01\x7f\u2028\b\f\t/ 😡 é &<>"}, "b9565663-657a-500d-8742-2de452cd508c"),
    ],
)  # fmt: skip
def test_whatever_format_one_took_keeps_its_id(changes: dict[str, Any], contact: str) -> None:
    posted, _ = read_contact(POSTED | changes, NOON)
    assert Identity.of("caller", "key", posted).contact_id == UUID(contact)


def test_what_format_one_could_not_say_makes_another_contact() -> None:
    said: list[dict[str, Any]] = [
        {},
        {"form": {"visits": 3}},
        {"form": {"visits": 4}},
        {"flags": {"flood": True}},
    ]
    assert len({read(**changes)[1].id for changes in said}) == len(said)
