"""A contact as a client posts it, and the identity that it gets."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ConfigDict, Field, StringConstraints

from schemas.base import Instant, Strict
from schemas.contacts import Channel, ContactReceived, Customer, Department, Flags, Kind, Language, Vehicle

OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)
CASES = uuid5(NAMESPACE_URL, "redress:case")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = CROCKFORD + "*~$=U"

Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class PostedCustomer(Strict):
    """Who complains."""

    name: Short = ""
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{3,24}$")] | Literal[""] = ""
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")] | Literal[""] = ""
    language: Language = "zh"
    kind: Literal["potential", "actual", "proxy"] = "actual"


class PostedVehicle(Strict):
    """The car it is about."""

    brand: Code | Literal[""] = ""
    model: Short = ""
    vin: Annotated[str, StringConstraints(pattern=r"^[A-HJ-NPR-Z0-9]{17}$")] | Literal[""] = ""
    plate: Short = ""


class PostedFlags(Strict):
    """Facts the operator asked for by name."""

    model_config = ConfigDict(strict=True)

    injury: bool | None = None
    accident: bool | None = None
    casualties: bool | None = None
    fire: bool | None = None


class PostedContact(Strict):
    """The body of `POST /v1/contacts`."""

    kind: Kind = "complaint"
    channel: Channel
    shop: Code
    department: Department = "after_sales"
    received_at: Instant
    received_by: Code | None = None
    customer: PostedCustomer = PostedCustomer()
    vehicle: PostedVehicle = PostedVehicle()
    narrative: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    demand: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""
    criteria: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[GPM][0-9]{1,2}$")], ...], Field(max_length=20)
    ] = ()
    flags: PostedFlags = PostedFlags()

    def untimely(self, now: datetime) -> str:
        """What is wrong with `received_at`, or nothing."""
        if self.received_at < now - OLDEST:
            return f"should be at most {OLDEST.days} days back"
        if self.received_at > now + AHEAD:
            return f"should be at most {AHEAD.seconds // 60} minutes ahead"
        return ""


class Identity(Strict):
    """The ids a contact gets: the same caller, key and body always get the same ones."""

    case_id: UUID
    contact_id: UUID
    case_number: str

    @classmethod
    def of(cls, caller: str, key: str, posted: PostedContact) -> Self:
        case_id = uuid5(CASES, f"{caller}\n{key}")
        digest = hashlib.sha256(posted.model_dump_json().encode()).hexdigest()
        return cls(case_id=case_id, contact_id=uuid5(case_id, digest), case_number=case_number(case_id))


def drawn_key() -> str:
    """An idempotency key for a client that sent none."""
    return secrets.token_urlsafe(18)


def case_number(case_id: UUID) -> str:
    """60 bits of the id in Crockford base 32, 4-4-4, and a check sign: `2F6K-93QD-0TXW-8`."""
    bits = case_id.int >> 68
    signs = "".join(CROCKFORD[bits >> shift & 31] for shift in range(55, -5, -5))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}-{CHECK[bits % 37]}"


def message(posted: PostedContact, identity: Identity, caller: str, now: datetime) -> ContactReceived:
    """The record for Kafka."""
    return ContactReceived(
        id=identity.contact_id,
        case_id=identity.case_id,
        occurred_at=now,
        case_number=identity.case_number,
        caller=caller,
        kind=posted.kind,
        channel=posted.channel,
        shop=posted.shop,
        department=posted.department,
        received_at=posted.received_at,
        received_by=posted.received_by,
        customer=Customer.model_construct(**dict(posted.customer)),
        vehicle=Vehicle.model_construct(**dict(posted.vehicle)),
        narrative=posted.narrative,
        demand=posted.demand,
        ticks=posted.criteria,
        flags=Flags.model_construct(**dict(posted.flags)),
    )
