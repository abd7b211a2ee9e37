"""One round of measurements on a stack of its own, written as JSON: --store memory --turn 0 a b c d.

(a) contacts through intake, (b) contacts to routed cases, (c) from 202 to an owner; (d) stands in lateness.py.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import uvloop
from pymongo import AsyncMongoClient

from deploy.bench import lateness
from deploy.bench.figures import Numbers, spread
from deploy.bench.floors import Template
from deploy.bench.traffic import BenchError, closed_loop, open_loop, records, requests
from deploy.bench.workspace import Watch, Workspace, alternated, history, running, watching
from deploy.local import Stack, stack
from deploy.local.addresses import free_port
from deploy.local.native import Form
from deploy.local.part import Part
from deploy.local.process import ChildProcess, Command
from deploy.local.services import Service, is_ready
from schemas import cases, contacts
from services.common.runtime.clock import ticks
from services.common.runtime.logs import configure_console
from services.routing.domain.draft import ESCALATIONS

FLOORS = (sys.executable, "-m", "deploy.bench.floors")
KINDS = 4
PATIENCE = 90.0
PER_SECOND = 100.0


async def intake(stack: Stack, folder: Path, number: int) -> Numbers:
    """Requests per second of intake and of its floor, and the share of the floor's rate that intake reaches."""
    workspace = Workspace.fresh(stack, "a", folder)
    await workspace.prepare()
    async with workspace.service("intake") as service, running(_intake_floor(workspace)) as floor:

        async def rate(side: Service) -> float:
            await closed_loop(side.port, requests(500, f"{side.name}-warm"))
            return await closed_loop(side.port, requests(3_000, f"{side.name}-measured"))

        reached, possible = await alternated(number, lambda: rate(service), lambda: rate(floor))
    return {"per_second": reached, "floor_per_second": possible, "share": reached / possible}


def _intake_floor(workspace: Workspace) -> Service:
    port = free_port()
    command = Command((*FLOORS, "intake", "--port", str(port)), workspace.log("intake-floor"), workspace.env)
    floor = Service("intake-floor", ChildProcess(command), partial(is_ready, port), port=port)
    floor.runner.launch()
    return floor


@dataclass(frozen=True, slots=True)
class Handler:
    """A process that turns contacts into events of cases, and a watch over these."""

    workspace: Workspace
    part: Part
    watch: Watch

    async def rate(self, number: int = 2_000) -> float:
        """Cases per second from the moment it may begin, all contacts being there, to the last case."""
        before = len(self.watch.seen)
        self.part.pause()
        await self.workspace.produce(contacts.TOPIC, records(number, self.workspace.mark))
        started = ticks()
        self.part.resume()
        return number / (await self.watch.until(before + number, PATIENCE) - started)


async def routing(stack: Stack, folder: Path, number: int) -> Numbers:
    """Cases per second of routing and of its floor, the share of the floor's rate, and events per case."""
    ours, floor = Workspace.fresh(stack, "b-routing", folder), Workspace.fresh(stack, "b-floor", folder)
    await ours.prepare()
    await floor.prepare()
    async with ours.service("routing") as service, _warm(ours, service) as handler:
        templates = await _templates(ours)
        async with _routing_floor(floor, templates) as part, _warm(floor, part) as bare:
            reached, possible = await alternated(number, handler.rate, bare.rate)
    return {
        "per_second": reached,
        "floor_per_second": possible,
        "share": reached / possible,
        "events_per_case": sum(len(case.events) for case in templates) / KINDS,
    }


@asynccontextmanager
async def _warm(workspace: Workspace, part: Part) -> AsyncIterator[Handler]:
    async with watching(workspace, cases.TOPIC, lambda value: b'"type":"case.opened"' in value) as watch:
        await workspace.produce(contacts.TOPIC, records(400, "warm"))
        await watch.until(400, PATIENCE)
        yield Handler(workspace, part, watch)


async def _templates(workspace: Workspace) -> list[Template]:
    """One case for each kind of complaint, with its documents in the store and its events on Kafka."""
    topics = (cases.TOPIC, ESCALATIONS)
    events = [(topic, event) for topic in topics for event in await history(workspace, topic)]
    templates = []
    async with AsyncMongoClient[dict[str, Any]](workspace.stack.addresses.mongo) as client:
        database = client[workspace.mark]
        for key, _ in records(KINDS, "warm"):
            case = key.decode()
            documents: dict[str, Any] = {
                "case": await database["cases"].find_one({"_id": case}),
                "text": await database["texts"].find_one({"case": case}),
                "customer": await database["customers"].find_one({"case": case}),
            }
            own = [(topic, event.value.decode()) for topic, event in events if event.key == key]
            templates.append(Template(**documents, events=own))
    return templates


@asynccontextmanager
async def _routing_floor(workspace: Workspace, templates: list[Template]) -> AsyncIterator[Part]:
    path = workspace.folder / "templates.json"
    path.write_text(json.dumps([asdict(case) for case in templates]), encoding="utf-8")
    command = Command((*FLOORS, "routing", str(path)), workspace.log("routing-floor"), workspace.env)
    part = Part("routing-floor", ChildProcess(command), _always)
    part.runner.launch()
    try:
        yield part
    finally:
        await part.kill()


async def _always() -> bool:
    """The floor has no page of readiness; the records of its warm-up show that it is ready."""
    return True


async def latency(stack: Stack, folder: Path, _number: int) -> Numbers:
    """Milliseconds from a contact's 202 to the event of its owner, while contacts arrive at a steady rate."""
    workspace = Workspace.fresh(stack, "c", folder)
    await workspace.prepare()
    async with (
        workspace.service("intake") as service,
        workspace.service("routing"),
        watching(workspace, cases.TOPIC, _has_owner) as watch,
    ):
        await open_loop(service.port, requests(300, "warm"), PER_SECOND)
        await watch.until(300, PATIENCE)
        responses = await open_loop(service.port, requests(1_500, "measured"), PER_SECOND)
        await watch.until(300 + 1_500, PATIENCE)
    return spread([watch.seen[response.json()["case_id"]] - response.at for response in responses])


def _has_owner(event: bytes) -> bool:
    return b'"type":"case.opened"' in event and b'"owner":"' in event


Measure = Callable[[Stack, Path, int], Awaitable[Numbers]]
SIZES: Mapping[Form, lateness.Size] = {"memory": lateness.MEMORY, "file": lateness.FILE}
PARTS = ("a", "b", "c", "d")


def measures(form: Form) -> dict[str, Measure]:
    """How each part is measured with a store of this form."""
    late = partial(lateness.measure, size=SIZES[form])
    return dict(zip(PARTS, (intake, routing, latency, late), strict=True))


@click.command()
@click.option("--store", "form", type=click.Choice(["memory", "file"]), required=True)
@click.option("--logs", type=click.Path(path_type=Path), required=True)
@click.option(
    "--turn", "number", type=int, required=True, help="Number of the round: odd ones begin with the floor."
)
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
def main(form: Form, logs: Path, number: int, parts: tuple[str, ...]) -> None:
    """Write what each part found to standard output, and why a part found nothing to standard error."""
    configure_console()
    logs.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(_measured(form, logs, number, parts))
    click.echo(json.dumps(results))


async def _measured(form: Form, logs: Path, number: int, parts: Sequence[str]) -> dict[str, Numbers]:
    results: dict[str, Numbers] = {}
    async with stack(store=form) as running:
        for part in parts:
            try:
                results[part] = await measures(form)[part](running, logs, number)
            except BenchError as error:
                # What cannot be measured now must not take the other numbers along.
                sys.stderr.write(f"({part}) not measured: {error}\n")
    return results


if __name__ == "__main__":
    main()
