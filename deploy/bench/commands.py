"""`redress bench`: what Redress costs on this machine, as numbers beside floors measured in the same minutes."""

import asyncio
import json
import logging
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import uvloop

from deploy.bench import clocks, front_door, latency, throughput
from deploy.bench.load import BenchError
from deploy.bench.rounds import Say
from deploy.bench.verdict import AIMS, met
from deploy.local import Stack, stack
from deploy.local.native import Form
from services.common.clock import ticks, wall

RESULT = Path(__file__).parents[2] / "build" / "bench.json"
PARTS = {"a": front_door, "b": throughput, "c": latency, "d": clocks}
ON_FILE = ("b", "c", "d")
TITLES = {
    "a": "contacts/s through intake, beside a bare server",
    "b": "contacts to routed cases/s, beside a loop without a domain",
    "c": "from 202 to an owner, at 100 contacts/s",
    "d": "lateness of clocks, and catching up after a downtime",
}


@click.command()
@click.option(
    "--only", multiple=True, type=click.Choice(list(PARTS)), help="Measure this part; may be repeated."
)
def bench(only: tuple[str, ...]) -> None:
    """Measure throughput and latency into build/bench.json.

    The aims are for the store in memory; the durable file is reported beside it.
    """
    # While its topics are new Kafka has partitions without a leader, which the driver tells at length.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    RESULT.parent.mkdir(exist_ok=True)
    logs = RESULT.parent / "bench"
    shutil.rmtree(logs, ignore_errors=True)
    for form in ("memory", "file"):
        (logs / form).mkdir(parents=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(_measured(only or tuple(PARTS), logs))
    RESULT.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    for aim in AIMS:
        if (verdict := met(aim, results)) is not None:
            click.echo(verdict)
    click.echo(f"all numbers are in {RESULT}")


async def _measured(parts: Sequence[str], logs: Path) -> dict[str, Any]:
    started = ticks()
    results: dict[str, Any] = {"at": wall().isoformat(), "machine": platform.platform()}
    results["memory"] = await _on("memory", parts, logs / "memory", _progress)
    results["file"] = await _on("file", [part for part in parts if part in ON_FILE], logs / "file", _progress)
    results["seconds"] = round(ticks() - started)
    return results


async def _on(form: Form, parts: Sequence[str], logs: Path, say: Say) -> dict[str, Any]:
    """Each part with a stack of its own, so that none measures what another left behind."""
    results = {}
    for part in parts:
        say(f"({part}) {TITLES[part]}, store on {form}" if part != "a" else f"(a) {TITLES[part]}")
        async with stack(store=form) as running:
            results[part] = await _measure(PARTS[part], running, logs, say)
    return results


async def _measure(part: ModuleType, running: Stack, logs: Path, say: Say) -> dict[str, Any]:
    """What cannot be measured now must not take the other numbers along."""
    try:
        measured: dict[str, Any] = await part.measure(running, logs, say)
    except BenchError as error:
        say(f"  not measured: {error}")
        return {"not_measured": str(error)}
    return measured


def _progress(text: str) -> None:
    click.echo(text)


commands: list[click.Command] = [bench]
