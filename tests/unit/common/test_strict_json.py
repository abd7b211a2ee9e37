"""JSON that could be read in two ways is refused by name, and everything else is read as ever."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.web.strict_json import DEEPEST, JsonError, read, read_line

TWICE, NO_NUMBER, TOO_LARGE, HALF = "once", "NaN and infinity", "number of at most", "whole characters"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ('{"a": 1, "a": 1}', {"a": TWICE}),
        ('{"a": 1, "b": {"c": [{"d": 1, "d": 2}], "e": 1, "e": {}}}', {"b.c.0.d": TWICE, "b.e": TWICE}),
        ('{"a": 1, "\\u0061": 2}', {"a": TWICE}),
        (
            '{"a": NaN, "b": [0, -Infinity], "c": Infinity}',
            {"a": NO_NUMBER, "b.1": NO_NUMBER, "c": NO_NUMBER},
        ),
        ('{"a": 1e999, "b": [-1E+400]}', {"a": TOO_LARGE, "b.0": TOO_LARGE}),
        ('{"a": 9223372036854775808, "b": -9223372036854775808}', {"a": TOO_LARGE, "b": TOO_LARGE}),
        ('{"a": ' + "9" * 100_000 + "}", {"a": TOO_LARGE}),
        ('{"a": "\\ud800"}', {"a": HALF}),
        ('{"a": ["x", "y\\uDFFFz"], "b": "\\ude00\\ud83d"}', {"a.1": HALF, "b": HALF}),
        ('{"a": {"\\ud800": 1}}', {"a.\\ud800": HALF}),
        ("NaN", {"": NO_NUMBER}),
        ('"\\ud800"', {"": HALF}),
        ('{"a": NaN, "a": 1e999, "b": "\\ud800"}', {"a": TWICE, "b": HALF}),
    ],
)
def test_what_can_be_read_in_two_ways_is_named_with_its_place(text: str, faults: dict[str, str]) -> None:
    with pytest.raises(JsonError) as refused:
        read(text.encode())
    found = {".".join(map(str, place)): says for place, says in refused.value.faults}
    assert found.keys() == faults.keys()
    assert all(faults[place] in says for place, says in found.items())
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "UTF-8"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"", "one JSON value"),
        (b"{'a': 1}", "one JSON value"),
        (b'{"a": 1} {}', "one JSON value"),
        (b'{"a": "\x00"}', "one JSON value"),
        (b"[" * 100_000, "deep"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "deep"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "deep"),
    ],
)
def test_what_is_no_json_is_refused_in_words(raw: bytes, says: str) -> None:
    with pytest.raises(JsonError, match=says):
        read(raw)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)  # fmt: skip


@given(value=VALUES, ascii_only=st.booleans())
def test_whatever_says_one_thing_is_read_as_it_is(value: Any, *, ascii_only: bool) -> None:
    assert read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


def test_a_line_may_begin_with_what_an_editor_puts_there() -> None:
    assert read_line(b'\xef\xbb\xbf{"a": 1}\r\n') == {"a": 1}
