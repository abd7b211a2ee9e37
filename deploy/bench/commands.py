"""`redress bench`: what Redress costs on this machine, as numbers beside floors measured in the same minutes."""

import asyncio
import json
import platform
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import uvloop

from deploy.bench import clocks, front_door, latency, throughput
from deploy.bench.load import BenchError
from deploy.bench.rounds import Say
from deploy.bench.verdict import AIMS, met
from deploy.local import Stack, StackError, stack
from deploy.local.native import Form
from services.common.clock import ticks, wall

RESULT = Path(__file__).parents[2] / "build" / "bench.json"
Measure = Callable[[Stack, Path, Say], Awaitable[dict[str, Any]]]
PARTS: dict[Form, dict[str, Measure]] = {
    "memory": {"a": front_door.measure, "b": throughput.measure, "c": latency.measure, "d": clocks.measure},
    # The file takes a tenth of the clocks in the time that there is.
    "file": {"b": throughput.measure, "c": latency.measure, "d": partial(clocks.measure, size=clocks.TENTH)},
}
TITLES = {
    "a": "contacts/s through intake, beside a bare server",
    "b": "contacts to routed cases/s, beside a loop without a domain",
    "c": "from 202 to an owner, at 100 contacts/s",
    "d": "lateness of clocks, and catching up after a downtime",
}


@click.command()
@click.option(
    "--only", multiple=True, type=click.Choice(list(TITLES)), help="Measure this part; may be repeated."
)
def bench(only: tuple[str, ...]) -> None:
    """Measure throughput and latency into build/bench.json.

    The aims are for the store in memory; the durable file is reported beside it.
    """
    RESULT.parent.mkdir(exist_ok=True)
    logs = RESULT.parent / "bench"
    shutil.rmtree(logs, ignore_errors=True)
    for form in PARTS:
        (logs / form).mkdir(parents=True)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            results = runner.run(_measured(only or tuple(TITLES), logs))
    except StackError as trouble:
        raise click.ClickException(str(trouble)) from None
    RESULT.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    for aim in AIMS:
        if (verdict := met(aim, results)) is not None:
            click.echo(verdict)
    click.echo(f"all numbers are in {RESULT}")


async def _measured(parts: Sequence[str], logs: Path) -> dict[str, Any]:
    started = ticks()
    results: dict[str, Any] = {"at": wall().isoformat(), "machine": platform.platform()}
    for form, measures in PARTS.items():
        wanted = {part: measure for part, measure in measures.items() if part in parts}
        results[form] = await _on(form, wanted, logs / form, _progress)
    results["seconds"] = round(ticks() - started)
    return results


async def _on(form: Form, measures: Mapping[str, Measure], logs: Path, say: Say) -> dict[str, Any]:
    """Each part with a stack of its own, so that none measures what another left behind."""
    results = {}
    for part, measure in measures.items():
        say(f"({part}) {TITLES[part]}, store on {form}" if part != "a" else f"(a) {TITLES[part]}")
        async with stack(store=form) as running:
            results[part] = await _kept(measure(running, logs, say), say)
    return results


async def _kept(measuring: Awaitable[dict[str, Any]], say: Say) -> dict[str, Any]:
    """What cannot be measured now must not take the other numbers along."""
    try:
        return await measuring
    except BenchError as error:
        say(f"  not measured: {error}")
        return {"not_measured": str(error)}


def _progress(text: str) -> None:
    click.echo(text)


commands: list[click.Command] = [bench]
