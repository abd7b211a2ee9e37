"""Where a message goes: to the field of its medium, of a person or of a manufacturer."""

import pytest

from schemas.addresses import WebhookUrl
from schemas.media import Medium
from schemas.staffing import Directory
from services.notify.store import AddressRepository
from tests.dealership import directory_file, person
from tests.unit.notify.test_delivery import a_delivery

URL = "https://hooks.gtmc.example/redress"


async def never(_partition: int, _offset: int) -> None:
    raise AssertionError


def repository() -> AddressRepository:
    file = directory_file(cr_1=person("cr-1", phone="13800138000", webhook=f"{URL}/cr-1"))
    makers = [one.model_copy(update={"webhook": WebhookUrl.parse(URL)}) for one in file.manufacturers]
    directory = Directory(file.model_copy(update={"manufacturers": tuple(makers)}).entries())
    return AddressRepository(lambda: directory, never)


@pytest.mark.parametrize(
    ("who", "medium", "text"),
    [
        ("cr-1", "email", "cr-1@example.org"),
        ("cr-1", "sms", "+8613800138000"),
        ("cr-1", "webhook", f"{URL}/cr-1"),
        ("manufacturer:gtmc", "webhook", URL),
    ],
)
async def test_each_medium_has_its_address(who: str, medium: Medium, text: str) -> None:
    address = (await repository().find(a_delivery(who, medium))).address
    assert address is not None
    assert address.text == text


@pytest.mark.parametrize("who", ["gm-1", "manufacturer:another", "nobody", "queue:north:operator"])
async def test_who_has_none_or_is_not_there_has_no_address(who: str) -> None:
    assert (await repository().find(a_delivery(who, "webhook"))).address is None
