"""A compacted topic in memory: what cannot be used is left out and told, and the last good entry serves on."""

import threading
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from services.common.kafka.table import LARGE_BYTES, Contents, LeftOut, Table


class Entry(BaseModel):
    """Something announced under its name."""

    name: str
    size: int = 0


class Reader:
    """What an operator sees, and what the service got."""

    def __init__(self, **changes: Any) -> None:
        self.count, self.reasons = 0, ""
        self.got: list[tuple[str, int | None]] = []
        contents = Contents("things", TypeAdapter(Entry), lambda entry: entry.name, **changes)
        self.table = Table("", "things", contents, self.changed, LeftOut(self.report))

    def report(self, count: int, reasons: str) -> None:
        self.count, self.reasons = count, reasons

    def changed(self, key: str, entry: Entry | None) -> None:
        if entry is not None and entry.size == 13:
            raise ValueError("thirteen cannot be built")
        self.got.append((key, entry.size if entry else None))

    async def put(self, key: str, value: str | None) -> None:
        await self.table.put(key, None if value is None else value.encode())

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
async def test_what_cannot_be_used_is_left_out_with_key_and_reason_and_the_last_good_serves_on(
    value: str, why: str
) -> None:
    reader = Reader()
    await reader.put("a", '{"name": "a", "size": 1}')
    await reader.put("a", value)
    assert reader.sizes() == {"a": 1}
    assert reader.count == 1
    assert reader.reasons.startswith(why)
    await reader.put("a", '{"name": "a", "size": 2}')
    assert (reader.sizes(), reader.count, reader.reasons) == ({"a": 2}, 0, "")


async def test_what_is_wrong_with_an_entry_about_a_person_is_told_by_its_field_alone() -> None:
    reader = Reader(personal=True)
    await reader.put("a", '{"name": "a", "size": "call 13800000000"}')
    assert reader.reasons == "a is left out: size"
    await reader.put("a", '{"name": "a", "size": 13}')
    assert reader.reasons == "a is left out: ValueError"


async def test_a_wrong_entry_that_is_removed_is_told_no_more() -> None:
    reader = Reader()
    await reader.put("a", "{}")
    await reader.put("a", None)
    assert (reader.count, reader.reasons) == (0, "")


async def test_many_wrong_entries_are_counted_and_some_are_told() -> None:
    reader = Reader()
    for number in range(8):
        await reader.put(f"key-{number}", "{}")
    assert reader.count == 8
    assert reader.reasons.endswith("; and 3 more")


async def test_what_lasts_serves_on_when_it_is_removed_but_not_where_it_was_removed_before_the_start() -> (
    None
):
    reader = Reader(lasting=True)
    await reader.put("a", '{"name": "a", "size": 1}')
    await reader.put("b", '{"name": "b", "size": 1}')
    await reader.put("a", None)
    reader.table._serving = True  # noqa: SLF001 - what `start` says once it has read to the end
    await reader.put("b", None)
    assert reader.sizes() == {"b": 1}
    assert reader.got[-1] == ("a", None)


async def test_the_same_record_once_more_is_nothing_new() -> None:
    reader = Reader()
    await reader.put("a", '{"name": "a", "size": 1}')
    await reader.put("a", '{"name": "a", "size": 1}')
    assert reader.got == [("a", 1)]
    await reader.put("a", None)
    await reader.put("a", '{"name": "a", "size": 1}')
    assert reader.got == [("a", 1), ("a", None), ("a", 1)]


@pytest.mark.parametrize(("size", "beside"), [(1, False), (LARGE_BYTES, True)])
async def test_what_is_large_is_read_beside_the_loop(
    monkeypatch: pytest.MonkeyPatch, size: int, *, beside: bool
) -> None:
    threads: list[threading.Thread] = []

    def entry(_contents: Contents[Entry], key: str, _value: bytes) -> Entry:
        threads.append(threading.current_thread())
        return Entry(name=key)

    monkeypatch.setattr(Contents, "entry", entry)
    reader = Reader()
    await reader.put("a", "x" * size)
    assert (threads[0] is not threading.main_thread()) == beside
    assert reader.got == [("a", 0)]
