"""Topic `contacts`: what a customer said, as it was received, in their own words."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EMPTY, LONGEST_NAME, Frozen, Identifier, Instant, Message, Whole
from schemas.faults import either
from schemas.values import MOST_FIELDS, Flags

TOPIC = "contacts"
LONGEST_TEXT = 4_000

Language = Literal["zh", "en"]
FormValue = Annotated[
    bool
    | Whole
    | Annotated[str, Field(max_length=LONGEST_TEXT)]
    | tuple[Annotated[str, Field(max_length=LONGEST_NAME)], ...],
    either(
        f"should be true or false, a whole number, a text of at most {LONGEST_TEXT} characters,"
        f" or a list of texts of at most {LONGEST_NAME} each"
    ),
]
"""What the person who took the contact filled into a field; which fields there are is policy, and routing looks."""
Form = Annotated[dict[Identifier, FormValue], Field(max_length=MOST_FIELDS)]


class Customer(Frozen):
    """The person who complains; personal data."""

    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language = "zh"
    kind: Literal["potential", "actual", "proxy"] = "actual"


class Vehicle(Frozen):
    """The car it is about; `brand` chooses the franchise of the shop."""

    brand: str = ""
    model: str = ""
    vin: str = ""
    plate: str = ""


class ContactReceived(Message):
    """One contact of a customer; the first one of a case opens it.

    Kind, channel, department, flags, ticks and form are as they were sent: what they may be is policy, and without one of
    the first three the policy's first holds. `refused` names the fields that hold what was given but cannot be used, such
    as `customer.email`; it is None where nobody has looked.
    """

    type: Literal["contact.received"] = "contact.received"
    case_number: str
    caller: str
    kind: str = ""
    channel: str
    shop: str
    department: str = ""
    received_at: Instant
    received_by: str | None = None
    customer: Customer
    vehicle: Vehicle
    narrative: str
    demand: str = ""
    ticks: tuple[str, ...] = Field(default=())
    flags: Flags = EMPTY
    form: Form = EMPTY
    refused: tuple[str, ...] | None = None
