"""`redress policy`: check policy files before a room is started with them."""

from pathlib import Path

import click

from services.routing.settings.policies import load_profile, programme
from services.routing.settings.severity import WEIGHTS


@click.group()
def policy() -> None:
    """The programmes' rules as data."""


@policy.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...]) -> None:
    """Check the programme of each of FILES with its severity and notices; say every mistake."""
    failed = False
    for file in files:
        try:
            profile = load_profile(file)
            programme(profile, file.parent / "severity" / WEIGHTS)
        except ValueError as wrong:
            failed = True
            click.echo(str(wrong), err=True)
        else:
            click.echo(f"{file}: {profile.id}@{profile.version}")
    context.exit(int(failed))
