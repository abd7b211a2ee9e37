"""What `make soak` runs: python -m tests.campaigns [PART ...], each part beside busy processes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from services.common.runtime.clock import ticks
from tests.load import load

LOGS = Path(__file__).parents[1] / "build" / "soak"
HOURS = 2.0
SUITE = ("make", "test")
PYTEST = (sys.executable, "-m", "pytest", "--durations=10", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True)
class Part:
    """A command that is to succeed so many times."""

    command: tuple[str, ...]
    rounds: int
    environment: Mapping[str, str] = field(default_factory=dict)


def campaigns() -> tuple[str, ...]:
    """The test files that try longer under REDRESS_SOAK."""
    files = sorted(Path(__file__).parent.rglob("test_*.py"))
    return tuple(str(file) for file in files if "from tests.soak import" in file.read_text("utf-8"))


PARTS = {
    # A round that has failed says at once by what, and takes no time of the next.
    "suite": Part(SUITE, 3, {"PYTEST_ADDOPTS": "--maxfail=1"}),
    "campaigns": Part((*PYTEST, *campaigns()), 1, {"REDRESS_SOAK": "1"}),
    "demo": Part((sys.executable, "-m", "deploy.redress", "play"), 3),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one round of a part ended."""

    part: str
    number: int
    passed: bool
    minutes: float

    def __str__(self) -> str:
        rounds = f"{self.number} of {PARTS[self.part].rounds}"
        return f"{self.part:12}{rounds:10}{'passed' if self.passed else 'FAILED':8}{self.minutes:7.1f} min"


def attempt(name: str, number: int) -> Outcome:
    """Run one round to its end, or end it when it hangs; its output lies in a log."""
    part, log, started = PARTS[name], LOGS / f"{name}-{number}.log", ticks()
    with log.open("w", encoding="utf-8") as output, load(LOGS / "load.log"):
        try:
            done = subprocess.run(
                part.command, env=os.environ | part.environment, stdout=output, stderr=subprocess.STDOUT,
                timeout=3600 * HOURS, check=False,
            )  # fmt: skip
            passed = done.returncode == 0
        except subprocess.TimeoutExpired:
            passed = False
    return Outcome(name, number, passed, (ticks() - started) / 60)


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    """Run all rounds of these parts, or of all, and fail at the end when one of them failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for name in parts or PARTS:
        for number in range(1, PARTS[name].rounds + 1):
            outcomes.append(attempt(name, number))
            click.echo(f"{outcomes[-1]}   {LOGS / f'{name}-{number}.log'}")
    click.echo(f"\n{'part':12}{'round':10}{'result':8}{'time':>7}")
    for outcome in outcomes:
        click.echo(outcome)
    if failed := sum(not one.passed for one in outcomes):
        raise click.ClickException(f"{failed} of {len(outcomes)} rounds failed")


if __name__ == "__main__":
    main()
