"""The seam to those who carry messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notify.domain.delivery import Receipt


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered message, the same at every attempt; `reference` is its delivery's id, `at` when its event occurred."""

    reference: UUID
    at: datetime
    to: str
    subject: str
    text: str


class Channel(Protocol):
    """A provider of one medium. Nothing is raised for what a provider does or fails to do."""

    async def send(self, letter: Letter) -> Receipt:
        """Hand it over once: `refused` and `later` are certain that it was not taken over."""

    async def knows(self, reference: UUID, /) -> bool | None:
        """Whether a message of this reference was taken over; None when that cannot be learnt now."""

    async def close(self) -> None: ...
