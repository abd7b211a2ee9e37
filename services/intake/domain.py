"""A contact as a client posts it, and the identity that it gets."""

import json
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from schemas.addresses import AddressError, EmailAddress, PhoneNumber, half_width
from schemas.base import Identifier as Name
from schemas.base import Strict, instant, stamp
from schemas.contacts import ContactReceived, Customer, Form, Vehicle
from schemas.directory import CODE, Identifier
from schemas.formats import posted
from schemas.identity import case_id, contact_id
from schemas.values import Flags

OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = CROCKFORD + "*~$=U"
LONGEST_KEPT = 320
LONGEST_PLATE = 40
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
NO_MOMENT = "should be text as in RFC 3339, with seconds and an offset, such as 2026-03-02T09:30:00+08:00"
BRAND = re.compile(CODE)
VIN = re.compile("[A-HJ-NPR-Z0-9]{17}")
# They take service without a sign, though Unicode counts them among letters and signs.
BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"


class Warned(NamedTuple):
    """A field that cannot be used as it was given, and what would be right."""

    field: str
    problem: str


@dataclass(slots=True)
class ContactCheck:
    """When a contact is read, and what in it cannot be used; it is accepted all the same."""

    now: datetime
    warnings: list[Warned] = field(default_factory=list)


def _timely(given: Any, info: ValidationInfo) -> datetime:
    """RFC 3339 with an offset and nothing else that a library would take for a time, neither old nor ahead.

    Judged with all other fields, so that one answer names everything that is wrong.
    """
    received, now = _moment(given), info.context.now  # type: ignore[union-attr] # `read_contact` gives it
    if received < now - OLDEST:
        raise PydanticCustomError("too_old", f"should be at most {OLDEST.days} days back")
    if received > now + AHEAD:
        raise PydanticCustomError("ahead", f"should be at most {AHEAD.seconds // 60} minutes ahead")
    return received


def _moment(given: Any) -> datetime:
    if not isinstance(given, str) or not MOMENT.fullmatch(given):
        raise PydanticCustomError("moment", NO_MOMENT)
    try:
        moment = datetime.fromisoformat(given.upper())
    except ValueError:
        raise PydanticCustomError("moment", "should be a day and time that exist") from None
    return instant(moment)


def _lenient(name: str, read: Callable[[str], str]) -> tuple[Any, ...]:
    """A field in the one form that `read` gives it; kept as it was given, with a warning, where it has none."""

    def check(given: Any, info: ValidationInfo) -> str:
        text = given if isinstance(given, str) else _as_text(given)
        try:
            return read(text) if text else ""
        except AddressError as error:
            info.context.warnings.append(Warned(name, str(error)))  # type: ignore[union-attr] # as above
            return text[:LONGEST_KEPT]

    return BeforeValidator(check), WithJsonSchema({"type": "string"})


def _as_text(given: Any) -> str:
    return "" if given is None else json.dumps(given, ensure_ascii=False)


def _vin(given: str) -> str:
    text = re.sub("[ -]", "", half_width(given)).upper()
    if not VIN.fullmatch(text):
        raise AddressError("should be the 17 letters and digits of the vehicle, among them no I, O or Q")
    return text


def _plate(given: str) -> str:
    text = " ".join(half_width(given).upper().split())
    if not text or len(text) > LONGEST_PLATE or not text.isprintable():
        raise AddressError(f"should be at most {LONGEST_PLATE} letters, digits and signs")
    return text


def _brand(given: str) -> str:
    text = half_width(given).strip().lower()
    if not BRAND.fullmatch(text):
        raise AddressError("should be the short name of a brand, in small letters and digits")
    return text


def _short(given: Any) -> Any:
    """Identifiers as people type them: in full width, with blanks around and capitals."""
    return half_width(given).strip().lower() if isinstance(given, str) else given


def _answered(given: Any) -> Any:
    """Facts that nobody asked for may be told as null."""
    if not isinstance(given, dict):
        return given
    return {name: is_so for name, is_so in given.items() if is_so is not None}


def _readable(text: str) -> str:
    """A text that somebody can read."""
    if not any(unicodedata.category(sign)[0] in "LNPS" and sign not in BLANK_LETTERS for sign in text):
        raise PydanticCustomError("unsaid", "should say what has happened: nothing can be read in it")
    return text


Timely = Annotated[
    datetime,
    PlainValidator(_timely),
    PlainSerializer(stamp, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Code = Annotated[Identifier, BeforeValidator(_short)]
Word = Annotated[
    Name, BeforeValidator(lambda given: half_width(given).strip() if isinstance(given, str) else given)
]
"""What a policy calls something: routing looks whether it is known."""


class PostedCustomer(Customer, extra="forbid"):
    """Who complains. An address that cannot be used is kept and warned of, never refused."""

    name: Short = ""
    phone: Annotated[str, *_lenient("customer.phone", lambda given: PhoneNumber.parse(given).text)] = ""
    email: Annotated[str, *_lenient("customer.email", lambda given: EmailAddress.parse(given).text)] = ""


class PostedVehicle(Vehicle, extra="forbid"):
    """The car it is about. What cannot be used of it is kept and warned of, never refused."""

    brand: Annotated[str, *_lenient("vehicle.brand", _brand)] = ""
    model: Short = ""
    vin: Annotated[str, *_lenient("vehicle.vin", _vin)] = ""
    plate: Annotated[str, *_lenient("vehicle.plate", _plate)] = ""


class PostedContact(Strict):
    """The body of `POST /v1/contacts`."""

    kind: Word | Literal[""] = ""
    channel: Word
    shop: Code
    department: Word | Literal[""] = ""
    received_at: Timely
    received_by: Code | None = None
    customer: PostedCustomer = PostedCustomer()
    vehicle: PostedVehicle = PostedVehicle()
    narrative: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=20_000), AfterValidator(_readable)
    ]
    demand: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""
    ticks: Annotated[tuple[Word, ...], Field(max_length=20, alias="criteria")] = ()
    flags: Annotated[Flags, BeforeValidator(_answered)] = {}
    form: Form = {}


def read_contact(value: Any, now: datetime) -> tuple[PostedContact, list[Warned]]:
    """What a client posted, and what of it cannot be used; raises ValidationError with every field that is wrong."""
    reading = ContactCheck(now)
    return PostedContact.model_validate(value, context=reading), reading.warnings


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids a contact gets: the same caller, key and body always get the same ones."""

    case_id: UUID
    contact_id: UUID
    case_number: str

    @classmethod
    def of(cls, caller: str, key: str, contact: PostedContact) -> Self:
        case = case_id(caller, key)
        return cls(case, contact_id(case, posted(contact.model_dump(mode="json"))), case_number(case))


def draw_key() -> str:
    """An idempotency key for a client that sent none."""
    return secrets.token_urlsafe(18)


def case_number(case_id: UUID) -> str:
    """60 bits of the id in Crockford base 32, 4-4-4, and a check sign: `2F6K-93QD-0TXW-8`."""
    bits = case_id.int >> 68
    signs = "".join(CROCKFORD[bits >> shift & 31] for shift in range(55, -5, -5))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}-{CHECK[bits % 37]}"


def to_record(
    contact: PostedContact, identity: Identity, caller: str, now: datetime, warnings: Iterable[Warned]
) -> bytes:
    """The record for Kafka; a contact has no place in a sequence, hence no `seq`."""
    received = ContactReceived(
        id=identity.contact_id,
        case_id=identity.case_id,
        occurred_at=now,
        case_number=identity.case_number,
        caller=caller,
        refused=tuple(warning.field for warning in warnings),
        **dict(contact),
    )
    return received.model_dump_json(exclude={"seq"}).encode()
