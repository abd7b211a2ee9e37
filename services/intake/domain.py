"""A contact as a client posts it, and the identity that it gets."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from schemas.base import Instant, Strict, stamp
from schemas.contacts import Channel, Customer, Department, Flags, Kind, Vehicle

OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)
CASES = uuid5(NAMESPACE_URL, "redress:case")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = CROCKFORD + "*~$=U"


def _timely(received: datetime, info: ValidationInfo) -> datetime:
    """Judged with all other fields, so that one answer names everything that is wrong."""
    now: datetime = (info.context or {})["now"]
    if received < now - OLDEST:
        raise PydanticCustomError("too_old", f"should be at most {OLDEST.days} days back")
    if received > now + AHEAD:
        raise PydanticCustomError("ahead", f"should be at most {AHEAD.seconds // 60} minutes ahead")
    return received


Timely = Annotated[Instant, AfterValidator(_timely)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
CODE = "[a-z0-9][a-z0-9._-]{0,63}"
Code = Annotated[str, StringConstraints(pattern=f"^{CODE}$")]


class PostedCustomer(Customer, extra="forbid"):
    """Who complains."""

    name: Short = ""
    phone: Annotated[str, StringConstraints(pattern=r"^(\+?[0-9 ()-]{3,24})?$")] = ""
    email: Annotated[str, StringConstraints(pattern=r"^([^@\s]{1,64}@[^@\s]{1,190})?$")] = ""


class PostedVehicle(Vehicle, extra="forbid"):
    """The car it is about."""

    brand: Annotated[str, StringConstraints(pattern=f"^({CODE})?$")] = ""
    model: Short = ""
    vin: Annotated[str, StringConstraints(pattern=r"^([A-HJ-NPR-Z0-9]{17})?$")] = ""
    plate: Short = ""


class PostedFlags(Flags, extra="forbid", strict=True):
    """Facts the operator asked for by name."""


class PostedContact(Strict):
    """The body of `POST /v1/contacts`."""

    kind: Kind = "complaint"
    channel: Channel
    shop: Code
    department: Department = "after_sales"
    received_at: Timely
    received_by: Code | None = None
    customer: PostedCustomer = PostedCustomer()
    vehicle: PostedVehicle = PostedVehicle()
    narrative: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    demand: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""
    ticks: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[GPM][0-9]{1,2}$")], ...],
        Field(max_length=20, alias="criteria"),
    ] = ()
    flags: PostedFlags = PostedFlags()


def posted(body: bytes, now: datetime) -> PostedContact:
    """What a client posted; raises ValidationError with every field that is wrong."""
    return PostedContact.model_validate_json(body, context={"now": now})


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids a contact gets, as text: the same caller, key and body always get the same ones."""

    case_id: str
    contact_id: str
    case_number: str

    @classmethod
    def of(cls, caller: str, key: str, said: str) -> Self:
        """`said` is the contact as JSON."""
        case_id = uuid5(CASES, f"{caller}\n{key}")
        return cls(str(case_id), str(uuid5(case_id, said)), case_number(case_id))


def drawn_key() -> str:
    """An idempotency key for a client that sent none."""
    return secrets.token_urlsafe(18)


def case_number(case_id: UUID) -> str:
    """60 bits of the id in Crockford base 32, 4-4-4, and a check sign: `2F6K-93QD-0TXW-8`."""
    bits = case_id.int >> 68
    signs = "".join(CROCKFORD[bits >> shift & 31] for shift in range(55, -5, -5))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}-{CHECK[bits % 37]}"


def record(said: str, identity: Identity, caller: str, now: datetime) -> bytes:
    """The `ContactReceived` for Kafka: a head of ours before what was `said`, which is thus serialized once."""
    head = {
        "id": identity.contact_id,
        "case_id": identity.case_id,
        "occurred_at": stamp(now),
        "type": "contact.received",
        "case_number": identity.case_number,
        "caller": caller,
    }
    return f"{json.dumps(head)[:-1]},{said[1:]}".encode()
