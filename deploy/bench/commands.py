"""`redress bench`: what Redress costs on this machine, alone or beside another commit, over several rounds."""

import json
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from deploy.bench.against import ROOT, Side, built, here
from deploy.bench.measure import PARTS
from deploy.bench.verdict import FIGURES, Round, compared, judged
from deploy.local import StackError
from deploy.local.native import Form
from services.common.runtime.clock import ticks, wall

RESULT = ROOT / "build" / "bench.json"
LOGS = ROOT / "build" / "bench"
FEWEST = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured on which form of the store, and how often."""

    parts: Sequence[str]
    form: Form
    rounds: int

    def measure(self, side: Side, number: int) -> Round:
        """One round of one side; StackError when its process fails."""
        logs = LOGS / side.name / str(number)
        options = ("--store", self.form, "--logs", str(logs), "--turn", str(number))
        command = [side.python, "-m", "deploy.bench.measure", *options, *self.parts]
        done = subprocess.run(command, cwd=side.folder, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise StackError(f"{side.name} could not be measured; its output stands above")
        found: Round = json.loads(done.stdout)
        return found


@click.command()
@click.option("--against", metavar="COMMIT", help="Measure this commit too, round by round in turn.")
@click.option(
    "--only", metavar="PARTS", default=",".join(PARTS), show_default=True, help="Connections to measure."
)
@click.option("--store", "form", type=click.Choice(["memory", "file"]), default="memory", show_default=True)
@click.option("--rounds", type=click.IntRange(FEWEST), default=FEWEST, show_default=True)
def bench(against: str | None, only: str, form: Form, rounds: int) -> None:
    """Measure throughput and latency into build/bench.json.

    Connections: (a) contacts through intake beside a bare server, (b) contacts to routed cases beside a loop
    without a domain, (c) from 202 to an owner at 100 contacts/s, (d) lateness of clocks, and catching up.
    Fails when a figure is worse than that of the other commit.
    """
    parts = tuple(only.split(","))
    if unknown := set(parts) - set(PARTS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    shutil.rmtree(LOGS, ignore_errors=True)
    try:
        sides = [here(), *([built(against)] if against else [])]
        results = _measured(Plan(parts, form, rounds), sides)
    except StackError as trouble:
        raise click.ClickException(str(trouble)) from None
    _conclude(results)


def _measured(plan: Plan, sides: Sequence[Side]) -> dict[str, Any]:
    """Every round of every side; the side that begins alternates."""
    started = ticks()
    found: dict[str, list[Round]] = {side.name: [] for side in sides}
    for number in range(plan.rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            found[side.name].append(plan.measure(side, number))
            click.echo(f"{ticks() - started:6.0f} s  round {number + 1} of {plan.rounds}: {side.name}")
    about = {"at": wall().isoformat(), "machine": platform.platform(), "store": plan.form}
    return {**about, "seconds": round(ticks() - started), "rounds": found}


def _conclude(results: dict[str, Any]) -> None:
    """Print a line for each figure, write all numbers, and fail when a figure is worse."""
    names = list(results["rounds"])
    ours, beside = results["rounds"][names[0]], names[1:]
    for name in beside:
        theirs = results["rounds"][name]
        results["against"] = name
        results["figures"] = {one.text: told for one in FIGURES if (told := compared(one, ours, theirs))}
        click.echo(f"{'':42}{'this':>9}{name[:8]:>9}   ratio, above 1 is better")
    if not beside:
        aimed = results["store"] == "memory"
        results["figures"] = {one.text: told for one in FIGURES if (told := judged(one, ours, aimed=aimed))}
    for told in results["figures"].values():
        click.echo(told.pop("said"))
    click.echo("medians; in brackets the ranks that hold the true median in 95 % of cases or more")
    RESULT.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    click.echo(f"all numbers are in {RESULT}")
    if any(told.get("worse") for told in results["figures"].values()):
        raise click.ClickException(f"worse than {results['against']}")


commands: list[click.Command] = [bench]
