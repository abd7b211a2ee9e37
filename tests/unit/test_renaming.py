"""The renamed policy and its plays: nothing keeps its name, and nothing else has changed."""

import re
from pathlib import Path

import pytest

from deploy.plays.story import Expected, Story, story_files
from schemas.policies import Policy
from services.common.runtime import files
from services.routing.store.policy_files import load_policy
from tests.policy_ids import SHIPPED, ids_of, policy_folders
from tests.renaming import HANDFUL, PLAYS, Renaming, other, write_plays, write_policy

pytestmark = pytest.mark.whole


def renamed(folder: Path, into: Path) -> Path:
    write_policy(Renaming.of(folder), folder, into)
    return into / other(folder.name)


@pytest.mark.parametrize("folder", policy_folders(), ids=str)
def test_every_id_is_another(folder: Path, tmp_path: Path) -> None:
    again = renamed(folder, tmp_path)
    assert ids_of(again) == {other(name) for name in ids_of(folder)}
    assert load_policy(again).id == other(folder.name)


@pytest.mark.parametrize("folder", policy_folders(), ids=str)
def test_nothing_but_ids_is_renamed(folder: Path, tmp_path: Path) -> None:
    twice = load_policy(renamed(renamed(folder, tmp_path / "once"), tmp_path / "twice"))
    # Backwards twice, an id stands between two letters.
    text = re.sub(r"\bz([\w-]+)z\b", r"\1", twice.model_dump_json())
    assert Policy.model_validate_json(text) == load_policy(folder)


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Story]:
    folder = tmp_path_factory.mktemp("plays")
    written = write_plays(Renaming.of(SHIPPED / "gtmc"), PLAYS / "gtmc", folder)
    return {file.stem: files.load(file, Story) for file in written}


def test_every_story_is_there_and_expects_as_much(stories: dict[str, Story]) -> None:
    before = {file.stem: files.load(file, Story) for file in story_files(PLAYS / "gtmc")}
    assert stories.keys() == before.keys()
    for name, story in stories.items():
        assert [_size(step.expect) for step in story.steps] == [
            _size(step.expect) for step in before[name].steps
        ]
        assert story != before[name]


def _size(expected: Expected) -> list[tuple[str, int]]:
    said = expected.model_dump(exclude_unset=True)
    return [(name, len(value) if isinstance(value, dict | tuple) else 1) for name, value in said.items()]


def test_the_handful_does_everything_that_the_policy_knows(stories: dict[str, Story]) -> None:
    policy = Renaming.of(SHIPPED / "gtmc").policy
    steps = [step for name in HANDFUL for step in stories[name].steps]
    done = {step.action for step in steps if step.action and not step.expect.refused}
    assert done == set(map(other, policy.action))
    assert {step.task for step in steps if step.task} | {
        task for step in steps for task in step.expect.tasks or ()
    } == set(map(other, policy.task))
    assert {step.expect.state for step in steps} - {None} == set(map(other, policy.state))
    assert {name for step in steps for name in step.expect.deadlines} == set(map(other, policy.deadline))
