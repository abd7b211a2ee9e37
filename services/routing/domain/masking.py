"""What of a customer's words and data is shown to those who may read a case, but not who the customer is.

A mask is as long as what it hides: a signal stays at its place in a text.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from phonenumbers import PhoneNumberMatcher

from services.routing.domain.case import Case
from services.routing.domain.permission import Rights
from services.routing.domain.world import World

HIDDEN = "•"
LAST = 4
"""So many signs of a number are shown, by which somebody who knows it recognises it."""
NATIONAL = "CN"
E_MAIL = re.compile(r"[A-Za-z0-9._%+'-]+(?=@[\w-]+\.\w)")
DIGITS = re.compile(r"\d{7,}")
PLATE = re.compile(r"[一-龥][A-Z][·•. -]?[A-Z0-9]{5,6}(?![A-Za-z0-9])", re.IGNORECASE)
VIN = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z0-9]*\d)[A-HJ-NPR-Z0-9]{17}(?![A-Za-z0-9])", re.IGNORECASE)

Texts = Mapping[str, Mapping[str, str]]
Customers = Mapping[str, Mapping[str, Any]]


def sees_customer(case: Case, actor: str, world: World) -> bool:
    """Whether somebody who may read a case reads in the clear whose it is.

    While the policy version of the case is not known here nobody does: what their part in it is cannot be said.
    """
    return case.policy_key in world.policies and Rights(case, actor, world).sees_customer


def mask(texts: Texts, customers: Customers) -> tuple[Texts, Customers]:
    """Texts and customers of a case with names and numbers hidden, in the texts wherever they are found there."""
    shown = {key: _mask_customer(one) for key, one in customers.items()}
    masks = dict(pair for key, one in customers.items() for pair in _masks(one, shown[key]))
    hidden = {
        key: {field: _mask_text(text, masks) for field, text in fields.items()}
        for key, fields in texts.items()
    }
    return hidden, shown


def _mask_customer(one: Mapping[str, Any]) -> dict[str, Any]:
    customer, vehicle = one["customer"], one["vehicle"]
    shown = {
        "name": _mask_name(customer["name"]),
        "phone": _mask_number(customer["phone"]),
        "email": _mask_address(customer["email"]),
    }
    known = {"vin": _mask_number(vehicle["vin"]), "plate": _mask_number(vehicle["plate"])}
    return {"customer": {**customer, **shown}, "vehicle": {**vehicle, **known}}


def _masks(one: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands in texts for each thing that says who a customer is; a single sign is a word of any text."""
    for part, fields in one.items():
        for name, value in fields.items():
            if len(value) > 1 and shown[part][name] != value:
                yield value, shown[part][name]


def _mask_text(text: str, masks: Mapping[str, str]) -> str:
    # The longest first: it may hold another.
    for value in sorted(masks, key=len, reverse=True):
        text = _sought(value).sub(partial(_put, masks[value]), text)
    for number in PhoneNumberMatcher(text, NATIONAL):
        text = text[: number.start] + _mask_number(number.raw_string) + text[number.end :]
    text = E_MAIL.sub(_of_match, text)
    for numbers in (VIN, PLATE, DIGITS):
        text = numbers.sub(_of_number, text)
    return text


def _put(mask: str, _match: re.Match[str]) -> str:
    return mask


def _sought(value: str) -> re.Pattern[str]:
    """Finds a value however it is capitalised; one of Latin letters and digits only where it stands alone."""
    alone = ("(?<![A-Za-z0-9])", "(?![A-Za-z0-9])") if value.isascii() else ("", "")
    return re.compile(re.escape(value).join(alone), re.IGNORECASE)


def _of_match(match: re.Match[str]) -> str:
    return _mask_name(match[0])


def _of_number(match: re.Match[str]) -> str:
    return _mask_number(match[0])


def _mask_address(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return _mask_name(local) + at + domain if at else _mask_name(address)


def _mask_name(name: str) -> str:
    """The first sign, by which one knows whom one spoke to."""
    return name[:1] + "".join(HIDDEN if sign.isalnum() else sign for sign in name[1:])


def _mask_number(number: str) -> str:
    """The last signs, never more than half of them."""
    places = [at for at, sign in enumerate(number) if sign.isalnum()]
    hidden = frozenset(places[: len(places) - min(LAST, len(places) // 2)])
    return "".join(HIDDEN if at in hidden else sign for at, sign in enumerate(number))
