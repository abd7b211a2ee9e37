"""`redress policy`: check policy files before a service is started with them, as every service would read them."""

from collections.abc import Iterator
from pathlib import Path

import click

from services.notify.domain.texts import TextError
from services.notify.store import NoticeFiles
from services.routing.settings import POLICIES
from services.routing.store.policy_files import compile_policy, load_policy, policy_files
from services.routing.store.severity_files import WEIGHTS


@click.group()
def policy() -> None:
    """Policies: the rules of a manufacturer as data."""


@policy.command()
@click.argument(
    "paths", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...]) -> None:
    """Check the policy of each FILE, or all that are shipped, with severity and notices; print every mistake."""
    mistakes = [mistake for path in paths or policy_files(POLICIES) for mistake in _mistakes(path)]
    for mistake in mistakes:
        click.echo(mistake, err=True)
    context.exit(bool(mistakes))


def _mistakes(path: Path) -> Iterator[str]:
    """What routing would refuse of a policy, then what notify could not send; prints the version if there is nothing."""
    notices = path.parent / "notices" / path.name
    try:
        loaded = load_policy(path)
        compile_policy(loaded, path.parent / "severity" / WEIGHTS, loaded.version)
        if notices.exists():
            NoticeFiles(path.parent).check(notices)
    except (ValueError, TextError) as error:
        yield str(error)
    else:
        click.echo(f"{path}: {loaded.id}@{loaded.version}")


commands: list[click.Command] = [policy]
