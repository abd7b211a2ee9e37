"""A provider in memory, held to the same contract as the real ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from deploy.local.trouble import Trouble
from services.notify.channels import Letter
from services.notify.domain.delivery import Receipt

SAID = {
    "refuse": Receipt("refused", "refused"),
    "busy": Receipt("later", "busy"),
    "stall": Receipt("unknown", "timed out"),
    "lose": Receipt("unknown", "timed out"),
}


@dataclass
class MemoryChannel:
    """Takes letters over in the trouble ordered for it; `askable` says whether it answers questions."""

    askable: bool = True
    taken: list[Letter] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    def trouble(self, trouble: Trouble) -> None:
        self.troubles += [trouble] * trouble.times

    def references(self) -> Sequence[str]:
        return [str(letter.reference) for letter in self.taken]

    async def send(self, letter: Letter) -> Receipt:
        kind = self.troubles.pop(0).kind if self.troubles else None
        if kind in (None, "stall"):
            self.taken.append(letter)
        return SAID[kind] if kind else Receipt("accepted")

    async def knows(self, reference: UUID, /) -> bool | None:
        return any(letter.reference == reference for letter in self.taken) if self.askable else None

    async def close(self) -> None:
        """Nothing to let go."""
