"""`redress severity`: what the classifier learns, how often complaints are judged rightly, and what that costs."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from deploy.severity.curves import calibrate, draw_curves
from deploy.severity.labelled import (
    Labelled,
    Language,
    fingerprint,
    read_labelled,
    read_shipped,
    training_files,
)
from deploy.severity.measuring import Measured, as_json, describe, measure_folds, measure_shipped
from deploy.severity.speed import measure_speed
from deploy.severity.training import cut_windows, gather_examples, learn, learned_signals
from schemas.severity import SeverityPolicy
from services.routing.domain.severity.detectors import compile_detectors
from services.routing.settings import DEFAULT_POLICY
from services.routing.store.severity_files import (
    DETECTION,
    WEIGHTS,
    load_lexicon,
    load_reader,
    load_severity,
    save_weights,
)

FILES = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
POLICY = click.option(
    "--policy", default=DEFAULT_POLICY, show_default=True, help="The policy whose criteria the labels name."
)


@click.group()
def severity() -> None:
    """Learn, measure and time how severity is judged.

    FILE holds labelled complaints, JSON Lines or one array: `text`, `criteria` or `expected_criteria` (all that are
    met), and if need be `expected_level`, `id`, `tricky` (honest readers could differ) and `partial` (of the criteria
    only the one that decides is given).
    """


@severity.command()
@FILES
@POLICY
def train(files: tuple[Path, ...], policy: str) -> None:
    """Learn weights.npz from the training texts that are shipped and from every FILE."""
    table = _load_policy(policy)
    paths = [*training_files(), *files]
    examples = gather_examples(_read_shipped(table), _read(files, table), table)
    windows = cut_windows([example.text for example in examples], compile_detectors(load_lexicon()).lexicon)
    weights = learn(examples, windows, learned_signals(table), fingerprint(paths))
    save_weights(weights, DETECTION / WEIGHTS)
    click.echo(f"{DETECTION / WEIGHTS}: {len(weights.signals)} signals, from {len(examples)} texts")


@severity.command()
@FILES
@POLICY
@click.option("--folds", type=click.IntRange(2), default=5, show_default=True)
@click.option("--shipped", is_flag=True, help="Measure weights.npz as it is; nothing is learned.")
@click.option("--draw", type=click.Path(file_okay=False, path_type=Path), help="Folder for the curves.")
def measure(files: tuple[Path, ...], policy: str, folds: int, shipped: bool, draw: Path | None) -> None:  # noqa: FBT001
    """Say how often the complaints of every FILE are judged as labelled.

    Each is judged by what was learned from the shipped training texts and from the other folds of the FILEs.
    """
    table = _load_policy(policy)
    complaints = _read(files, table)
    if not complaints:
        raise click.UsageError("there is no labelled complaint to measure")
    reader = load_reader()
    if shipped:
        measured = measure_shipped(complaints, reader, table)
    else:
        measured = measure_folds(_read_shipped(table), complaints, reader, table, folds)
    for line in describe(measured, table):
        click.echo(line)
    if draw:
        _draw(measured, table, draw)


@severity.command()
@POLICY
def speed(policy: str) -> None:
    """Say what one core reads in a second, how long one text takes, and the memory it needs."""
    table = _load_policy(policy)
    texts: dict[Language, list[str]] = defaultdict(list)
    for complaint in _read_shipped(table):
        texts[complaint.language].append(complaint.text)
    for line in measure_speed(texts, table):
        click.echo(line)


def _load_policy(policy: str) -> SeverityPolicy:
    with _mistakes_in_lines():
        return load_severity(policy)


def _read(paths: Sequence[Path], policy: SeverityPolicy) -> list[Labelled]:
    with _mistakes_in_lines():
        return [complaint for path in paths for complaint in read_labelled(path, policy)]


def _read_shipped(policy: SeverityPolicy) -> list[Labelled]:
    with _mistakes_in_lines():
        return read_shipped(policy)


@contextmanager
def _mistakes_in_lines() -> Iterator[None]:
    """Ends the command with what is wrong in a file, and no trace of where that was found."""
    try:
        yield
    except (OSError, ValueError) as wrong:
        raise click.ClickException(str(wrong)) from None


def _draw(measured: Sequence[Measured], policy: SeverityPolicy, folder: Path) -> None:
    """Write the curves as they are drawn, and as numbers."""
    from deploy.severity.figure import draw  # noqa: PLC0415 - what draws is there for development only

    curves, calibrations = draw_curves(measured, policy), calibrate(measured, policy)
    folder.mkdir(parents=True, exist_ok=True)
    draw(curves, calibrations, folder / "severity.svg")
    numbers = {
        "figures": as_json(measured, policy),
        "curves": [asdict(curve) for curve in curves],
        "calibration": [asdict(calibration) for calibration in calibrations],
    }
    (folder / "severity.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    click.echo(f"curves are in {folder}")


commands: list[click.Command] = [severity]
