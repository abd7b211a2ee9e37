"""Every shipped story goes in memory as it says; some show what a paper asks for."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.plays.story import Story, story_files
from services.common.runtime import files
from tests.memory_stage import PLAYS, MemoryStage
from tests.requirements.rows import shows

SHOWN: Mapping[str, tuple[str, str]] = {
    "gtmc/chapter1_general": ("ICROP-22", "policy:gtmc/actions/tidy/steps/1"),
    "gtmc/nobody_acts": ("ICROP-09", "policy:gtmc/ladders/general_ladder/rungs/dept_manager"),
    "toyota_general/head_absent": ("TOY-23", "policy:toyota_general/actions/appoint/steps/1"),
    "faw_toyota/possibly_major": ("TOY-02", "policy:faw_toyota/reactions/graver/1"),
}
"""The requirements that a story shows, and what it dies with."""


def rows() -> list[object]:
    names = {f"{path.parent.name}/{path.stem}": path for path in story_files(PLAYS)}
    assert set(SHOWN) <= set(names)
    return [
        shows(*SHOWN[name], path) if name in SHOWN else pytest.param(path, id=name)
        for name, path in names.items()
    ]


@pytest.mark.whole
@pytest.mark.parametrize("path", rows())
def test_a_story_goes_as_it_says(path: Path) -> None:
    assert MemoryStage(path.parent.name).play(files.load(path, Story)) == []
