"""`redress token`: sign in for development; production signs people in elsewhere."""

from datetime import timedelta

import click

from services.common.web import tokens
from services.routing.settings import Settings


@click.command()
@click.option("--person", required=True, help="An id in the directory.")
@click.option("--hours", type=click.IntRange(1, 24 * 366), default=12, show_default=True)
def token(person: str, hours: int) -> None:
    """Write a token that names PERSON, signed with REDRESS_TOKEN_KEY."""
    try:
        issued = tokens.issue(person, Settings().token_key.get_secret_value(), timedelta(hours=hours))
    except ValueError as wrong:
        raise click.ClickException(str(wrong)) from None
    click.echo(issued)
