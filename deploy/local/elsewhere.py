"""A part that someone else runs, known only by its address."""

import signal
from dataclasses import dataclass

from deploy.local.addresses import StackError


@dataclass(frozen=True)
class Elsewhere:
    """Used as it is found; only its owner can stop it."""

    address: str

    def launch(self) -> None:
        return

    def signal(self, number: signal.Signals) -> None:
        raise StackError(f"cannot send {number.name} to {self.address}: it is not ours to stop")

    def runs(self) -> bool:
        return True

    def last_words(self) -> str:
        return f"unknown; look at {self.address}"
