"""Policy files are read whole, or refused with file, line and field."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.policy.commands import policy
from services.routing.commands.directory import read
from services.routing.store.policy_files import load_policy
from tests.casework import POLICIES
from tests.dealership import directory_file
from tests.policy_folder import PolicyFolder


@pytest.fixture
def policies(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


def test_a_policy_is_what_all_files_of_its_folder_say() -> None:
    policy = load_policy(POLICIES / "gtmc")
    rungs = [rung.role for rung in policy.ladder["handling"].rungs]
    assert rungs == ["sc_sa", "dept_manager", "dealer_gm", "mfr_cr"]
    assert policy.action.keys() >= {"transfer", "judge", "resolve", "close"}
    assert policy.task.keys() == {"hand_over", "support", "confirm"}
    assert len(policy.severity.criteria) == 20
    assert {deadline.id for deadline in policy.deadlines} >= {f"DL-0{number}" for number in range(1, 7)}


def test_a_version_is_the_hash_of_the_rules(policies: PolicyFolder) -> None:
    before = load_policy(policies.folder).version
    assert load_policy(policies.folder).version == before
    policies.change("elapsed_minutes: 60", "elapsed_minutes: 61")
    assert load_policy(policies.folder).version != before


def test_which_file_says_what_is_no_rule(policies: PolicyFolder) -> None:
    before = load_policy(policies.folder).version
    (policies.folder / "forms.yaml").rename(policies.folder / "what-people-fill-in.yaml")
    assert load_policy(policies.folder).version == before


def test_a_field_that_two_files_give_is_told_with_both(policies: PolicyFolder) -> None:
    more = policies.folder / "zz.yaml"
    more.write_text("# More.\nladders: []\nforms: []\n", "utf-8")
    assert policies.refused().splitlines() == [
        f"{more}:2: ladders: stands in policy.yaml already",
        f"{more}:3: forms: stands in forms.yaml already",
    ]


def test_a_folder_without_its_main_file_is_none(policies: PolicyFolder) -> None:
    (policies.folder / "policy.yaml").unlink()
    assert policies.refused() == f"{policies.folder}: should hold policy.yaml"


def test_a_wrong_field_is_named_with_file_and_line(policies: PolicyFolder) -> None:
    policies.refuses(
        (
            "accountable: operator",
            "accountable: porter",
            "deadlines.0.accountable",
            "one of owner, asked, operator, ",
        )
    )


def test_an_unknown_field_is_a_mistake_worth_telling(policies: PolicyFolder) -> None:
    change = (
        "last_resort: mfr_cr",
        "last_resort: mfr_cr\nlast_resorts: mfr_cr",
        "last_resorts",
        "should be left out",
    )
    policies.refuses(change, "policy.yaml")


def test_a_field_given_twice_is_told_with_its_line(policies: PolicyFolder) -> None:
    line = policies.change("recurring: true", "recurring: true\n    start: [{type: case.judged}]")
    assert policies.refused() == f"{policies.folder / 'deadlines.yaml'}:{line}: start: is given twice"


def test_a_broken_file_is_told_with_its_line(policies: PolicyFolder) -> None:
    line = policies.change("hand_overs:", "hand_overs: ]", "tasks.yaml")
    assert policies.refused().startswith(f"{policies.folder / 'tasks.yaml'}:{line}: ")


def test_a_policy_has_the_id_of_its_folder_so_that_none_takes_the_place_of_another(
    policies: PolicyFolder,
) -> None:
    policies.refuses(("id: gtmc", "id: other", "id", "should be 'gtmc'"), "policy.yaml")


def test_check_says_the_version_or_every_mistake(policies: PolicyFolder) -> None:
    good, bad = policies.folder, policies.folder.parent / "other"
    bad.mkdir()
    (bad / "policy.yaml").write_text("id: other\n", "utf-8")
    shutil.copy(good / "severity.yaml", bad)
    said = CliRunner().invoke(policy, ["check", str(good), str(bad)])
    assert said.exit_code == 1
    assert "gtmc@" in said.stdout
    assert f"{bad / 'policy.yaml'}:1: roles: should be given" in said.stderr


def test_check_says_which_message_would_not_fit_its_segments(policies: PolicyFolder) -> None:
    line = policies.change("请立即关注。", "请立即关注。" * 20, "notices.yaml")
    said = CliRunner().invoke(policy, ["check", str(policies.folder)])
    assert said.exit_code == 1
    assert "sms.zh: takes 3 segments" in said.stderr
    assert f"(line {line})" in said.stderr


@pytest.mark.whole
def test_check_without_files_checks_what_is_shipped() -> None:
    said = CliRunner().invoke(policy, ["check"])
    assert (said.exit_code, "gtmc@" in said.stdout) == (0, True)


def test_a_directory_file_is_read_from_yaml_too(tmp_path: Path) -> None:
    file = tmp_path / "directory.yaml"
    file.write_text(directory_file().model_dump_json(), "utf-8")
    assert read(file) == directory_file()
