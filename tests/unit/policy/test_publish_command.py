"""`redress policy publish` refuses what is wrong before anything is announced, and without any server."""

from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner, Result

from deploy.policy.commands import policy as command
from deploy.policy.commands import published_before, unannounced
from deploy.policy.rebase import current_of
from schemas.policies import CurrentVersion, PublishedPolicy, key
from services.routing.store.announced import PublishedPolicies
from tests.announcing import move, published
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


def seen(
    *versions: PublishedPolicy, announced: CurrentVersion | None, decided: CurrentVersion
) -> PublishedPolicies:
    entries: list[PublishedPolicy | CurrentVersion] = [*versions, *([announced] if announced else [])]
    return PublishedPolicies.of({key(one): one for one in entries}, {decided.current: decided})


def test_a_version_of_an_earlier_release_cannot_be_made_current() -> None:
    there = seen(published("1", format=2), announced=None, decided=move("1", 1))
    with pytest.raises(ClickException, match="gtmc@1: is of an earlier release"):
        published_before("gtmc@1", there)
    assert (
        published_before("gtmc@2", seen(published("2"), announced=None, decided=move("2", 1))).version == "2"
    )


@pytest.mark.parametrize(
    ("announced", "says"),
    [(move("1", 1), "gtmc@1 is announced instead"), (None, "nothing is announced of it")],
)
def test_it_is_told_that_something_else_is_announced_than_was_decided(
    announced: CurrentVersion | None, says: str
) -> None:
    there = seen(published("1"), published("2"), announced=announced, decided=move("2", 2))
    assert list(there.unannounced()) == ["gtmc"]
    assert unannounced("gtmc", there) == (
        f"gtmc\tis not followed yet: {says}; announce it: redress policy publish gtmc@2"
    )
    assert list(seen(announced=move("2", 2), decided=move("2", 2)).unannounced()) == []


@pytest.mark.parametrize("name", ["gtmc@1", "quay"])
def test_a_rebase_by_what_is_no_policy_names_those_there_are(name: str) -> None:
    there = seen(published("1"), announced=None, decided=move("1", 1))
    with pytest.raises(ClickException, match=f"{name}: should be a policy of which .*, as its id: gtmc$"):
        current_of(name, there)
    assert current_of("gtmc", there) == "gtmc@1"
