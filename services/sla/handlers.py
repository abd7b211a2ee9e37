"""Kafka in: what happened to cases, told to their clocks."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from schemas import cases
from schemas.cases import CaseEvent, CaseSnapshot
from services.common.batch import Received
from services.common.decision import Cause, Outcome
from services.common.store import Store
from services.sla import metrics
from services.sla.domain.state import Deadlines
from services.sla.store import Keeper, key

log = logging.getLogger(__name__)

TOPICS: dict[str, TypeAdapter[Any]] = {cases.TOPIC: cases.ADAPTER}
PROFILE_SECONDS = 10.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Handler:
    """Changes the clocks of the cases in a batch."""

    store: Store[Deadlines]
    keeper: Keeper

    async def handle(self, batch: Sequence[Received[CaseEvent]]) -> Sequence[Outcome[Deadlines, Any]]:
        """Every event of a case is heard by its clocks, in order."""
        await self._published({key(one.message.header) for one in batch})
        causes = [caused(one.message, one.raw) for one in batch]
        outcomes = await self.store.change_many(causes, self.keeper.decide)
        metrics.count(self.keeper.written(outcomes))
        return outcomes

    async def _published(self, keys: set[str]) -> None:
        """A case may arrive before its profile, which travels on a topic of its own."""
        try:
            async with asyncio.timeout(PROFILE_SECONDS):
                while not keys <= self.keeper.profiles.keys():  # noqa: ASYNC110 - the table has one listener
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            log.exception("profile missing", extra={"profiles": sorted(keys - self.keeper.profiles.keys())})


def caused(event: CaseEvent, raw: bytes) -> Cause[CaseEvent]:
    """The cause in an event of a case; a snapshot is taken out of turn."""
    return Cause(
        key=event.case_id,
        id=event.id,
        message=event,
        stream=cases.TOPIC,
        seq=event.seq,
        raw=raw,
        restarts=isinstance(event, CaseSnapshot),
    )


def revive(stream: str, raw: bytes) -> Cause[CaseEvent]:
    """The cause of a record that was held until its turn."""
    return caused(TOPICS[stream].validate_json(raw), raw)
