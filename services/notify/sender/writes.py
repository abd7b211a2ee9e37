"""Steps of many deliveries written together: whatever has gathered while the last write was under way."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

from services.common.runtime.failures import retry
from services.common.store.decision import Cause, Decide, Outcome
from services.common.store.write_path import Store
from services.notify.domain.delivery import Delivery, Step

log = logging.getLogger(__name__)

Waiting = tuple[Cause[Step], "asyncio.Future[Outcome[Delivery, Step]]"]


@dataclass(slots=True)
class Writes:
    """One write at a time; those who wait for it share the next one."""

    store: Store[Delivery]
    decide: Decide[Delivery, Step]
    _waiting: list[Waiting] = field(default_factory=list)
    _writing: "asyncio.Task[None] | None" = None

    async def change(self, cause: Cause[Step]) -> Outcome[Delivery, Step]:
        """Record a step, however long the store is away; raises what deciding raised."""
        future: asyncio.Future[Outcome[Delivery, Step]] = asyncio.get_running_loop().create_future()
        self._waiting.append((cause, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        outcome = await future
        if outcome.error is not None:
            raise outcome.error
        return outcome

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._together(batch)
            except Exception as error:
                log.exception("steps could not be recorded")
                for _, future in batch:
                    future.set_exception(error)
        self._writing = None

    async def _together(self, batch: list[Waiting]) -> None:
        causes = [cause for cause, _ in batch]
        outcomes = await retry(lambda: self.store.change_each(causes, self.decide), "record deliveries")
        became: dict[int, Outcome[Any, Any]] = {id(outcome.cause): outcome for outcome in outcomes}
        for cause, future in batch:
            if not future.cancelled():
                future.set_result(became[id(cause)])
