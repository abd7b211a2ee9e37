"""The stage of plays: stack, services and providers of their own, and a clock that jumps."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from pymongo import AsyncMongoClient
from tenacity import retry, retry_if_result, wait_fixed

from deploy.local.console import redress
from deploy.local.patient import client
from deploy.plays.environment import Environment, Wanted, environment
from deploy.plays.evidence import Accepted, Evidence, gather
from deploy.plays.idle import PAUSE, Idle, watching
from deploy.plays.progress import Progress
from deploy.plays.recorder import Recorder, recorder
from deploy.plays.story import MONDAY
from schemas import deliveries
from schemas.deliveries import DeliveryReported
from services.common.runtime.clock import Clock, Jumps, wall

PLAYING = ("intake", "routing", "sla", "notify")
"""Nobody signs in, or looks at a list, in a story."""
QUICKLY = {"REDRESS_PAUSE_SECONDS": "0.02"}
"""After a jump the ticker looks at once what is due."""
TOGETHER = timedelta(minutes=1)
"""What is due so soon after the first is due with it: rarely are two stories due in the same second."""


@dataclass(frozen=True)
class Stage:
    """What runs, and how it is asked and looked at."""

    environment: Environment
    jumps: Jumps
    idle: Idle
    recorder: Recorder
    store: Any
    intake: httpx.AsyncClient
    routing: httpx.AsyncClient
    progress: Progress
    people: frozenset[str]

    def now(self) -> datetime:
        return self.environment.clock.now()

    def headers(self, who: str, key: str, revision: int | None = None) -> dict[str, str]:
        """How somebody asks for something, once."""
        seen = {} if revision is None else {"If-Match": f'"{revision}"'}
        return {"Authorization": f"Bearer {self.environment.token(who)}", "Idempotency-Key": key, **seen}

    async def wait_until_idle(self) -> list[DeliveryReported]:
        """Once nothing moves any more, and everything that is due has fired: the messages that went out since the last time."""
        await self.idle.wait(self.now)
        await self.recorder.read_to_end()
        return [one for one in self.recorder.take(deliveries.TOPIC) if one.result == "sent"]

    def jump_to(self, instant: datetime) -> None:
        """Let it be that time everywhere, unless it is later already."""
        self.jumps.jump((instant - self.now()).total_seconds())

    async def cases(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Cases by their ids, as routing keeps them, with their revision; those that were not opened are left out."""
        found = self.store["cases"].find({"_id": {"$in": sorted(ids)}}, {"state": 1, "revision": 1})
        return {
            one["_id"]: {**one["state"], "revision": one["revision"]}
            async for one in found
            if one["state"] is not None
        }

    async def next_due(self, cases: Collection[str], before: datetime) -> datetime | None:
        """When the next of the deadlines of these cases fires, or the last of those together with it."""
        query = {"_id": {"$in": sorted(cases)}, "state.next_due": {"$lt": int(before.timestamp() * 1000)}}
        found = self.store["deadlines"].find(query, {"state.next_due": 1})
        dues = sorted([datetime.fromtimestamp(one["state"]["next_due"] / 1000, UTC) async for one in found])
        return max((due for due in dues if due < dues[0] + TOGETHER), default=None)

    async def evidence(self, accepted: Mapping[str, Accepted]) -> Evidence:
        """What happened so far; `accepted` is each case by its id."""
        return await gather(self.environment, self.store, self.recorder, accepted, self.people)


@asynccontextmanager
async def stage(data: Path, directories: Sequence[Path], progress: Progress) -> AsyncIterator[Stage]:
    """A stage with everybody of these directories; all of it ends with the block."""
    file = data.with_suffix(".jumps")
    jumps = _jumps(file)
    clock = Clock(1.0, 0.0, jumps)
    wanted = Wanted(PLAYING, QUICKLY | {"REDRESS_TIME_JUMPS": str(file)}, "memory")
    async with environment(data, clock, progress, wanted) as running:
        everybody = data / "directory.yaml"
        content = _together(directories)
        everybody.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        progress.done(await redress(running.variables, "directory", "load", str(everybody)))
        people = frozenset(person["id"] for person in content["people"])
        addresses = running.stack.addresses
        services = running.services
        async with (
            AsyncMongoClient[dict[str, Any]](addresses.mongo) as store,
            client(services["intake"].url) as intake,
            client(services["routing"].url) as routing,
            watching(addresses.kafka, addresses.mongo, running.prefix, running.database) as idle,
            recorder(addresses.kafka, running.prefix) as recording,
        ):
            ready = Stage(
                running, jumps, idle, recording, store[running.database], intake, routing, progress, people
            )
            for person in sorted(people):
                await _wait_for_person(ready, person)
            yield ready


def _jumps(file: Path) -> Jumps:
    """A clock that shows the small hours of the first day: always the same, so that its holidays are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    return Jumps(file, (MONDAY - wall()).total_seconds())


@retry(retry=retry_if_result(lambda is_read: not is_read), wait=wait_fixed(PAUSE))
async def _wait_for_person(stage: Stage, who: str) -> bool:
    """Return once routing has read that somebody works somewhere: then it says that there is no such case."""
    answer = await stage.routing.get(f"/v1/cases/{UUID(int=0)}", headers=stage.headers(who, "look"))
    return answer.status_code == httpx.codes.NOT_FOUND


def _together(directories: Sequence[Path]) -> dict[str, Any]:
    """Several directories as one; where it can say a thing only once, the first says it."""
    whole: dict[str, Any] = {}
    for path in directories:
        for name, entries in yaml.safe_load(path.read_text("utf-8")).items():
            if isinstance(entries, list):
                whole.setdefault(name, []).extend(entries)
            else:
                whole.setdefault(name, entries)
    return whole
