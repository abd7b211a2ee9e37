"""`redress demo`: the whole way of labelled complaints on a stack of its own, played fast and audited."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import click
from rich.console import Console

from deploy.demo import report
from deploy.demo.calls import NotAcceptedError
from deploy.demo.complaints import tellings
from deploy.demo.pace import monday
from deploy.demo.play import Play, Script
from deploy.demo.progress import Progress
from deploy.demo.reconcile import reconcile
from deploy.demo.stage import redress, stage
from deploy.demo.tape import READERS, tape
from deploy.local import StackError
from services.routing.commands.directory import read

BUILD = Path(__file__).parents[2] / "build" / "demo"
DIRECTORY = Path(__file__).with_name("directory.yaml")
SEED = 20_110
WIDTH = 110


@click.command()
@click.option("--complaints", "count", type=click.IntRange(1, 92), default=92, show_default=True)
@click.option(
    "--hours", type=click.FloatRange(1, 200), default=24, show_default=True, help="Of business time."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=BUILD,
    help="Emptied first; DATA.json gets the numbers.",
)
def demo(count: int, hours: float, data: Path) -> None:
    """Watch complaints become cases with owners, clocks and messages; ends with an audit."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    progress = Progress(console)
    trouble = ""
    try:
        with progress.shown():
            trouble = asyncio.run(_played(count, timedelta(hours=hours), data, progress))
    except* (StackError, NotAcceptedError) as errors:
        trouble = "\n".join(map(str, errors.exceptions))
    if trouble:
        raise click.ClickException(trouble)


async def _played(count: int, span: timedelta, data: Path, progress: Progress) -> str:
    """What went wrong, nothing if all is well."""
    directory = read(DIRECTORY)
    told = list(tellings(directory, Random(SEED)))[:count]
    clock = monday()
    progress.say(f"{len(told)} complaints, {len(directory.shops)} shops, {len(directory.people)} people")
    progress.done(f"time will run {clock.scale:,.0f} times as fast as outside")
    async with stage(data, clock, progress) as running:
        progress.done(await redress(running.env, "directory", "load", str(DIRECTORY)))
        bootstrap = running.stack.addresses.kafka
        async with tape(bootstrap, running.prefix, tuple(READERS)) as taken:
            evidence = await Play(Script(told, directory, span, SEED), running, taken, progress).acts()
    differences = reconcile(evidence)
    numbers = report.numbers(evidence, differences)
    progress.table(report.table(numbers["rows"], directory))
    return _concluded(numbers, data.with_suffix(".json"), progress)


def _concluded(numbers: dict[str, Any], file: Path, progress: Progress) -> str:
    """Write the numbers and say every check; how many fail, in words."""
    for name, found in numbers["checks"].items():
        progress.say(f"{'FAIL' if found else 'ok  '}  {name}")
        for difference in found:
            progress.say(f"      {difference}")
    progress.done("audited")
    numbers["steps"] = progress.steps
    file.write_text(json.dumps(numbers, ensure_ascii=False, indent=1), "utf-8")
    progress.say(f"the numbers are in {file}")
    failed = [name for name, found in numbers["checks"].items() if found]
    return f"not so: {'; '.join(failed)}" if failed else ""


commands: list[click.Command] = [demo]
