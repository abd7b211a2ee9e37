"""The record that intake writes is the message that everybody else reads."""

import json
from datetime import UTC, datetime
from typing import Any

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
