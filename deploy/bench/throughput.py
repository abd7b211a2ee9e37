"""(b) Contacts to routed cases per second, beside a floor with the same traffic."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from deploy.bench.contacts import records
from deploy.bench.floor import Template
from deploy.bench.ground import Ground, Numbers, in_turn
from deploy.bench.watch import Watch, history, watching
from deploy.local import Stack
from deploy.local.part import Part
from deploy.local.process import ChildProcess, Command
from schemas import cases, contacts
from services.common.runtime.clock import ticks
from services.routing.domain.draft import ESCALATIONS

WARM = 400
CASES = 2_000
KINDS = 4
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Runner:
    """A process that turns contacts into events of cases, and the eyes on what it does."""

    ground: Ground
    part: Part
    watch: Watch

    async def rate(self) -> float:
        """Cases per second from the moment it may begin, all contacts lying ready, to the last case."""
        before = len(self.watch.seen)
        self.part.pause()
        await self.ground.produce(contacts.TOPIC, records(CASES, self.ground.mark))
        started = ticks()
        self.part.resume()
        return CASES / (await self.watch.until(before + CASES, PATIENCE) - started)


async def measure(stack: Stack, folder: Path, turn: int) -> Numbers:
    """Cases per second of both sides, the share of the floor's rate, and events per case."""
    ours, floor = Ground.fresh(stack, "b-routing", folder), Ground.fresh(stack, "b-floor", folder)
    await ours.prepare()
    await floor.prepare()
    async with ours.service("routing") as service, _runner(ours, service) as routing:
        templates = await _templates(ours)
        async with _floor(floor, templates) as part, _runner(floor, part) as bare:
            reached, possible = await in_turn(turn, routing.rate, bare.rate)
    return {
        "per_second": reached,
        "floor_per_second": possible,
        "share": reached / possible,
        "events_per_case": sum(len(one.events) for one in templates) / KINDS,
    }


@asynccontextmanager
async def _runner(ground: Ground, part: Part) -> AsyncIterator[Runner]:
    """Ready and warm."""
    async with watching(ground, cases.TOPIC, lambda value: b'"type":"case.opened"' in value) as watch:
        await ground.produce(contacts.TOPIC, records(WARM, "warm"))
        await watch.until(WARM, PATIENCE)
        yield Runner(ground, part, watch)


async def _templates(ground: Ground) -> list[Template]:
    """One case for each kind of complaint, as it lies in the store and on Kafka."""
    told = [(topic, one) for topic in (cases.TOPIC, ESCALATIONS) for one in await history(ground, topic)]
    templates = []
    async with AsyncMongoClient[dict[str, Any]](ground.stack.addresses.mongo) as client:
        database = client[ground.mark]
        for key, _ in records(KINDS, "warm"):
            case = key.decode()
            found: dict[str, Any] = {
                "case": await database["cases"].find_one({"_id": case}),
                "text": await database["texts"].find_one({"case": case}),
                "customer": await database["customers"].find_one({"case": case}),
            }
            events = [(topic, one.value.decode()) for topic, one in told if one.key == key]
            templates.append(Template(**found, events=events))
    return templates


@asynccontextmanager
async def _floor(ground: Ground, templates: list[Template]) -> AsyncIterator[Part]:
    path = ground.folder / "templates.json"
    path.write_text(json.dumps([asdict(one) for one in templates]), encoding="utf-8")
    command = Command(
        (sys.executable, "-m", "deploy.bench.floor", str(path)), ground.log("floor"), ground.env
    )
    part = Part("floor", ChildProcess(command), _always)
    part.runner.launch()
    try:
        yield part
    finally:
        await part.kill()


async def _always() -> bool:
    """Its warm-up tells when it is ready."""
    return True
