"""What was somebody's goes to their deputy first, in every part of a case."""

import pytest

from schemas.directory import Post
from services.routing.domain.case import Case
from tests.casework import Casework
from tests.dealership import a_contact, person
from tests.unit.routing.test_reassignment import AWAY, FIRE, only_task, reassign, reload

DEPUTIES = {"owner": "op-south", "hand_over": "gm-1", "support": "mfr-3"}


def holder(case: Case, part: str) -> str:
    return case.owner if part == "owner" else only_task(case, part).to


@pytest.mark.parametrize("part", DEPUTIES)
@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("how", ["left", "post_lost"])
def test_the_deputy_comes_first_for_every_part_also_of_who_is_away(
    part: str, how: str, *, away: bool
) -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    name = holder(case, part)
    elsewhere = person("mfr-1").posts if part == "support" else (Post(at="north", role="sc_sa"),)
    lost_post = (Post(at="gtmc", role="dealer_gm"),) if part == "support" else elsewhere
    goes = person(
        name, deputy=DEPUTIES[part], absences=AWAY if away else (),
        **({"status": "leaving"} if how == "left" else {"posts": lost_post}),
    )  # fmt: skip
    third = person("mfr-1").model_copy(update={"id": "mfr-3"})
    reload(casework, third, goes)
    assert holder(reassign(casework, case), part) == DEPUTIES[part]
    assert casework.facts[-1][1]["step"] == "deputy"


def test_a_deputy_who_stands_in_for_somebody_else_of_the_case_is_passed_over() -> None:
    casework = Casework()
    case = casework.receive()
    reload(
        casework,
        person("cr-1", status="leaving", deputy="gm-1"),
        person(case.owner, absences=AWAY, deputy="gm-1"),
    )
    assert only_task(reassign(casework, case)).to == "dm-service"


def test_a_deputy_who_has_declined_is_passed_over() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    first = only_task(case, "support").to
    case = casework.reply(case, first, "refuse", "support")
    second = only_task(case, "support").to
    assert {first, second} == {"mfr-1", "mfr-2"}
    third = person("mfr-1").model_copy(update={"id": "mfr-3"})
    reload(casework, third, person(second, status="leaving", deputy=first))
    assert only_task(reassign(casework, case), "support").to == "mfr-3"
