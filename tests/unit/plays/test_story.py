"""Stories as files say them: when their steps happen, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.plays.commands import STORIES
from deploy.plays.story import Step, Story, moment, story_files
from services.common.runtime import files

MONDAY = datetime(2026, 12, 6, 16, tzinfo=UTC)
CONTACT: dict[str, Any] = {"at": "1 16:00", "who": "op", "contact": {"shop": "jiangbin"}}


@pytest.mark.parametrize(
    ("when", "instant"),
    [
        ("1 00:00", datetime(2026, 12, 6, 16, tzinfo=UTC)),
        ("2 08:30", datetime(2026, 12, 8, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_of_a_story_is_that_of_the_shop(when: str, instant: datetime) -> None:
    assert moment(when, MONDAY) == instant


def test_a_customer_may_have_spoken_long_before() -> None:
    step = Step.model_validate({**CONTACT, "spoken": "1 14:30"})
    assert step.spoken
    assert moment(step.spoken, MONDAY) < step.instant(MONDAY)


def test_only_a_customer_has_spoken_before() -> None:
    with pytest.raises(ValueError, match="spoken only beside contact"):
        Step.model_validate({"at": "1 16:00", "spoken": "1 14:30"})


@pytest.mark.parametrize("file", story_files(STORIES), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_story_that_is_shipped_can_be_read(file: Any) -> None:
    assert files.load(file, Story).steps
