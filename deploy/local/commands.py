"""The console commands that run Redress in the background of this machine."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import click

from deploy.local import up as background
from deploy.local.addresses import StackError


@click.command()
def up() -> None:
    """Start Kafka, the store, a mail and an SMS server, and all services; data survives `down`."""
    _run(background.up(click.echo))


@click.command()
def down() -> None:
    """Stop what `up` started."""
    _run(background.down(click.echo))


commands = [up, down]


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except StackError as trouble:
        raise click.ClickException(str(trouble)) from None
