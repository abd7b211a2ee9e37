"""Prints which requirements are shown and which are open; `--mutate` breaks what some marks die with."""

import random
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from services.common.runtime.files import FileError
from tests.requirements.catalogue import Requirement, load
from tests.requirements.marks import Collector, Mark, collect
from tests.requirements.mutants import outcomes
from tests.requirements.targets import mutants


@click.command()
@click.option("--mutate", type=click.IntRange(min=1), help="How many marks are drawn and broken.")
@click.option("--seed", type=int, help="The seed of an earlier draw, to repeat it.")
def main(mutate: int | None, seed: int | None) -> None:
    """Hold the requirements against the marks; end with 1 when something is wrong or survives."""
    try:
        requirements, collector = load(), collect()
    except (FileError, RuntimeError) as error:
        raise click.ClickException(str(error)) from None
    if wrong := list(faults(requirements, collector)):
        raise click.ClickException("\n".join(wrong))
    survivors = set(_break(collector.marks, mutate, seed)) if mutate else set[str]()
    shown = {each for mark in collector.marks for each in mark.ids} - survivors
    for line in report(requirements, shown):
        click.echo(line)
    sys.exit(1 if survivors else 0)


def faults(requirements: Iterable[Requirement], collector: Collector) -> Iterator[str]:
    """Every mark that does not say what it should, names no requirement, or dies with nothing that is there."""
    ids = {each.id for each in requirements}
    yield from collector.wrong
    for mark in collector.marks:
        yield from (f"{mark.test}: there is no requirement {each}" for each in mark.ids if each not in ids)
        try:
            next(mutants(mark.dies_with))
        except LookupError as error:
            yield f"{mark.test}: {error.args[0]}"


def open_requirements(requirements: Iterable[Requirement], shown: Collection[str]) -> list[Requirement]:
    """What is software and no mark shows."""
    return [each for each in requirements if each.id not in shown and each.not_software is None]


def report(requirements: Sequence[Requirement], shown: Collection[str]) -> Iterator[str]:
    """The open ones by component, what is not software and why, and the sum."""
    still = sorted(open_requirements(requirements, shown), key=lambda each: each.component)
    for component, group in groupby(still, key=lambda each: each.component):
        members = list(group)
        yield f"open, {component}: {len(members)}"
        yield from (f"  {each.id:9} {each.source:3} {each.text}" for each in members)
    beyond = [each for each in requirements if each.not_software is not None]
    yield f"not software: {len(beyond)}"
    yield from (f"  {each.id:9} {each.source:3} {each.not_software}" for each in beyond)
    count = len(requirements) - len(still) - len(beyond)
    yield f"requirements: {count} shown, {len(still)} open, {len(beyond)} not software"


def _break(marks: Sequence[Mark], count: int, seed: int | None) -> Iterator[str]:
    """The ids shown by marks that outlive what they should die with."""
    seed = random.randrange(10**6) if seed is None else seed
    drawn = random.Random(seed).sample(sorted(marks), min(count, len(marks)))
    click.echo(
        f"mutate: {len(drawn)} of {len(marks)} marks, SEED={seed}; only what a test finds wrong counts, no failure of its preparations"
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            for outcome in outcomes(drawn, Path(folder)):
                mark = outcome.mark
                click.echo(f"  {outcome.fate}: {', '.join(mark.ids)}: {mark.dies_with} {outcome.what}")
                yield from mark.ids if outcome.fate != "dies" else ()
        except RuntimeError as error:
            raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
