"""One round of measurements on a stack of its own, written as JSON: --store memory --turn 0 a b c d."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import click
import uvloop

from deploy.bench import clocks, front_door, latency, throughput
from deploy.bench.ground import Numbers
from deploy.bench.load import BenchError
from deploy.local import Stack, stack
from deploy.local.native import Form
from services.common.runtime.logs import configure_console

Measure = Callable[[Stack, Path, int], Awaitable[Numbers]]
SIZES: Mapping[Form, clocks.Size] = {"memory": clocks.MEMORY, "file": clocks.FILE}
PARTS = ("a", "b", "c", "d")


def measures(form: Form) -> dict[str, Measure]:
    """How each part is measured with a store of this form."""
    late = partial(clocks.measure, size=SIZES[form])
    return dict(zip(PARTS, (front_door.measure, throughput.measure, latency.measure, late), strict=True))


@click.command()
@click.option("--store", "form", type=click.Choice(["memory", "file"]), required=True)
@click.option("--logs", type=click.Path(path_type=Path), required=True)
@click.option("--turn", type=int, required=True, help="Says which side of a comparison begins.")
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
def main(form: Form, logs: Path, turn: int, parts: tuple[str, ...]) -> None:
    """Write what each part found to standard output, and why a part found nothing to standard error."""
    configure_console()
    logs.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_measured(form, logs, turn, parts))
    click.echo(json.dumps(found))


async def _measured(form: Form, logs: Path, turn: int, parts: Sequence[str]) -> dict[str, Numbers]:
    found: dict[str, Numbers] = {}
    async with stack(store=form) as running:
        for part in parts:
            try:
                found[part] = await measures(form)[part](running, logs, turn)
            except BenchError as error:
                # What cannot be measured now must not take the other numbers along.
                sys.stderr.write(f"({part}) not measured: {error}\n")
    return found


if __name__ == "__main__":
    main()
