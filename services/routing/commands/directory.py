"""`redress directory`: who works where, from a file to every service."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from uuid import uuid4, uuid5

import click
import yaml

from schemas import directory as vocabulary
from schemas.addresses import AddressError
from schemas.directory import DirectoryFile, Entry, Person
from schemas.media import MEDIA
from services.common.runtime import files
from services.common.runtime.clock import ticks
from services.common.runtime.connections import Connections, connected
from services.common.runtime.debounce import QUIET_SECONDS
from services.common.runtime.failures import PATIENCE
from services.common.store.codec import read_state
from services.common.store.decision import Cause
from services.common.store.mongo import MongoDocuments
from services.common.store.write_path import Store
from services.routing.commands.directory_diff import as_file, differences
from services.routing.commands.forecast import Move, forecast, warn_of_outdated
from services.routing.domain.directory_entry import DirectoryEntry, announce, key
from services.routing.settings import Settings
from services.routing.store.cases import read_open_cases

HAND_OVER_SECONDS = 120.0
LOOK_SECONDS = 0.5
HAVE_ADDRESSES = {"person": "people", "manufacturer": "manufacturers"}

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
REMOVE = click.option("--remove", is_flag=True, help="Let everyone go who is not in FILE.")
TO = click.option(
    "--to", metavar="PERSON", default="", help="Deputy of everyone who goes: takes what they have."
)
MOST_NAMED = 20


@click.group()
def directory() -> None:
    """Manufacturers, groups, shops, franchises and people."""


@directory.command()
@FILE
@REMOVE
@TO
def load(file: Path, *, remove: bool, to: str) -> None:
    """Check FILE (YAML or JSON), then add and change what it holds.

    What is not in FILE stays as it is; loading the same file again announces nothing. Somebody whose e-mail or
    phone cannot be used is loaded without it, with a warning. With --remove people who are not in FILE get no
    case any more, hand over those they have, and are only a name once no open case is theirs. Nothing is loaded
    that would leave an open case to a queue without members.
    """
    wanted = _checked(file, remove=remove, to=to)
    changed, gone, still = asyncio.run(_load(Settings(), wanted))
    click.echo(f"{len(list(wanted.content.entries()))} entries, {changed} of them new or changed")
    if gone:
        click.echo(f"not in {file}: {', '.join(gone)}" + ("" if remove else " (stay; --remove lets them go)"))
    if still:
        raise click.ClickException(
            f"{still} open cases are still theirs after {HAND_OVER_SECONDS:g} s: they are leaving, get no case,"
            " and hand over as soon as routing runs; then give this command again"
        )


@directory.command()
@FILE
@REMOVE
@TO
def diff(file: Path, *, remove: bool, to: str) -> None:
    """Say what loading FILE would change, without loading it: entries, and open cases that would move."""
    wanted = _checked(file, remove=remove, to=to)
    gone, changes, moves = asyncio.run(_diff(Settings(), wanted))
    if gone:
        click.echo(f"would {'go' if remove else 'stay, though not in the file'}: {', '.join(gone)}")
    for line in (*changes, *moves):
        click.echo(line)
    click.echo(f"{len(changes)} changes to the directory, {len(moves)} to open cases")


@directory.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
def show(ids: tuple[str, ...]) -> None:
    """Write the directory as it was last announced, as a file that could be loaded; only the entries of these IDs."""
    entries = asyncio.run(_entries(Settings()))
    if unknown := sorted(set(ids) - {entry.id for entry in entries}):
        raise click.ClickException(f"not in the directory: {', '.join(unknown)}")
    chosen = [entry for entry in entries if not ids or entry.id in ids]
    click.echo(yaml.safe_dump(as_file(chosen), allow_unicode=True, sort_keys=False), nl=False)


@dataclass(frozen=True, slots=True)
class DirectoryLoad:
    """What is to be loaded; with `remove` whoever is not in it goes, and `to` is the deputy of those."""

    content: DirectoryFile
    remove: bool
    to: str

    def leaving(self, gone: Sequence[Person]) -> list[Person]:
        """Who is not in it, as they are while they hand over what they have."""
        leaving = [_with(one, "leaving") for one in gone if self.remove]
        return [one.model_copy(update={"deputy": self.to}) if self.to else one for one in leaving]


def _checked(file: Path, *, remove: bool, to: str) -> DirectoryLoad:
    content = read(file)
    for warning in unusable_addresses(file):
        click.echo(f"warning: {warning}", err=True)
    if to and not remove:
        raise click.ClickException("--to: should stand beside --remove: without it nobody goes")
    if to and to not in {one.id for one in content.people if one.status == "active"}:
        raise click.ClickException(f"--to: should be somebody of {file} who stays, {to!r} is not")
    return DirectoryLoad(content, remove, to)


def read(file: Path) -> DirectoryFile:
    """The directory in a file; raises ClickException naming file, line and field of every mistake."""
    try:
        return files.load(file, DirectoryFile)
    except files.FileError as wrong:
        raise click.ClickException(str(wrong)) from None


def unusable_addresses(file: Path) -> Iterator[str]:
    """Whose address in a checked file cannot be used, and why."""
    content = files.read(file)
    entries = [(kind, entry) for kind, field in HAVE_ADDRESSES.items() for entry in content[field]]
    for (kind, entry), spec in product(entries, MEDIA.values()):
        given = str(entry.get(spec.field) or "")
        try:
            if given:
                spec.address.parse(given)
        except AddressError as error:
            yield f"{kind} {entry['id']}: {spec.field} is left out: {error}"


async def _load(settings: Settings, wanted: DirectoryLoad) -> tuple[int, Sequence[str], int]:
    """How many entries changed, who is not in the file, and how many open cases are still theirs."""
    async with _announcements(settings) as announced:
        gone = announced.without(wanted.content)
        leaving = wanted.leaving(gone)
        _refuse(await forecast(announced.parts, settings, announced.changed(wanted, leaving).values()))
        changed = await announced.announce(list(wanted.content.entries()))
        count = changed + await announced.announce(leaving)
        # Who is told that it is loaded goes by it: decisions heed a directory once its announcements pause.
        await asyncio.sleep(2 * QUIET_SECONDS if count else 0)
        still = await announced.handed_over({one.id for one in gone}) if wanted.remove and gone else 0
        await announced.announce([_with(one, "left") for one in gone] if wanted.remove and not still else [])
    return changed, [one.id for one in gone], still


def _refuse(moves: Iterable[Move]) -> None:
    """Raise ClickException where a case would be nobody's."""
    nobodys = [str(move) for move in moves if move.is_nobodys]
    if nobodys:
        more = [f"and {len(nobodys) - MOST_NAMED} more"] if len(nobodys) > MOST_NAMED else []
        what = "nothing is loaded: some open cases would be nobody's; give somebody the role, or say with --to who takes them"
        raise click.ClickException("\n".join([what, *nobodys[:MOST_NAMED], *more]))


async def _diff(
    settings: Settings, wanted: DirectoryLoad
) -> tuple[Sequence[str], Sequence[str], Sequence[Move]]:
    """Who is not in the file, how the directory would change, and what would become of open cases."""
    async with _announcements(settings) as announced:
        gone = announced.without(wanted.content)
        whole = announced.changed(wanted, wanted.leaving(gone))
        moves = await forecast(announced.parts, settings, whole.values())
        return [one.id for one in gone], list(differences(announced.entries, whole)), moves


async def _entries(settings: Settings) -> list[Entry]:
    async with _announcements(settings) as announced:
        return list(announced.entries.values())


def _with(person: Person, status: vocabulary.Status) -> Person:
    """Who has left keeps nothing but the name."""
    if status == "left":
        return Person(id=person.id, name=person.name, language=person.language, status=status)
    return person.model_copy(update={"status": status})


@dataclass(frozen=True, slots=True)
class DirectoryAnnouncements:
    """The directory as it was last announced, and the way to announce more."""

    parts: Connections
    store: Store[DirectoryEntry]
    entries: dict[str, Entry]

    def changed(self, wanted: DirectoryLoad, leaving: Iterable[Entry]) -> dict[str, Entry]:
        """The whole directory with what is wanted in it, by their keys."""
        return self.entries | _by_key((*wanted.content.entries(), *leaving))

    async def announce(self, entries: Sequence[Entry]) -> int:
        """Announce what is new or has changed; how many that were."""
        # An operator's command has no cause before it, hence a run of its own each time.
        run = uuid4()
        causes = [
            Cause(key(entry), uuid5(run, vocabulary.key(entry)), entry, once=False) for entry in entries
        ]
        outcomes = await self.store.change_many(causes, announce)
        await self.parts.publisher.flush()
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
        return sum(outcome.kind == "applied" for outcome in outcomes)

    def without(self, wanted: DirectoryFile) -> list[Person]:
        """People who were announced and are not in the file, as they were before; who has left is not counted."""
        named = {one.id for one in wanted.people}
        people = (one for one in self.entries.values() if isinstance(one, Person))
        return [one for one in people if one.id not in named and one.status != "left"]

    async def handed_over(self, people: set[str]) -> int:
        """Wait until no open case is anybody's of these; how many still are when it takes too long."""
        cases, until = MongoDocuments(self.parts.database, "cases"), ticks() + HAND_OVER_SECONDS
        await warn_of_outdated(cases)
        while True:
            named = [{one.name for one in case.responsibilities} async for case in read_open_cases(cases)]
            theirs = sum(not people.isdisjoint(names) for names in named)
            if not theirs or ticks() > until:
                return theirs
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _announcements(settings: Settings) -> AsyncIterator[DirectoryAnnouncements]:
    async with connected("routing", settings, [vocabulary.TOPIC], PATIENCE) as parts:
        documents = await parts.documents("directory", DirectoryEntry)
        store = Store(DirectoryEntry, documents, parts.publisher, parts.clock.now, parts.conflicted)
        entries = [
            read_state(stored, DirectoryEntry).entry
            async for stored in documents.find({}, ["state", "format"])
        ]
        yield DirectoryAnnouncements(parts, store, _by_key(entries))


def _by_key(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {vocabulary.key(entry): entry for entry in entries}
