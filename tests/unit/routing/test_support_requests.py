"""Whoever has let a case pass or declined it is not asked again while somebody else can be."""

from datetime import timedelta

import pytest

from schemas.directory import Absence, LastResort, Person, Post, key
from schemas.staffing import Directory
from schemas.vocabulary import Role
from services.routing.domain import replies
from services.routing.domain.case import Case
from tests.casework import Casework
from tests.dealership import MONDAY, a_contact, directory_file, person

FIRE = "车子突然起火冒烟,必须给我一个说法"
AWAY = (Absence(since=MONDAY - timedelta(days=1), until=MONDAY + timedelta(days=9)),)
BOTH = (Post(at="north", role="dealer_gm"), Post(at="gtmc", role="mfr_cr"))


def dealership(
    *changed: Person, without: tuple[str, ...] = (), last: tuple[str, Role] | None = None
) -> Casework:
    """The dealership with some people changed or left out, and a reader of last resort."""
    named = {key(one): one for one in (*directory_file().entries(), *changed)}
    entries = [one for name, one in named.items() if name.split(":")[1] not in without]
    resort = [LastResort(at=last[0], role=last[1])] if last else []
    return Casework(directory=Directory([*entries, *resort]))


def topped(casework: Casework) -> Case:
    case = casework.receive()
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, _ = casework.breach(case, deadline)
    return case


def supporter(case: Case) -> str:
    [support] = case.tasks_of("support")
    return support.to


def declined(casework: Casework, case: Case, actor: str) -> Case:
    [support] = case.tasks_of("support")
    assert "refuse" in replies.allowed(case, actor, casework.world())[support.task_id]
    return casework.reply(case, actor, "refuse", "support")


@pytest.mark.parametrize(
    ("changed", "without", "last", "asked"),
    [
        ((person("gm-1", posts=BOTH),), (), None, "mfr-1"),
        ((person("gm-1", posts=BOTH),), ("mfr-1", "mfr-2"), ("south", "dealer_gm"), "gm-south"),
        ((), ("mfr-1", "mfr-2"), ("north", "dealer_gm"), "queue:north:dealer_gm"),
        ((person("mfr-1", absences=AWAY, deputy="gm-1"), person("gm-1", posts=BOTH)), (), None, "mfr-2"),
        ((person("mfr-1", absences=AWAY),), ("mfr-2",), ("south", "operator"), "op-south"),
    ],
)
def test_the_manufacturers_rung_does_not_ask_who_let_it_pass(
    changed: tuple[Person, ...], without: tuple[str, ...], last: tuple[str, Role] | None, asked: str
) -> None:
    case = topped(dealership(*changed, without=without, last=last))
    assert (case.rungs["handling"], supporter(case)) == (3, asked)


def test_a_reader_of_last_resort_may_have_a_role_that_the_policy_does_not_know() -> None:
    reader = person("mfr-1", posts=(Post(at="gtmc", role="reader"),), absences=AWAY)
    case = topped(dealership(reader, without=("mfr-2",), last=("gtmc", "reader")))
    [support] = case.tasks_of("support")
    assert (support.to, support.role, support.where) == ("queue:gtmc:reader", "mfr_cr", "manufacturer")
    assert case.rungs == {"handling": 3}


@pytest.mark.parametrize("narrative", ["空调有异响,请检查", FIRE])
def test_a_manufacturer_that_declines_is_not_asked_again_but_the_last_resort(narrative: str) -> None:
    casework = dealership(last=("south", "dealer_gm"))
    case = topped(casework) if narrative != FIRE else casework.receive(a_contact(FIRE))
    for name, follows in (("mfr-1", "mfr-2"), ("mfr-2", "gm-south"), ("gm-south", "queue:gtmc:mfr_cr")):
        assert supporter(case) == name
        case = declined(casework, case, name)
        assert supporter(case) == follows


def test_a_queue_is_left_to_those_who_have_not_declined() -> None:
    casework = dealership(person("mfr-2", absences=AWAY))
    case = declined(casework, casework.receive(a_contact(FIRE)), "mfr-1")
    assert supporter(case) == "queue:gtmc:mfr_cr"
    alone = dealership(without=("mfr-2",), last=("south", "dealer_gm"))
    case = declined(alone, alone.receive(a_contact(FIRE)), "mfr-1")
    assert supporter(case) == "gm-south"


def test_whoever_accepted_after_others_declined_may_ask_them_again() -> None:
    casework = dealership()
    case = declined(casework, casework.receive(a_contact(FIRE)), "mfr-1")
    case = casework.reply(case, "mfr-2", "accept", "support")
    assert supporter(declined(casework, case, "mfr-2")) == "mfr-1"


def test_a_decline_does_not_bring_it_to_who_let_it_pass_at_the_dealer() -> None:
    casework = dealership(person("gm-1", posts=BOTH), without=("mfr-2",), last=("south", "dealer_gm"))
    case = topped(casework)
    assert supporter(case) == "mfr-1"
    assert supporter(declined(casework, case, "mfr-1")) == "gm-south"


@pytest.mark.parametrize("upper_first", [False, True])
@pytest.mark.parametrize("escalations", [1, 2, 3])
def test_escalations_that_were_all_taken_back_leave_nobody_passed(
    escalations: int, *, upper_first: bool
) -> None:
    casework = dealership()
    first = case = casework.receive()
    breaches = []
    for _ in range(escalations):
        case, breach = casework.breach(case, "HO-01")
        breaches.append(breach)
    for breach in reversed(breaches) if upper_first else breaches:
        case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.tasks, case.rungs, case.state) == (first.tasks, first.rungs, first.state)
    assert case.declined_by == ()
    case, _ = casework.breach(case, "DL-01")
    assert (case.hand_overs[-1].to, case.rungs["handling"]) == ("dm-service", 1)
