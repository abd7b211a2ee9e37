"""Where a message goes: never kept with a delivery, looked up each time."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from schemas.addresses import Address
from services.notify.domain.delivery import Delivery


@dataclass(frozen=True, slots=True)
class Addressee:
    """None is an address that is not known; the name is only for customers' texts."""

    address: Address | None
    name: str = ""


class Addresses(Protocol):
    """Where people are reached now."""

    async def find(self, delivery: Delivery) -> Addressee: ...

    def forget(self, delivery: UUID) -> None:
        """It is final, or another process has it: nothing need be kept in memory for it."""
