"""Whether a service can do its work, part by part."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from services.common.runtime import metrics
from services.common.runtime.failures import TRANSIENT, StoreUnavailableError

LOOK_SECONDS = 2.0
ANSWER_SECONDS = 5.0


@dataclass(slots=True)
class Health:
    """`troubles` maps a part to what keeps it from working; the service is ready when there are none.

    `notes` maps a part to what an operator should mend although the service does its work.
    """

    service: str
    troubles: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def set(self, part: str, trouble: str) -> None:
        """Note a trouble, or with an empty text that there is none."""
        if trouble:
            self.troubles[part] = trouble
        else:
            self.troubles.pop(part, None)
        metrics.READY.labels(self.service).set(not self.troubles)

    def note(self, part: str, text: str) -> None:
        """Say of a part what is to be mended, or with an empty text that nothing is."""
        if text:
            self.notes[part] = text
        else:
            self.notes.pop(part, None)

    def answer(self) -> dict[str, Any]:
        """What `/readyz` says."""
        return {**(self.troubles or {"ready": True}), **({"notes": self.notes} if self.notes else {})}


async def keep_asking(health: Health, part: str, ask: Callable[[], Awaitable[None]]) -> None:
    """Note whether one part answers, until cancelled: the watch of a service that consumes nothing."""
    while True:
        health.set(part, await trouble(ask()))
        await asyncio.sleep(LOOK_SECONDS)


async def trouble(question: Awaitable[None]) -> str:
    """What keeps a part from answering, or nothing."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await question
    except StoreUnavailableError as error:
        return str(error)
    except TRANSIENT as error:
        return repr(error)
    return ""
