"""What was somebody's goes to their deputy first, in every part of a case."""

import pytest

from schemas.directory import Post
from services.routing.domain.actions.answering import Return
from services.routing.domain.responsibilities import responsibilities_of
from tests.casework import Casework, sealed
from tests.dealership import a_contact, person
from tests.unit.routing.test_reassignment import AWAY, FIRE, reassign, reload

DEPUTIES = {"owner": "op-south", "hand_over": "gm-1", "support": "mfr-3"}


@pytest.mark.parametrize("part", DEPUTIES)
@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("how", ["left", "post_lost"])
def test_the_deputy_comes_first_for_every_part_also_of_who_is_away(
    part: str, how: str, *, away: bool
) -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    name = next(hold.name for hold in responsibilities_of(case) if hold.part == part)
    elsewhere = person("mfr-1").posts if part == "support" else (Post(at="north", role="sc_sa"),)
    lost_post = (Post(at="gtmc", role="dealer_gm"),) if part == "support" else elsewhere
    goes = person(
        name, deputy=DEPUTIES[part], absences=AWAY if away else (),
        **({"status": "leaving"} if how == "left" else {"posts": lost_post}),
    )  # fmt: skip
    third = person("mfr-1").model_copy(update={"id": "mfr-3"})
    reload(casework, third, goes)
    held = {hold.part: hold.name for hold in responsibilities_of(reassign(casework, case))}
    assert held[part] == DEPUTIES[part]  # type: ignore[index]
    assert casework.facts[-1][1]["step"] == "deputy"


def test_a_deputy_who_stands_in_for_somebody_else_of_the_case_is_passed_over() -> None:
    casework = Casework()
    case = casework.receive()
    reload(
        casework,
        person("cr-1", status="leaving", deputy="gm-1"),
        person(case.owner, absences=AWAY, deputy="gm-1"),
    )
    case = reassign(casework, case)
    assert case.hand_over is not None
    assert case.hand_over.to == "dm-service"


def test_a_deputy_who_has_declined_is_passed_over() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    assert case.support is not None
    first = case.support.to
    case = casework.act(case, Return(actor=first, reason=sealed()))
    assert case.support is not None
    second = case.support.to
    assert {first, second} == {"mfr-1", "mfr-2"}
    third = person("mfr-1").model_copy(update={"id": "mfr-3"})
    reload(casework, third, person(second, status="leaving", deputy=first))
    case = reassign(casework, case)
    assert case.support is not None
    assert case.support.to == "mfr-3"
