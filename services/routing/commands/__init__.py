"""The service's console commands."""

import click

from services.routing.commands.classify import classify
from services.routing.commands.directory import directory
from services.routing.commands.history import history, resync

commands: list[click.Command] = [classify, directory, history, resync]
