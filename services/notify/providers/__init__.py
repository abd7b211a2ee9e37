"""What every provider does: it carries the messages of one medium, and may be asked for their fate.

A new medium is described in `schemas/media.py`, carried by a file here with a `carrier`, which `app.CARRIERS` names, and
configured in `settings.py`; policies name it under `by`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
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
    """The right to send a message, which another process takes when this one is frozen for too long."""

    async def holds(self) -> bool:
        """Whether it is still ours; asked when all is ready and only the text is still to be written to the provider."""


class Provider(Protocol):
    """Carries the messages of one medium. Nothing is raised for what the far end does or fails to do."""

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        """Send it once, if the claim still holds when it is about to go: else `CLAIM_LOST`."""

    async def ask(self, reference: UUID, /) -> Receipt:
        """What became of a message: `accepted`, `later` where it was not taken over, `unknown` where none can tell."""

    async def close(self) -> None: ...


class Carrier(NamedTuple):
    """Who carries the messages of a medium, and how many of them at once."""

    provider: Provider
    at_once: int
