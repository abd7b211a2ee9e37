"""The picture of a case: a mark for whatever changed, a line for how far it was, and its owners in words."""

from datetime import timedelta
from io import StringIO
from itertools import groupby
from typing import Any

import pytest
from rich.console import Console

from deploy.plays.picture import LENGTH, owners, pictures, stroke
from deploy.plays.player import Playing
from deploy.plays.story import MONDAY, Story
from deploy.plays.way import Moment, Way


def at(hours: float, **changes: Any) -> Moment:
    usual: dict[str, Any] = {"state": "new", "stage": "intake", "owner": "north.desk", "severity": "general"}
    return Moment(at=MONDAY + timedelta(hours=hours), **usual | changes)


END: dict[str, Any] = {"state": "closed", "stage": "over"}


def test_a_stroke_is_as_long_for_a_long_case_as_for_a_short_one() -> None:
    for hours in (1, 500):
        assert stroke([at(0), at(hours, **END)]).cell_len == LENGTH


@pytest.mark.parametrize(
    ("second", "signs"),
    [
        ({"owner": "north.head"}, "●┄●┄■"),
        ({"severity": "grave"}, "●┄◆┄■"),
        ({"state": "seen"}, "●┄╵┄■"),
        ({"breaches": 1}, "●┄!┄■"),
        ({"owner": "queue:north:head", "breaches": 2}, "●┄!●┄■"),
        ({"state": "mended", "stage": "handling"}, "●┄╵─■"),
        ({"state": "done", "stage": "closing"}, "●┄╵═■"),
    ],
)
def test_every_change_has_its_mark(second: dict[str, Any], signs: str) -> None:
    drawn = stroke([at(0), at(1, **second), at(2, **second | END | {"breaches": 0})]).plain
    assert "".join(sign for sign, _ in groupby(drawn.strip())) == signs


def test_a_longer_wait_takes_more_room() -> None:
    drawn = stroke([at(0), at(1, state="seen"), at(20, **END)]).plain
    assert drawn.index("╵") < LENGTH / 2


def test_owners_stand_with_the_state_in_which_they_left_the_case() -> None:
    moments = [
        at(0),
        at(1, state="seen"),
        at(2, owner="queue:north:head", state="seen"),
        at(3, owner="north.sa", **END),
    ]
    assert owners(moments).plain == "desk seen › (head) seen › sa closed"


def test_stories_stand_under_their_policy_and_one_that_went_otherwise_is_marked() -> None:
    story = Story.model_validate(
        {"title": {"zh": "试", "en": "A try"}, "source": "ours",
         "steps": [{"at": "1 09:00", "who": "desk", "contact": {}}]}
    )  # fmt: skip
    well = Playing("makers/well", story, case_id="1")
    console = Console(width=120, record=True, file=StringIO())
    for drawn in pictures(
        [well, Playing("shops/ill", story, wrong=["it"])], {"1": Way([at(0), at(30, **END)], 3)}, 120
    ):
        console.print(drawn)
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    [makers, title, _, shops, ill, *_] = lines
    assert makers.startswith("makers ")
    assert title.startswith("✓ A try  试")
    assert title.endswith("general  1 d 6 h  3 sent")
    assert shops.startswith("shops ")
    assert (ill[:7], ill[-7:]) == ("✗ A try", "no case")
    assert max(map(len, lines)) <= 120
