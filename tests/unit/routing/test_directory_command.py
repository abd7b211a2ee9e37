"""`redress directory load`: whose address cannot be used is loaded without it, and the operator is told."""

import json
from pathlib import Path

import pytest

from services.routing.commands.directory import read, unusable_addresses
from tests.dealership import directory_file


@pytest.mark.parametrize(
    ("field", "given"),
    [
        *(("email", given) for given in ("li@", "li;z@example.com", "x<other@example.com>", "li@example.com.", "li")),
        *(("phone", given) for given in ("12", "((((((", "call me", "13800138000 13900139000")),
        *(("webhook", given) for given in ("hooks.maker.example", "http://hooks.maker.example/redress")),
    ],
)  # fmt: skip
def test_somebody_whose_address_cannot_be_used_is_loaded_without_it_and_named(
    tmp_path: Path, field: str, given: str
) -> None:
    written = directory_file().model_dump(mode="json")
    written["people"][0][field] = given
    file = tmp_path / "directory.json"
    file.write_text(json.dumps(written), "utf-8")
    who = written["people"][0]["id"]
    assert getattr(next(one for one in read(file).people if one.id == who), field) is None
    [warning] = unusable_addresses(file)
    assert warning.startswith(f"person {who}: {field} is left out: should ")
    assert given not in warning.removeprefix(f"person {who}")
