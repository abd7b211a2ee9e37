"""`redress policy publish` refuses what is wrong before anything is announced, and without any server."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.policy.commands import policy as command
from tests.policy_folder import PolicyFolder


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PolicyFolder:
    """The folder of policies that the command reads, with one policy in it."""
    monkeypatch.setenv("REDRESS_POLICIES", str(tmp_path))
    monkeypatch.setenv("REDRESS_KAFKA", "127.0.0.1:1")
    return PolicyFolder(tmp_path)


def publish(name: str) -> Result:
    return CliRunner().invoke(command, ["publish", name, "--by", "li", "--reason", "shorter limits"])


def test_every_mistake_is_named_by_file_and_line(changed: PolicyFolder) -> None:
    changed.change("accountable: operator", "accountable: porter")
    changed.change(
        "task: hand_over, to: [dealer_cr_manager]", "task: hand_on, to: [dealer_cr_manager]", "policy.yaml"
    )
    result = publish("gtmc")
    assert result.exit_code == 1
    assert "deadlines.yaml:7: deadlines.0.accountable: should be one of " in result.stderr
    assert "policy.yaml:55: reactions.opened.0.send.task: should be one of " in result.stderr


def test_a_text_that_cannot_be_sent_is_named(changed: PolicyFolder) -> None:
    changed.change("{{ number }}", "{{ nobody_knows_this }}", "notices.yaml")
    result = publish("gtmc")
    assert result.exit_code == 1
    assert "nobody_knows_this" in result.stderr


def test_a_policy_without_a_folder_is_named_with_those_that_have_one(changed: PolicyFolder) -> None:
    result = publish("gtmcc")
    assert result.exit_code == 1
    assert result.stderr == f"Error: {changed.folder.parent / 'gtmcc'}: no such folder; there are: gtmc\n"


def test_why_has_to_be_said() -> None:
    result = CliRunner().invoke(command, ["publish", "gtmc"])
    assert (result.exit_code, "Missing option '--reason'" in result.stderr) == (2, True)
