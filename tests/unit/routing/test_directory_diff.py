"""Two directories compared for people to read, and one as a file."""

import json

import yaml

from schemas.addresses import EmailAddress
from schemas.directory import DirectoryFile, Entry, key
from services.routing.commands.directory import DirectoryLoad
from services.routing.commands.directory_diff import as_file, differences
from tests.dealership import directory_file, person


def by_key(file: DirectoryFile) -> dict[str, Entry]:
    return {key(entry): entry for entry in file.entries()}


def changed(**fields: object) -> list[str]:
    before = by_key(directory_file())
    after = by_key(directory_file(op_1=person("op-1").model_copy(update=fields)))
    return list(differences(before, after))


def test_the_same_directory_has_no_differences() -> None:
    assert changed() == []


def test_a_field_is_said_with_what_it_was_and_will_be_but_an_address_is_not() -> None:
    assert changed(language="en") == ['~ person op-1: language "zh" → "en"']
    [line] = changed(email=EmailAddress.parse("new@example.com"))
    assert line == "~ person op-1: another email"


def test_who_is_new_is_said() -> None:
    before, after = by_key(directory_file()), by_key(directory_file())
    del before["person:op-1"]
    assert list(differences(before, after)) == ["+ person op-1"]


def test_a_directory_that_is_shown_can_be_loaded_again() -> None:
    file = directory_file()
    written = yaml.safe_load(yaml.safe_dump(as_file(file.entries()), allow_unicode=True))
    assert json.loads(DirectoryFile.model_validate(written).model_dump_json()) == json.loads(
        file.model_dump_json()
    )


def test_whoever_goes_may_have_a_deputy_for_what_they_have() -> None:
    gone = person("op-1").model_copy(update={"deputy": "op-3"})
    wanted = DirectoryLoad(directory_file(), remove=True, to="op-2")
    assert [(one.status, one.deputy) for one in wanted.leaving([gone])] == [("leaving", "op-2")]
    assert [one.deputy for one in DirectoryLoad(directory_file(), remove=True, to="").leaving([gone])] == [
        "op-3"
    ]
    assert DirectoryLoad(directory_file(), remove=False, to="op-2").leaving([gone]) == []
