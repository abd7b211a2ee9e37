"""A file that can be read in two ways, or by no store, is refused with its line."""

from pathlib import Path

import pytest

from services.common.runtime.files import FileError, line, read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2\n", ":2: a: is given twice"),
        ("a:\n  b: 1\n  b: 2\n", ":3: b: is given twice"),
        ('{"a": 1,\n "a": 2}', ":2: a: is given twice"),
        ("a: 1\nb: .nan\n", ":2: should be a number"),
        ("a: 1\nb: -.inf\n", ":2: should be a number"),
        ("a: 1.0e+999\n", ":1: should be a number"),
        ("a: 9223372036854775808\n", ":1: should be a number"),
        ("a: " + "9" * 5_000 + "\n", ":1: should be a number"),
        ('a: "\\ud800"\n', ":1: "),
    ],
)
def test_a_file_that_says_two_things_or_nothing_is_refused_with_its_line(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(FileError, match=f"some.yaml{says}"):
        read(file)


@pytest.mark.parametrize(
    "content", [b"id: [", b"id: \xff", None], ids=["half written", "other bytes", "gone"]
)
def test_a_file_that_is_being_saved_has_a_first_line_and_stops_nobody(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "some.yaml"
    if content is not None:
        file.write_bytes(content)
    assert line(file, ("id",)) == 1
