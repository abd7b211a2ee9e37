"""`redress policy`: check policy files before a service is started with them, as every service would read them."""

from collections.abc import Iterator
from pathlib import Path

import click

from deploy.severity.overreach import find_overreach, ordinary_texts
from services.common.runtime.files import folders
from services.notify.domain.texts import TextError
from services.notify.store import NoticeFiles
from services.routing.settings import POLICIES
from services.routing.store.policy_files import load_policy
from services.routing.store.severity_files import load_lexicon, load_severity


@click.group()
def policy() -> None:
    """Policies: the rules of a manufacturer as data."""


@policy.command()
@click.argument(
    "paths", metavar="[FOLDER]...", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...]) -> None:
    """Check the policy in each FOLDER; without FOLDER all that are shipped, and the lexicon.

    Prints every mistake.
    """
    mistakes = [mistake for path in paths or folders(POLICIES) for mistake in _mistakes(path)]
    mistakes += [] if paths else _lexicon_mistakes()
    for mistake in mistakes:
        click.echo(mistake, err=True)
    context.exit(bool(mistakes))


def _mistakes(path: Path) -> Iterator[str]:
    """What routing would refuse of a policy, then what notify could not send; prints the version if there is nothing."""
    try:
        loaded = load_policy(path)
        NoticeFiles(path.parent).check(path)
    except (ValueError, TextError) as error:
        yield str(error)
    else:
        click.echo(f"{path}: {loaded.id}@{loaded.version}")


def _lexicon_mistakes() -> Iterator[str]:
    """What cannot be read of the lexicon, or else what of it finds grave matters in ordinary complaints."""
    try:
        severity = load_severity()
        yield from find_overreach(load_lexicon(), severity, ordinary_texts(severity))
    except ValueError as error:
        yield str(error)


commands: list[click.Command] = [policy]
