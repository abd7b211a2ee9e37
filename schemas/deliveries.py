"""Topic `deliveries`: what became of each message to a person."""

from typing import Literal
from uuid import UUID

from pydantic import TypeAdapter

from schemas.base import Count, Message
from schemas.media import Medium

TOPIC = "deliveries"

Result = Literal["sent", "delivered", "failed", "expired", "unknown"]


class DeliveryReported(Message):
    """What became of a delivery; `delivery` is its id, and its Message-ID or reference."""

    type: Literal["delivery.reported"] = "delivery.reported"
    delivery: UUID
    event: UUID
    person: str
    medium: Medium
    template: str
    result: Result
    copies: Count = 1


ADAPTER: TypeAdapter[DeliveryReported] = TypeAdapter(DeliveryReported)
