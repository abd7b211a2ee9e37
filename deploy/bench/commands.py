"""`redress bench`: what Redress costs on this machine, alone or beside another commit, over several rounds."""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from deploy.bench.figures import FIGURES, Round, compared, judged
from deploy.bench.measure import PARTS
from deploy.local import StackError
from deploy.local.native import Form
from services.common.runtime.clock import ticks, wall

ROOT = Path(__file__).parents[2]
BUILDS = ROOT / "build" / "against"
RESULT = ROOT / "build" / "bench.json"
LOGS = ROOT / "build" / "bench"
FEWEST = 7


@dataclass(frozen=True, slots=True)
class Checkout:
    """A commit that is ready to run, and the Python that runs it."""

    name: str
    folder: Path
    python: str


def here() -> Checkout:
    """The checkout in which this code stands, with whatever is changed in it."""
    return Checkout("this", ROOT, sys.executable)


def built(commit: str) -> Checkout:
    """A commit in a folder and with an environment of its own, made once; StackError says what is wrong."""
    name = _git("rev-parse", "--short=12", "--verify", f"{commit}^{{commit}}").decode().strip()
    folder = BUILDS / name
    if not (folder / "deploy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        archive = _git("archive", name)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    check_measures(folder)
    if not (folder / ".stack").exists():
        # Its set-up builds anew only what differs: Kafka's libraries, or the store's Java.
        shutil.copytree(ROOT / ".stack", folder / ".stack")
    if subprocess.run(["bash", "deploy/setup.sh"], cwd=folder, check=False).returncode:
        raise StackError(f"{name} cannot be built; its output stands above")
    return Checkout(name, folder, str(folder / ".venv" / "bin" / "python"))


def check_measures(folder: Path) -> None:
    """StackError when a commit has no code to measure one round: ours would not fit its services."""
    if not (folder / "deploy" / "bench" / "measure.py").exists():
        raise StackError(f"{folder.name} has no deploy/bench/measure.py; measure against a later commit")


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise StackError(f"git {' '.join(arguments)}: {done.stderr.decode().strip()}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured on which form of the store, and how often."""

    parts: Sequence[str]
    form: Form
    rounds: int

    def measure(self, side: Checkout, number: int) -> Round:
        """One round of one side; StackError when its process fails."""
        logs = LOGS / side.name / str(number)
        options = ("--store", self.form, "--logs", str(logs), "--turn", str(number))
        command = [side.python, "-m", "deploy.bench.measure", *options, *self.parts]
        done = subprocess.run(command, cwd=side.folder, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise StackError(f"{side.name} could not be measured; its output stands above")
        numbers: Round = json.loads(done.stdout)
        return numbers


@click.command()
@click.option("--against", metavar="COMMIT", help="Measure this commit too, round by round in turn.")
@click.option("--only", metavar="PARTS", default=",".join(PARTS), show_default=True, help="Parts to measure.")
@click.option("--store", "form", type=click.Choice(["memory", "file"]), default="memory", show_default=True)
@click.option("--rounds", type=click.IntRange(FEWEST), default=FEWEST, show_default=True)
def bench(against: str | None, only: str, form: Form, rounds: int) -> None:
    """Measure throughput and latency into build/bench.json.

    Parts: (a) contacts through intake beside a bare server, (b) contacts to routed cases beside a loop
    without a domain, (c) from 202 to an owner at 100 contacts/s, (d) lateness of deadlines, and catching up.
    Fails when a figure is worse than that of the other commit.
    """
    parts = tuple(only.split(","))
    if unknown := set(parts) - set(PARTS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    shutil.rmtree(LOGS, ignore_errors=True)
    try:
        sides = [here(), *([built(against)] if against else [])]
        results = _measured(Plan(parts, form, rounds), sides)
    except StackError as error:
        raise click.ClickException(str(error)) from None
    _conclude(results)


def _measured(plan: Plan, sides: Sequence[Checkout]) -> dict[str, Any]:
    """Every round of every side; the side that begins alternates."""
    started = ticks()
    rounds: dict[str, list[Round]] = {side.name: [] for side in sides}
    for number in range(plan.rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            rounds[side.name].append(plan.measure(side, number))
            click.echo(f"{ticks() - started:6.0f} s  round {number + 1} of {plan.rounds}: {side.name}")
    about = {"at": wall().isoformat(), "machine": platform.platform(), "store": plan.form}
    return {**about, "seconds": round(ticks() - started), "rounds": rounds}


def _conclude(results: dict[str, Any]) -> None:
    """Print a line for each figure, write all numbers, and fail when a figure is worse."""
    figures = _figures(results)
    for result in figures.values():
        click.echo(result.pop("line"))
    click.echo("medians; in brackets the ranks that hold the true median in 95 % of cases or more")
    RESULT.write_text(json.dumps({**results, "figures": figures}, indent=2) + "\n", encoding="utf-8")
    click.echo(f"all numbers are in {RESULT}")
    if any(result.get("worse") for result in figures.values()):
        raise click.ClickException(f"worse than {results['against']}")


def _figures(results: dict[str, Any]) -> dict[str, Any]:
    """Every figure that was measured, beside that of the other commit where there is one."""
    [ours, *others] = results["rounds"]
    rounds = results["rounds"][ours]
    if not others:
        aimed = results["store"] == "memory"
        return {figure.text: result for figure in FIGURES if (result := judged(figure, rounds, aimed=aimed))}
    [results["against"]] = others
    click.echo(f"{'':46}{'this':>9}{others[0][:8]:>9}   ratio, above 1 is better")
    theirs = results["rounds"][others[0]]
    return {figure.text: result for figure in FIGURES if (result := compared(figure, rounds, theirs))}


commands: list[click.Command] = [bench]
