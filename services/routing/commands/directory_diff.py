"""Directories for people to read: what is different between two, and one as the file that could be loaded."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.directory import Entry
from schemas.media import MEDIA

SECTIONS = {
    "manufacturer": "manufacturers",
    "region": "regions",
    "group": "groups",
    "shop": "shops",
    "franchise": "franchises",
    "person": "people",
}
"""Where the entries of each kind stand in a file; the last resort stands alone."""
ADDRESSES = frozenset(spec.field for spec in MEDIA.values())
LONGEST = 100


def differences(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Iterator[str]:
    """A line for each entry that is new, or of which fields are others; of addresses only that they are."""
    for key in sorted(after):
        existing, wanted = before.get(key), after[key]
        if existing is None:
            yield f"+ {wanted.kind} {wanted.id}"
        elif changed := list(_changes(_fields(existing), _fields(wanted))):
            yield f"~ {wanted.kind} {wanted.id}: {'; '.join(changed)}"


def as_file(entries: Iterable[Entry]) -> dict[str, Any]:
    """Entries as a file of a directory has them."""
    sections: dict[str, Any] = {name: [] for name in SECTIONS.values()}
    for entry in entries:
        fields = entry.model_dump(mode="json", exclude_defaults=True)
        if entry.kind == "last_resort":
            sections["last_resort"] = fields
        else:
            sections[SECTIONS[entry.kind]].append(fields)
    return sections


def _fields(entry: Entry) -> dict[str, Any]:
    return entry.model_dump(mode="json")


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, value in after.items():
        if before.get(name) != value:
            yield (
                f"another {name}"
                if name in ADDRESSES
                else f"{name} {_short(before.get(name))} → {_short(value)}"
            )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
