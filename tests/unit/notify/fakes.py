"""A provider in memory, held to the same contract as the real ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from deploy.local.trouble import Trouble
from services.notify.domain.delivery import Receipt
from services.notify.providers import CLAIM_LOST, Claim, Letter

SAID = {
    "account": Receipt("later", "no credit", provider="fails"),
    "refuse": Receipt("refused", "refused"),
    "busy": Receipt("later", "busy"),
    "stall": Receipt("unknown", "timed out"),
    "lose": Receipt("unknown", "timed out"),
}


@dataclass
class MemoryProvider:
    """Takes letters over in the trouble ordered for it; `askable` says whether it answers questions."""

    askable: bool = True
    taken: list[Letter] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    def trouble(self, trouble: Trouble) -> None:
        self.troubles += [trouble] * trouble.times

    def references(self) -> Sequence[str]:
        return [str(letter.reference) for letter in self.taken]

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        if not await claim.holds():
            return CLAIM_LOST
        kind = self.troubles.pop(0).kind if self.troubles else None
        if kind in (None, "stall"):
            self.taken.append(letter)
        return SAID[kind] if kind else Receipt("accepted")

    async def ask(self, reference: UUID, /) -> Receipt:
        if not self.askable:
            return Receipt("unknown", provider="unasked")
        return Receipt("accepted" if str(reference) in self.references() else "later")

    async def close(self) -> None:
        """Nothing to let go."""


class StubClaim:
    """A claim that holds the first `times` it is asked for."""

    def __init__(self, times: float = math.inf) -> None:
        self.times = times

    async def holds(self) -> bool:
        self.times -= 1
        return self.times >= 0
