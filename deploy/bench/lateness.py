"""(d) How late deadlines fire while very many run, and how long it takes to fire what passed during a downtime."""

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

from deploy.bench.figures import Numbers, spread
from deploy.bench.traffic import DEADLINE, LIMIT, POLICY, BenchError, opened
from deploy.bench.workspace import Watch, Workspace, watching
from deploy.local import Stack
from schemas import cases, deadlines, policies
from services.common.runtime.clock import ticks, wall

SECONDS = 10
AHEAD = 25.0
PATIENCE = 120.0
CATCH_UP = 100.0
BATCH = 2_000
A_TIME = re.compile(r"\b1\d{12}\b")
"""Milliseconds since 1970, of any year until 2033."""

Stored = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """Deadlines that run, deadlines due per second, and deadlines that passed during the downtime."""

    armed: int
    per_second: int
    overdue: int


# Small enough that rounds are short: a start of the process is a part of catching up.
MEMORY, FILE = Size(30_000, 300, 30_000), Size(10_000, 30, 10_000)


async def measure(stack: Stack, folder: Path, _number: int, *, size: Size) -> Numbers:
    """Lateness in milliseconds, from the due time to the event as it is read, and the seconds of catching up."""
    workspace = Workspace.fresh(stack, "d", folder)
    await workspace.prepare()
    async with (
        AsyncMongoClient[Stored](stack.addresses.mongo) as client,
        watching(workspace, deadlines.TOPIC, _is_breach) as watch,
    ):
        collection = client[workspace.mark]["deadlines"]
        template = await _template(workspace, collection)
        copies = math.ceil(size.armed / template["state"]["armed"])
        await _fill(collection, (_moved(template, 0.0) for _ in range(copies)))
        lateness = await _running(workspace, watch, size)
        await _fill(collection, _overdue(template, size.overdue))
        fired, seconds = await _catch_up(workspace, watch, size.overdue)
    late = {f"late_{name}": number for name, number in lateness.items()}
    return {**late, "fired": fired, "catch_up_per_second": fired / seconds}


async def _template(workspace: Workspace, collection: Any) -> Stored:
    """The document of sla for a case whose customer spoke just now."""
    policy = POLICY.model_dump_json().encode()
    await workspace.produce(policies.TOPIC, [(f"{POLICY.policy.id}@{POLICY.version}".encode(), policy)])
    event = opened(wall())
    async with workspace.service("sla"), watching(workspace, deadlines.TOPIC, lambda _: True) as watch:
        await workspace.produce(
            cases.TOPIC, [(str(event.case_id).encode(), event.model_dump_json().encode())]
        )
        await watch.until(1, PATIENCE)
    document: Stored = await collection.find_one({"_id": str(event.case_id)})
    return {**document, "outbox": []}


async def _running(workspace: Workspace, watch: Watch, size: Size) -> Numbers:
    """Cases are announced AHEAD seconds before the first deadline is due, then so many are due every second."""
    async with workspace.service("sla"):
        first = wall() + timedelta(seconds=AHEAD) - LIMIT
        count = size.per_second * SECONDS
        events = [opened(first + timedelta(seconds=number / size.per_second)) for number in range(count)]
        records = ((str(event.case_id).encode(), event.model_dump_json().encode()) for event in events)
        await workspace.produce(cases.TOPIC, records)
        await watch.until(count, PATIENCE)
    drift = wall().timestamp() - ticks()
    return spread([at + drift - _due_of(watch.values[key]).timestamp() for key, at in watch.seen.items()])


async def _catch_up(workspace: Workspace, watch: Watch, number: int) -> tuple[int, float]:
    """How many of those that passed before fired, and the seconds from the start of the process to the last."""
    before, started = len(watch.seen), ticks()
    async with workspace.service("sla"):
        with suppress(BenchError):
            await watch.until(before + number, CATCH_UP)
        return len(watch.seen) - before, ticks() - started


async def _fill(collection: Any, documents: Iterable[Stored]) -> None:
    batch: list[Stored] = []
    for document in documents:
        batch.append(document)
        if len(batch) == BATCH:
            await collection.insert_many(batch, ordered=False)
            batch = []
    if batch:
        await collection.insert_many(batch, ordered=False)


def _overdue(template: Stored, number: int) -> Iterator[Stored]:
    """Due within the minute before now."""
    now = (wall() - _due(template)).total_seconds()
    return (_moved(template, now - 60 * index / number) for index in range(number))


def _moved(template: Stored, seconds: float) -> Stored:
    """Another case, everything of which happened so much later."""
    state = A_TIME.sub(
        lambda match: str(int(match[0]) + round(1000 * seconds)), json.dumps(template["state"])
    )
    return {**template, "_id": str(uuid4()), "state": json.loads(state)}


def _due(template: Stored) -> datetime:
    return datetime.fromtimestamp(template["state"]["received_at"] / 1000, wall().tzinfo) + LIMIT


def _due_of(event: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(event)["due_at"])


def _is_breach(event: bytes) -> bool:
    return b'"type":"deadline.breached"' in event and f'"deadline":"{DEADLINE}"'.encode() in event
