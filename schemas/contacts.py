"""Topic `contacts`: what a customer said, as it was received, in their own words."""

from typing import Literal

from pydantic import Field

from schemas.base import Frozen, Instant, Message

TOPIC = "contacts"

Kind = Literal["complaint", "grievance", "inquiry", "rescue", "new_failure_mode", "callback"]
Channel = Literal[
    "call_centre_new",
    "call_centre_repeat",
    "hotline_800",
    "onsite",
    "other_phone_staff",
    "other_phone_manager",
    "third_party",
    "thank_you_contact",
    "service_phone",
    "web_statement",
    "fax_letter",
    "email",
    "forwarded",
    "dealer_hotline",
    "callback",
    "verbal",
    "written",
]
Department = Literal["sales", "after_sales"]
Language = Literal["zh", "en"]


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


class Flags(Frozen):
    """Facts the operator asked for by name; None where they did not."""

    injury: bool | None = None
    accident: bool | None = None
    casualties: bool | None = None
    fire: bool | None = None

    def merged(self, other: "Flags") -> "Flags":
        """What two contacts tell together: one yes is a yes, and what neither answered stays unknown."""
        answered = (self.answered(), other.answered())
        return Flags(
            **{name: any(each.get(name) for each in answered) for name in {**answered[0], **answered[1]}}
        )

    def answered(self) -> dict[str, bool]:
        """The facts that were answered, yes or no, by name."""
        return self.model_dump(exclude_none=True)


class ContactReceived(Message):
    """One contact of a customer; the first one of a case opens it.

    `refused` names the fields that hold what was given but cannot be used, such as `customer.email`; it is None where
    nobody has looked.
    """

    type: Literal["contact.received"] = "contact.received"
    case_number: str
    caller: str
    kind: Kind = "complaint"
    channel: Channel
    shop: str
    department: Department = "after_sales"
    received_at: Instant
    received_by: str | None = None
    customer: Customer
    vehicle: Vehicle
    narrative: str
    demand: str = ""
    ticks: tuple[str, ...] = Field(default=())
    flags: Flags = Flags()
    refused: tuple[str, ...] | None = None
