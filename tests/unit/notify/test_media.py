"""Every medium is whole: somebody carries it, and people have a field for its address."""

from typing import get_args

import pytest

from schemas.contacts import Customer
from schemas.directory import Manufacturer, Person
from schemas.media import MEDIA, Audience, Medium
from services.notify.app import CARRIERS

FIELDS: dict[Audience, set[str]] = {
    "staff": set(Person.model_fields),
    "customer": set(Customer.model_fields),
    "manufacturer": set(Manufacturer.model_fields),
}


def test_every_medium_is_described_and_carried() -> None:
    assert set(get_args(Medium)) == set(MEDIA) == set(CARRIERS)


@pytest.mark.parametrize("medium", MEDIA)
def test_whom_a_medium_reaches_has_a_field_for_its_address(medium: Medium) -> None:
    spec = MEDIA[medium]
    assert {who for who, fields in FIELDS.items() if spec.field in fields} == set(spec.if_unknown)
