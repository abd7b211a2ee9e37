"""Topic `outreach`: one message to a customer with its address; kept two days."""

from typing import Literal

from pydantic import TypeAdapter

from schemas.base import Message
from schemas.contacts import Language
from schemas.deliveries import Medium

TOPIC = "outreach"


class OutreachRequested(Message):
    """Tell the customer; personal data, hence a topic of its own with a short life."""

    type: Literal["outreach.requested"] = "outreach.requested"
    case_number: str
    profile: str
    profile_version: str
    template: str
    medium: Medium
    address: str
    name: str
    language: Language
    shop: str


ADAPTER: TypeAdapter[OutreachRequested] = TypeAdapter(OutreachRequested)
