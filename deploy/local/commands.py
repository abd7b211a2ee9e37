"""The console commands that run Redress in the background of this machine."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import click

from deploy.local import up as background
from deploy.local.addresses import StackError
from deploy.local.follow import follow
from deploy.local.services import SERVICES


@click.command()
def up() -> None:
    """Start Kafka, the store, a mail and an SMS server, and all services; data survives `down`."""
    _run(background.up(click.echo))


@click.command()
def down() -> None:
    """Stop what `up` started."""
    _run(background.down(click.echo))


@click.command()
@click.argument("services", nargs=-1, type=click.Choice(SERVICES))
@click.option("--last", type=click.IntRange(1), default=10, show_default=True, help="Lines of before.")
def logs(services: tuple[str, ...], last: int) -> None:
    """Follow the logs of what `up` started, of all SERVICES or of these; Ctrl-C ends it."""
    with suppress(KeyboardInterrupt):
        for line in follow(background.FOLDER, services or SERVICES, last):
            click.echo(line)


commands: list[click.Command] = [up, down, logs]


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except StackError as error:
        raise click.ClickException(str(error)) from None
