"""Policy files are read whole, or refused with file, line and field."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.common.files import FileError
from services.routing.commands.directory import read
from services.routing.commands.policies import policies
from services.routing.settings.policies import load_profile
from tests.casework import POLICIES
from tests.dealership import directory_file


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_shipped_programme_is_valid_and_whole() -> None:
    profile = load_profile(POLICIES / "gtmc.yaml")
    assert [rung.role for rung in profile.ladder] == ["sc_sa", "dept_manager", "dealer_gm", "mfr_cr"]
    assert len(profile.severity.criteria) == 20
    assert {clock.id for clock in profile.clocks} >= {f"DL-0{number}" for number in range(1, 7)}


def test_a_version_is_the_hash_of_the_rules(shelf: Path) -> None:
    before = load_profile(shelf / "gtmc.yaml").version
    assert load_profile(shelf / "gtmc.yaml").version == before
    change(shelf / "gtmc.yaml", "elapsed_minutes: 60", "elapsed_minutes: 61")
    assert load_profile(shelf / "gtmc.yaml").version != before


def test_a_wrong_field_is_named_with_file_and_line(shelf: Path) -> None:
    file = shelf / "gtmc.yaml"
    change(file, "accountable: operator", "accountable: porter")
    number = next(n for n, text in enumerate(file.read_text("utf-8").splitlines(), 1) if "porter" in text)
    with pytest.raises(FileError, match=rf"gtmc.yaml:{number}: clocks.0.accountable"):
        load_profile(file)


def test_an_unknown_field_is_a_mistake_worth_telling(shelf: Path) -> None:
    change(shelf / "gtmc.yaml", "first_receiver:", "first_reciever: operator\nfirst_receiver:")
    with pytest.raises(FileError, match="first_reciever"):
        load_profile(shelf / "gtmc.yaml")


def test_check_says_the_version_or_every_mistake(shelf: Path) -> None:
    good, bad = shelf / "gtmc.yaml", shelf / "other.yaml"
    bad.write_text("id: other\n", "utf-8")
    shutil.copy(shelf / "severity" / "gtmc.yaml", shelf / "severity" / "other.yaml")
    said = CliRunner().invoke(policies, ["check", str(good), str(bad)])
    assert said.exit_code == 1
    assert "gtmc@" in said.stdout
    assert "other.yaml:1: ladder" in said.stderr


def test_a_directory_file_is_read_from_yaml_too(tmp_path: Path) -> None:
    file = tmp_path / "directory.yaml"
    file.write_text(directory_file().model_dump_json(), "utf-8")
    assert read(file) == directory_file()
