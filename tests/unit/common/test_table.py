"""A compacted topic in memory: what cannot be used is left out and told, and the last good entry serves on."""

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from services.common.kafka.table import Contents, LeftOut, Table


class Entry(BaseModel):
    """Something announced under its name."""

    name: str
    size: int = 0


class Told:
    """What an operator sees, and what the service got."""

    def __init__(self, **changes: Any) -> None:
        self.count, self.words = 0, ""
        self.got: list[tuple[str, int | None]] = []
        contents = Contents("things", TypeAdapter(Entry), lambda entry: entry.name, **changes)
        self.table = Table("", "things", contents, self.changed, LeftOut(self.tell))

    def tell(self, count: int, words: str) -> None:
        self.count, self.words = count, words

    def changed(self, key: str, entry: Entry | None) -> None:
        if entry is not None and entry.size == 13:
            raise ValueError("thirteen cannot be built")
        self.got.append((key, entry.size if entry else None))

    def put(self, key: str, value: str | None) -> None:
        self.table.put(key, None if value is None else value.encode())

    def sizes(self) -> dict[str, int]:
        return {key: entry.size for key, entry in self.table.entries.items()}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ('{"name": "a", "size": 13}', "a is left out: thirteen cannot be built"),
        ('{"name": "a", "size": "many"}', "a is left out: size: Input should be a valid integer"),
        ("{}", "a is left out: name: Field required"),
        ("no json", "a is left out: entry: Invalid JSON"),
        ('{"name": "b"}', "a is left out: KeyMismatchError: its key should be b"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_key_and_reason_and_the_last_good_serves_on(
    value: str, why: str
) -> None:
    told = Told()
    told.put("a", '{"name": "a", "size": 1}')
    told.put("a", value)
    assert told.sizes() == {"a": 1}
    assert told.count == 1
    assert told.words.startswith(why)
    told.put("a", '{"name": "a", "size": 2}')
    assert (told.sizes(), told.count, told.words) == ({"a": 2}, 0, "")


def test_what_is_wrong_with_an_entry_about_a_person_is_told_by_its_field_alone() -> None:
    told = Told(personal=True)
    told.put("a", '{"name": "a", "size": "call 13800000000"}')
    assert told.words == "a is left out: size"
    told.put("a", '{"name": "a", "size": 13}')
    assert told.words == "a is left out: ValueError"


def test_a_wrong_entry_that_is_removed_is_told_no_more() -> None:
    told = Told()
    told.put("a", "{}")
    told.put("a", None)
    assert (told.count, told.words) == (0, "")


def test_many_wrong_entries_are_counted_and_some_are_told() -> None:
    told = Told()
    for number in range(8):
        told.put(f"key-{number}", "{}")
    assert told.count == 8
    assert told.words.endswith("; and 3 more")


def test_what_lasts_serves_on_when_it_is_removed_but_not_where_it_was_removed_before_the_start() -> None:
    told = Told(lasting=True)
    told.put("a", '{"name": "a", "size": 1}')
    told.put("b", '{"name": "b", "size": 1}')
    told.put("a", None)
    told.table._serving = True  # noqa: SLF001 - what `start` says once it has read to the end
    told.put("b", None)
    assert told.sizes() == {"b": 1}
    assert told.got[-1] == ("a", None)
