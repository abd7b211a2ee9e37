"""The seam to those who carry messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from schemas.addresses import Address
from services.notify.domain.delivery import Receipt

CLAIM_LOST = Receipt("later", "claim lost", provider="unasked")


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered message, the same at every attempt; `reference` is its delivery's id, `at` when its event occurred."""

    reference: UUID
    at: datetime
    to: Address
    subject: str
    text: str


class Claim(Protocol):
    """The right to hand a message over, which another process takes when this one is frozen for too long."""

    async def holds(self) -> bool:
        """Asked when all is ready and only the words are still to be written to the provider."""


class Channel(Protocol):
    """A provider of one medium. Nothing is raised for what a provider does or fails to do."""

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        """Hand it over once, if the claim still holds when it is about to go: else `CLAIM_LOST`."""

    async def ask(self, reference: UUID, /) -> Receipt:
        """What became of a message: `accepted`, `later` where it was not taken over, `unknown` where none can tell."""

    async def close(self) -> None: ...
