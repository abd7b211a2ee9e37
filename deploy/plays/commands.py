"""`redress play`: plays stories against the real services, and says where one did not go as it should."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from deploy.demo.progress import Progress
from deploy.local import StackError
from deploy.plays.picture import pictures
from deploy.plays.player import Playing, play
from deploy.plays.stage import stage
from deploy.plays.story import Story, story_files
from deploy.plays.way import Way, ways
from services.common.runtime import files

STORIES = Path(__file__).parent
BUILD = Path(__file__).parents[2] / "build" / "plays"
WIDTH = 120


@click.command("play")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), default=BUILD, help="Emptied first.")
def play_command(paths: tuple[Path, ...], data: Path) -> None:
    """Play stories, each FILE or all in a folder; without FILE all that are shipped. Ends with 1 where one goes otherwise."""
    chosen = [
        file for path in paths or (STORIES,) for file in (story_files(path) if path.is_dir() else [path])
    ]
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    try:
        played, went = asyncio.run(_played(chosen, data, Progress(console)))
    except* StackError as errors:
        raise click.ClickException("\n".join(map(str, errors.exceptions))) from None
    console.print(pictures(played, went))
    wrong = [line for one in played for line in one.wrong]
    for line in wrong:
        click.echo(line, err=True)
    if wrong:
        raise click.ClickException(
            f"{sum(bool(one.wrong) for one in played)} of {len(played)} stories went otherwise"
        )
    click.echo(f"{len(played)} stories went as they should")


async def _played(
    chosen: Sequence[Path], data: Path, progress: Progress
) -> tuple[list[Playing], dict[str, Way]]:
    stories = [(f"{file.parent.name}/{file.stem}", files.load(file, Story)) for file in chosen]
    directories = list(dict.fromkeys(file.parent / "directory.yaml" for file in chosen))
    async with stage(data, directories, progress) as running:
        progress.note(f"{len(stories)} stories")
        played = await play(stories, running)
        progress.done("played")
        return played, ways(running.recorder.records)


commands: list[click.Command] = [play_command]
