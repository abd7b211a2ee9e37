"""`redress demo`: the whole way of labelled complaints on a stack of its own, played fast and audited."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import click
from rich.console import Console

from deploy.demo import report
from deploy.demo.complaints import tellings
from deploy.demo.play import Play, Script
from deploy.demo.progress import Progress
from deploy.demo.reconcile import reconcile
from deploy.demo.stage import redress, stage
from deploy.demo.tape import READERS, tape
from deploy.local import StackError
from services.common.clock import FASTEST, Clock, wall
from services.routing.commands.directory import read

BUILD = Path(__file__).parents[2] / "build" / "demo"
DIRECTORY = Path(__file__).with_name("directory.yaml")
SEED = 20_110
WIDTH = 150
# Shanghai's Monday, five in the morning: when everything runs, the shops are about to open.
MONDAY = timedelta(hours=5 - 8)


@click.command()
@click.option("--complaints", "count", type=click.IntRange(1, 92), default=92, show_default=True)
@click.option(
    "--hours", type=click.FloatRange(1, 200), default=32, show_default=True, help="Of business time."
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
    try:
        with progress.shown():
            found = asyncio.run(_played(count, timedelta(hours=hours), data, progress))
    except* StackError as errors:
        raise click.ClickException("\n".join(str(one) for one in errors.exceptions)) from None
    sys.exit(0 if found else 1)


async def _played(count: int, span: timedelta, data: Path, progress: Progress) -> bool:
    directory = read(DIRECTORY)
    told = list(tellings(directory, Random(SEED)))[:count]
    progress.say(f"{len(told)} complaints, {len(directory.shops)} shops, {len(directory.people)} people")
    async with stage(data, monday(wall()), progress) as running:
        progress.done(await redress(running.env, "directory", "load", str(DIRECTORY)))
        bootstrap = running.stack.addresses.kafka
        async with tape(bootstrap, running.prefix, tuple(READERS)) as taken:
            evidence = await Play(Script(told, directory, span, SEED), running, taken, progress).acts()
    differences = reconcile(evidence)
    numbers = report.numbers(evidence, differences)
    progress.table(report.table(numbers["rows"], directory))
    return _concluded(numbers, data.with_suffix(".json"), progress)


def _concluded(numbers: dict[str, Any], file: Path, progress: Progress) -> bool:
    """Write the numbers and say every check; whether all of them hold."""
    for name, found in numbers["checks"].items():
        progress.say(f"{'FAIL' if found else 'ok  '}  {name}")
        for difference in found:
            progress.say(f"      {difference}")
    progress.done("audited")
    numbers["steps"] = progress.steps
    file.write_text(json.dumps(numbers, ensure_ascii=False, indent=1), "utf-8")
    progress.say(f"the numbers are in {file}")
    return not any(numbers["checks"].values())


def monday(now: datetime, scale: float = FASTEST) -> Clock:
    """A clock by which it is now early on the next Monday in Shanghai."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(days=7 - midnight.weekday()) + MONDAY
    if start <= now:
        start += timedelta(days=7)
    return Clock(scale, now.timestamp() - (start - now).total_seconds() / (scale - 1))


commands: list[click.Command] = [demo]
