"""`redress demo`: the whole path of labelled complaints on a stack of its own, played fast and audited."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import click
from rich.console import Console

from deploy.demo import report
from deploy.demo.audit import audit
from deploy.demo.complaints import NotAcceptedError, draw_contacts
from deploy.demo.environment import environment, next_monday, redress
from deploy.demo.play import Play, Script
from deploy.demo.progress import Progress
from deploy.demo.recorder import recorder
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
    """Watch complaints become cases with owners, deadlines and messages; ends with an audit."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    progress = Progress(console)
    trouble = ""
    try:
        with progress.on_screen():
            trouble = asyncio.run(_played(count, timedelta(hours=hours), data, progress))
    except* (StackError, NotAcceptedError) as errors:
        trouble = "\n".join(map(str, errors.exceptions))
    if trouble:
        raise click.ClickException(trouble)


async def _played(count: int, span: timedelta, data: Path, progress: Progress) -> str:
    """The checks that failed, empty if none."""
    directory = read(DIRECTORY)
    contacts = list(draw_contacts(directory, Random(SEED)))[:count]
    clock = next_monday()
    progress.note(f"{len(contacts)} complaints, {len(directory.shops)} shops, {len(directory.people)} people")
    progress.done(f"time will run {clock.scale:,.0f} times as fast as outside")
    async with environment(data, clock, progress) as running:
        progress.done(await redress(running.variables, "directory", "load", str(DIRECTORY)))
        async with recorder(running.stack.addresses.kafka, running.prefix) as recording:
            play = Play(Script(contacts, directory, span, SEED), running, recording, progress)
            evidence = await play.run()
    numbers = report.numbers(evidence, audit(evidence))
    progress.table(report.table(numbers["rows"], directory))
    return _conclude(numbers, data.with_suffix(".json"), progress)


def _conclude(numbers: dict[str, Any], file: Path, progress: Progress) -> str:
    """Print every check and write the numbers; the checks that failed, empty if none."""
    for name, differences in numbers["checks"].items():
        progress.note(f"{'FAIL' if differences else 'ok  '}  {name}")
        for difference in differences:
            progress.note(f"      {difference}")
    progress.done("audited")
    numbers["steps"] = progress.steps
    file.write_text(json.dumps(numbers, ensure_ascii=False, indent=1), "utf-8")
    progress.note(f"the numbers are in {file}")
    failed = [name for name, differences in numbers["checks"].items() if differences]
    return f"not so: {'; '.join(failed)}" if failed else ""


commands: list[click.Command] = [demo]
