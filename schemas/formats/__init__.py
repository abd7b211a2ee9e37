"""Formats of what is written: a record, document or policy of an earlier format becomes one of the present.

Each step from one format to the next has a file here. What these call by name is what earlier releases had by name.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

from schemas.formats import first, second

T = TypeVar("T")
Json = dict[str, Any]
Upgrade = Callable[[Json], Json]

FORMAT = 3
"""The present format of events, documents and published policies; what carries none is of format 1."""
_PRESENT = f'"format":{FORMAT}'.encode()
_SECOND = 2


def read_record(topic: str, adapter: TypeAdapter[T], value: bytes) -> T:
    """What a record of `topic`, named without prefix, says; raises ValidationError where it is not valid."""
    return adapter.validate_json(_present(topic, value))


def upgraded(value: Json, of: int, to_second: Upgrade, to_third: Upgrade) -> Json:
    """A value of format `of` in the present one."""
    present = to_second(value) if of < _SECOND else value
    return to_third(present) if of < FORMAT else present


def _present(topic: str, value: bytes) -> bytes:
    """The JSON of a record in the present format; what cannot be read is left to whoever validates it."""
    # Within a string every quotation mark is escaped, so that no text a person wrote looks like the mark.
    if topic not in _RECORDS or _PRESENT in value:
        return value
    try:
        given = json.loads(value)
        record = upgraded(given, given.get("format", 1), *_RECORDS[topic])
    except (ValueError, TypeError, LookupError, AttributeError):
        return value
    # Entries of the directory carry no mark in any format, and have no room for one.
    marked = {**record, "format": FORMAT} if "format" in record else record
    return json.dumps(marked, ensure_ascii=False, separators=(",", ":")).encode()


def _same(value: Json) -> Json:
    return value


_RECORDS: Mapping[str, tuple[Upgrade, Upgrade]] = {
    "contacts": (_same, second.upgrade_contact),
    "cases": (first.upgrade_event, second.upgrade_event),
    "escalations": (first.upgrade_event, second.upgrade_event),
    "deadlines": (first.upgrade_event, second.upgrade_event),
    "deliveries": (first.upgrade_delivery, _same),
    "outreach": (first.upgrade_outreach, _same),
    "directory": (first.upgrade_entry, second.upgrade_entry),
    "policies": (first.upgrade_published, second.upgrade_published),
}
"""By topic the steps to format 2 and to format 3; what others carry reads the same in every format."""


def show_entry(entry: Json) -> Json:
    """An entry of a history in the present words, for a reader only: what is stored stays, and alone verifies."""
    return second.show_entry(first.show_entry(entry))


_FIRST_WORDS = {"kind": "complaint", "department": "after_sales"}
_FIRST_FLAGS = ("injury", "accident", "casualties", "fire")
_FIRST_TICK = re.compile("[gpm][0-9]{1,2}", re.IGNORECASE)


def posted(contact: Json) -> str:
    """The text from which the id of a posted contact derives for ever, `contact` being its JSON: as the first release had it.

    What it could not say yet stands at the end, where it was said.
    """
    said = {
        name: contact[name] or _FIRST_WORDS.get(name, contact[name]) for name in contact if name != "form"
    }
    flags = {**dict.fromkeys(_FIRST_FLAGS), **contact["flags"]}
    ticks = [tick.upper() if _FIRST_TICK.fullmatch(tick) else tick for tick in contact["ticks"]]
    more = {"form": contact["form"]} if contact["form"] else {}
    return json.dumps(
        {**said, "ticks": ticks, "flags": flags, **more}, ensure_ascii=False, separators=(",", ":")
    )
