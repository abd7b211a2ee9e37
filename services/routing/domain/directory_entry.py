"""Entries of the directory as documents: announced when they are new or have changed."""

from typing import Any
from uuid import UUID

from pydantic import Field

from schemas import directory, formats
from schemas.base import Stored
from schemas.directory import Entry
from schemas.formats import first, second
from schemas.identity import announcement_id, entry_id
from services.common.store.decision import Announced, Cause, Change


class DirectoryEntry(Stored):
    """One entry as it was last announced."""

    @classmethod
    def upgraded(cls, state: dict[str, Any], of: int) -> dict[str, Any]:
        """An entry of an earlier format."""
        entry = formats.upgraded(state["entry"], of, first.upgrade_entry, second.upgrade_entry)
        return {**state, "entry": entry}

    entry: Entry = Field(discriminator="kind")


def key(entry: Entry) -> UUID:
    """The document of an entry."""
    return entry_id(directory.key(entry))


def announce(before: DirectoryEntry | None, cause: Cause[Entry]) -> Change[DirectoryEntry] | None:
    """Announce an entry; None where the same has been announced already."""
    entry = cause.message
    if before is not None and before.entry == entry:
        return None
    announced = Announced(directory.TOPIC, announcement_id(cause.id), directory.key(entry), entry)
    return Change(DirectoryEntry(entry=entry), (announced,), visible=True)
