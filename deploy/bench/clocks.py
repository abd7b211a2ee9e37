"""(d) How late clocks fire while very many run, and how long it takes to fire what passed during a downtime."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from pymongo import AsyncMongoClient

from deploy.bench.ground import Ground, Numbers
from deploy.bench.load import BenchError
from deploy.bench.opened import DEADLINE, LIMIT, POLICY, opened
from deploy.bench.rounds import spread
from deploy.bench.watch import Watch, watching
from deploy.local import Stack
from schemas import cases, deadlines, policies
from services.common.runtime.clock import ticks, wall

SECONDS = 10
AHEAD = 25.0
PATIENCE = 120.0
CATCH_UP = 100.0
AT_ONCE = 2_000
A_TIME = re.compile(r"\b1\d{12}\b")
"""Milliseconds since 1970, of any year until 2033."""

Stored = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """Clocks that run, clocks due per second, and clocks that passed during the downtime."""

    armed: int
    per_second: int
    overdue: int


# Small enough that rounds are short: a start of the process is a part of catching up.
MEMORY, FILE = Size(30_000, 300, 30_000), Size(10_000, 30, 10_000)


async def measure(stack: Stack, folder: Path, _turn: int, *, size: Size) -> Numbers:
    """Lateness in milliseconds, from the due time to the event as it is read, and the seconds of catching up."""
    ground = Ground.fresh(stack, "d", folder)
    await ground.prepare()
    async with (
        AsyncMongoClient[Stored](stack.addresses.mongo) as client,
        watching(ground, deadlines.TOPIC, _is_breach) as watch,
    ):
        collection = client[ground.mark]["deadlines"]
        template = await _template(ground, collection)
        await _fill(
            collection,
            (_moved(template, 0.0) for _ in range(math.ceil(size.armed / template["state"]["armed"]))),
        )
        lateness = await _running(ground, watch, size)
        await _fill(collection, _overdue(template, size.overdue))
        fired, seconds = await _catch_up(ground, watch, size.overdue)
    late = {f"late_{name}": number for name, number in lateness.items()}
    return {**late, "fired": fired, "catch_up_per_second": fired / seconds}


async def _template(ground: Ground, collection: Any) -> Stored:
    """The clocks of a case whose customer spoke just now, as sla keeps them."""
    policy = POLICY.model_dump_json().encode()
    await ground.produce(policies.TOPIC, [(f"{POLICY.policy.id}@{POLICY.version}".encode(), policy)])
    event = opened(wall())
    async with ground.service("sla"), watching(ground, deadlines.TOPIC, lambda _: True) as watch:
        await ground.produce(cases.TOPIC, [(str(event.case_id).encode(), event.model_dump_json().encode())])
        await watch.until(1, PATIENCE)
    found: Stored = await collection.find_one({"_id": str(event.case_id)})
    return {**found, "outbox": []}


async def _running(ground: Ground, watch: Watch, size: Size) -> Numbers:
    """Cases heard of AHEAD seconds before the first is due, then so many due every second."""
    async with ground.service("sla"):
        first = wall() + timedelta(seconds=AHEAD) - LIMIT
        events = [
            opened(first + timedelta(seconds=each / size.per_second))
            for each in range(size.per_second * SECONDS)
        ]
        told = ((str(one.case_id).encode(), one.model_dump_json().encode()) for one in events)
        await ground.produce(cases.TOPIC, told)
        await watch.until(len(events), PATIENCE)
    drift = wall().timestamp() - ticks()
    return spread([at + drift - _due_of(watch.values[key]).timestamp() for key, at in watch.seen.items()])


async def _catch_up(ground: Ground, watch: Watch, number: int) -> tuple[int, float]:
    """How many of what passed before fired, and the seconds from the start of the process to the last."""
    before, started = len(watch.seen), ticks()
    async with ground.service("sla"):
        with suppress(BenchError):
            await watch.until(before + number, CATCH_UP)
        return len(watch.seen) - before, ticks() - started


async def _fill(collection: Any, documents: Iterable[Stored]) -> None:
    batch: list[Stored] = []
    for document in documents:
        batch.append(document)
        if len(batch) == AT_ONCE:
            await collection.insert_many(batch, ordered=False)
            batch = []
    if batch:
        await collection.insert_many(batch, ordered=False)


def _overdue(template: Stored, number: int) -> Iterator[Stored]:
    """Due within the minute before now."""
    now = (wall() - _due(template)).total_seconds()
    return (_moved(template, now - 60 * each / number) for each in range(number))


def _moved(template: Stored, seconds: float) -> Stored:
    """Another case, everything of which happened so much later."""
    state = A_TIME.sub(
        lambda found: str(int(found[0]) + round(1000 * seconds)), json.dumps(template["state"])
    )
    return {**template, "_id": str(uuid4()), "state": json.loads(state)}


def _due(template: Stored) -> datetime:
    return datetime.fromtimestamp(template["state"]["received_at"] / 1000, wall().tzinfo) + LIMIT


def _due_of(event: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(event)["due_at"])


def _is_breach(event: bytes) -> bool:
    return b'"type":"deadline.breached"' in event and f'"clock":"{DEADLINE}"'.encode() in event
