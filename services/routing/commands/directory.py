"""`redress directory`: who works where, from a file to every room."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4, uuid5

import click

from schemas import directory as vocabulary
from schemas.addresses import AddressError, EmailAddress, PhoneNumber
from schemas.directory import DirectoryFile, Entry
from services.common import files
from services.common.decision import Cause
from services.common.failures import PATIENCE
from services.common.mongo import MongoDocuments
from services.common.parts import connected
from services.common.store import Store
from services.routing.domain.announcement import Listed, announce, key
from services.routing.settings.environment import Settings


@click.group()
def directory() -> None:
    """Manufacturers, groups, shops, franchises and people."""


@directory.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(file: Path) -> None:
    """Check FILE (YAML or JSON), then add and change what it holds.

    What is not in FILE stays as it is; loading the same file again announces nothing. Somebody whose e-mail or
    phone cannot be used is loaded without it, with a warning.
    """
    entries = list(read(file).entries())
    for warning in unusable_addresses(file):
        click.echo(f"warning: {warning}", err=True)
    changed = asyncio.run(_load(Settings(), entries))
    click.echo(f"{len(entries)} entries, {changed} of them new or changed")


def read(file: Path) -> DirectoryFile:
    """The directory in a file; raises ClickException naming file, line and field of every mistake."""
    try:
        return files.load(file, DirectoryFile)
    except files.FileError as wrong:
        raise click.ClickException(str(wrong)) from None


def unusable_addresses(file: Path) -> Iterator[str]:
    """Whose address in a checked file cannot be used, and why."""
    for person in files.read(file)["people"]:
        for field, parse in (("email", EmailAddress.parse), ("phone", PhoneNumber.parse)):
            given = str(person.get(field) or "")
            try:
                if given:
                    parse(given)
            except AddressError as error:
                yield f"person {person['id']}: {field} is left out: {error}"


async def _load(settings: Settings, entries: Sequence[Entry]) -> int:
    async with connected("routing", settings, [vocabulary.TOPIC], PATIENCE) as parts:
        documents = MongoDocuments(parts.database, "directory")
        await documents.prepare()
        store = Store(Listed, documents, parts.relay, parts.clock.now, parts.conflicted)
        # An operator's command has no cause before it, hence a run of its own each time.
        run = uuid4()
        causes = [
            Cause(key(entry), uuid5(run, vocabulary.key(entry)), entry, once=False) for entry in entries
        ]
        outcomes = await store.change_many(causes, announce)
        await parts.relay.flush()
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return sum(outcome.kind == "applied" for outcome in outcomes)
