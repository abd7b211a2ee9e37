"""A case is somebody's under the post by which they got it, and only as long as they have that."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from schemas.directory import Absence, LastResort, Post
from schemas.staffing import Directory
from schemas.vocabulary import Department
from services.common.store.decision import Change
from services.routing.domain.case import Case
from services.routing.domain.reassignment import Reassign
from tests.casework import Casework
from tests.dealership import MONDAY, a_contact, directory_file, person

FIRE = "车子突然起火冒烟,必须给我一个说法"
AWAY = (Absence(since=MONDAY - timedelta(days=1), until=MONDAY + timedelta(days=9)),)


def manager(*departments: Department | None) -> tuple[Post, ...]:
    return tuple(Post(at="north", role="dept_manager", department=one) for one in departments)


def with_manager(casework: Casework, *departments: Department | None) -> None:
    posts = manager(*departments)
    casework.directory = Directory(directory_file(dm_service=person("dm-service", posts=posts)).entries())


def managed(casework: Casework) -> Case:
    """A case of after-sales that its manager has accepted."""
    case = casework.reply(casework.receive(), "cr-1", "accept")
    case = casework.act(case, "cr-1", "transfer", shop="north", role="dept_manager", person="dm-service")
    return casework.reply(case, "dm-service", "accept")


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        (("after_sales",), ("sales",), False),
        (("after_sales",), (None,), True),
        (("after_sales",), ("sales", "after_sales"), True),
        (("sales", "after_sales"), ("sales",), False),
        ((None,), ("sales",), False),
        ((None,), ("after_sales",), True),
        ((None,), (None,), True),
    ],
)
def test_a_manager_keeps_what_is_of_the_department(
    before: Sequence[Department | None], after: Sequence[Department | None], *, stays: bool
) -> None:
    casework = Casework()
    with_manager(casework, *before)
    case = managed(casework)
    assert case.owner == "dm-service"
    with_manager(casework, *after)
    decision = casework.decide(case, case.id, Reassign())
    assert (decision is None) is stays
    if isinstance(decision, Change):
        assert decision.state.owner != "dm-service"


def test_what_was_written_without_the_department_is_judged_by_the_cases() -> None:
    casework = Casework()
    case = managed(casework).model_copy(update={"owner_post": "north/dept_manager"})
    assert casework.decide(case, case.id, Reassign()) is None
    with_manager(casework, "sales")
    assert isinstance(casework.decide(case, case.id, Reassign()), Change)


BOTH = (Post(at="north", role="sc_sa"), Post(at="north", role="dealer_gm"))


def stood_in() -> tuple[Casework, Case]:
    """A case handed over to the general manager, a service advisor too, in the place of the department's manager."""
    casework = Casework()
    gone = {"cr_1": None, "dm_service": None, "gm_1": person("gm-1", posts=BOTH)}
    casework.directory = Directory(directory_file(**gone).entries())
    return casework, casework.receive()


@pytest.mark.parametrize("accepted", [False, True])
def test_a_stand_in_has_it_under_the_post_by_which_they_stand_in(*, accepted: bool) -> None:
    casework, case = stood_in()
    [asked] = case.hand_overs
    assert asked.to == "gm-1"
    if accepted:
        case = casework.reply(case, "gm-1", "accept")
    assert (case.owner_post if accepted else asked.post) == "north/dealer_gm"
    gone = {"cr_1": None, "dm_service": None, "gm_1": person("gm-1", posts=BOTH[:1])}
    casework.directory = Directory(directory_file(**gone).entries())
    assert isinstance(casework.decide(case, case.id, Reassign()), Change)
    gone["gm_1"] = person("gm-1", posts=BOTH[1:])
    casework.directory = Directory(directory_file(**gone).entries())
    assert casework.decide(case, case.id, Reassign()) is None


def test_a_last_resort_supports_under_the_post_by_which_they_are_it() -> None:
    posts = (Post(at="south", role="sc_sa"), Post(at="south", role="dealer_gm"))
    changed = {"mfr_1": None, "mfr_2": None, "gm_south": person("gm-south", posts=posts)}
    resort = LastResort(at="south", role="dealer_gm")
    casework = Casework(directory=Directory((*directory_file(**changed).entries(), resort)))
    case = casework.receive(a_contact(FIRE))
    [support] = case.tasks_of("support")
    assert (support.to, support.post) == ("gm-south", "south/dealer_gm")
