"""Topic `outreach`: messages to customers with their address, and deliveries to send again; kept two days."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from schemas.addresses import Address, usable
from schemas.base import Message, policy_key
from schemas.contacts import Language
from schemas.media import MEDIA, Medium

TOPIC = "outreach"


class OutreachRequested(Message):
    """Tell the customer; personal data, hence a topic of its own with a short life.

    `address` is the normalised text of `recipient`; older records hold what was given.
    """

    type: Literal["outreach.requested"] = "outreach.requested"
    case_number: str
    policy: str
    policy_version: str
    template: str
    medium: Medium
    address: str
    name: str
    language: Language
    shop: str

    @property
    def policy_key(self) -> str:
        """The policy version that has the template."""
        return policy_key(self.policy, self.policy_version)

    def recipient(self) -> Address | None:
        """Where it may go; None where `address` cannot be used for this medium."""
        return usable(MEDIA[self.medium].address, self.address)


class DeliveryResent(Message):
    """A person put a failed delivery in line again: whoever looks after its case goes on with it."""

    type: Literal["delivery.resent"] = "delivery.resent"
    delivery: UUID


OutreachMessage = OutreachRequested | DeliveryResent
ADAPTER: TypeAdapter[OutreachMessage] = TypeAdapter(Annotated[OutreachMessage, Field(discriminator="type")])
