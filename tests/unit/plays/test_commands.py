"""What cannot be played is refused by file, line and field, before anything is started."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from deploy.plays.commands import STORIES, play_command
from deploy.plays.story import DIRECTORY

STORY = {
    "title": {"zh": "试", "en": "A try"},
    "source": "ours",
    "steps": [{"at": "1 09:00", "who": "a", "contact": {}}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    directory = (STORIES / "gtmc" / DIRECTORY).read_text("utf-8")
    (tmp_path / DIRECTORY).write_text(directory, "utf-8")
    return tmp_path


def refused(path: Path) -> str:
    outcome = CliRunner().invoke(play_command, [str(path)])
    assert outcome.exit_code == 1
    return outcome.output


def test_every_mistake_of_every_story_is_named(folder: Path) -> None:
    late = {**STORY, "steps": [*STORY["steps"], {"at": "1 25:00"}]}
    (folder / "late.yaml").write_text(yaml.safe_dump(late), "utf-8")
    (folder / "empty.yaml").write_text(yaml.safe_dump({**STORY, "steps": []}), "utf-8")
    said = refused(folder)
    assert f"{folder / 'late.yaml'}:" in said
    assert "steps.1.at: should be a day and a time such as '1 09:05'; day 1 is a Monday" in said
    assert f"{folder / 'empty.yaml'}:" in said


def test_a_story_without_a_directory_beside_it_is_refused(folder: Path) -> None:
    (folder / "try.yaml").write_text(yaml.safe_dump(STORY), "utf-8")
    (folder / DIRECTORY).unlink()
    assert str(folder / DIRECTORY) in refused(folder / "try.yaml")


def test_a_folder_without_stories_is_refused(folder: Path) -> None:
    assert f"no story in {folder}" in refused(folder)
