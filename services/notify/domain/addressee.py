"""Where a message goes: never kept with a delivery, looked up each time."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notify.domain.delivery import Delivery


@dataclass(frozen=True, slots=True)
class Addressee:
    """An empty address is one that is not known; the name is only for customers' texts."""

    address: str
    name: str = ""


class Addresses(Protocol):
    """Where people are reached now."""

    async def of(self, delivery: Delivery) -> Addressee: ...

    def forget(self, delivery: UUID) -> None:
        """It is settled, or another's: nothing need be kept at hand for it."""


def masked(address: str) -> str:
    """Enough to recognise an address one knows, not enough to learn it."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***@{domain}" if at else f"***{address[-3:]}"
