"""`redress play`: plays stories against the real services, shows the way of each case, and audits what happened."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from deploy.local import StackError
from deploy.plays.audit import audit
from deploy.plays.evidence import Accepted, Evidence
from deploy.plays.picture import pictures
from deploy.plays.player import Playing, play
from deploy.plays.progress import Progress
from deploy.plays.stage import stage
from deploy.plays.story import DIRECTORY, Story, story_files
from deploy.plays.way import ways
from schemas.base import Strict
from schemas.directory import DirectoryFile
from services.common.runtime import files

STORIES = Path(__file__).parent
BUILD = Path(__file__).parents[2] / "build" / "plays"
WIDTH = 120
M = TypeVar("M", bound=Strict)


@click.command("play")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), default=BUILD, help="Emptied first.")
def play_command(paths: tuple[Path, ...], data: Path) -> None:
    """Play stories, each FILE or all in a folder; without FILE all that are shipped. Ends with 1 where one goes otherwise."""
    stories = _load(paths or (STORIES,))
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    progress = Progress(console)
    try:
        with progress.on_screen():
            played, evidence = asyncio.run(_played(stories, data, progress))
    except* StackError as errors:
        raise click.ClickException("\n".join(map(str, errors.exceptions))) from None
    for drawn in pictures(played, ways(evidence), console.width):
        console.print(drawn)
    checks = audit(evidence)
    for line in (*_checked(checks), _numbers(played, evidence)):
        click.echo(line)
    _conclude(played, checks)


def _load(paths: Sequence[Path]) -> dict[Path, Story]:
    """The stories of these files and folders; every mistake in them and in their directories is named before anything starts."""
    chosen = [file for path in paths for file in (story_files(path) if path.is_dir() else [path])]
    if not chosen:
        raise click.ClickException(f"no story in {', '.join(map(str, paths))}")
    stories, mistakes = _read(chosen, Story)
    mistakes += _read(_directories(chosen), DirectoryFile)[1]
    if mistakes:
        raise click.ClickException("\n".join(mistakes))
    return stories


def _read(paths: Iterable[Path], model: type[M]) -> tuple[dict[Path, M], list[str]]:
    """What can be read of these files, and what is wrong with the others."""
    read: dict[Path, M] = {}
    mistakes = []
    for path in paths:
        try:
            read[path] = files.load(path, model)
        except files.FileError as mistake:
            mistakes.append(str(mistake))
    return read, mistakes


def _directories(stories: Iterable[Path]) -> list[Path]:
    """Who works where: the file beside each story."""
    return list(dict.fromkeys(file.parent / DIRECTORY for file in stories))


async def _played(
    stories: Mapping[Path, Story], data: Path, progress: Progress
) -> tuple[list[Playing], Evidence]:
    async with stage(data, _directories(stories), progress) as running:
        progress.note(f"{len(stories)} stories")
        named = [(f"{file.parent.name}/{file.stem}", story) for file, story in stories.items()]
        played = await play(named, running)
        progress.done("played")
        evidence = await running.evidence(_accepted(played))
        progress.done("topics, store and messages read")
    return played, evidence


def _accepted(played: Sequence[Playing]) -> dict[str, Accepted]:
    """The cases that were answered 202, by their ids."""
    stories: dict[str, list[Playing]] = defaultdict(list)
    for one in played:
        if one.case_id:
            stories[one.case_id].append(one)
    return {
        case: Accepted(those[0].number, max(one.until for one in those), tuple(one.name for one in those))
        for case, those in stories.items()
    }


def _checked(checks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A line for each check, and one for each difference it found."""
    for name, differences in checks.items():
        yield f"{'FAIL' if differences else 'ok  '}  {name}"
        yield from (f"      {difference}" for difference in differences)


def _numbers(played: Sequence[Playing], evidence: Evidence) -> str:
    """What there was, in a line."""
    arrived = {medium: len(messages) for medium, messages in evidence.received.items()}
    events = sum(len(evidence.unique(topic)) for topic in evidence.records)
    by_medium = ", ".join(f"{count} by {medium}" for medium, count in arrived.items())
    return (
        f"{len(played)} stories, {len(evidence.cases)} cases, {events} events, {len(evidence.breaches())} breaches, "
        f"{sum(arrived.values())} messages arrived ({by_medium})"
    )


def _conclude(played: Sequence[Playing], checks: Mapping[str, Sequence[str]]) -> None:
    """Say that all is well; otherwise every difference, and raise."""
    for line in (line for one in played for line in one.wrong):
        click.echo(line, err=True)
    if wrong := sum(bool(one.wrong) for one in played):
        raise click.ClickException(f"{wrong} of {len(played)} stories went otherwise")
    if failed := [name for name, differences in checks.items() if differences]:
        raise click.ClickException(f"not so: {'; '.join(failed)}")
    click.echo(f"{len(played)} stories went as they should, and nothing was lost")


commands: list[click.Command] = [play_command]
