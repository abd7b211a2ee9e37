"""Whoever goes or loses a post hands over what was theirs, and the history says why."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.cases import CaseReassigned
from schemas.directory import Absence, Person, Post, key
from schemas.staffing import Directory
from services.common.store.decision import Cause, Change
from services.routing.domain.actions.answering import Accept, Return
from services.routing.domain.actions.table import allowed
from services.routing.domain.actions.transfer import Transfer
from services.routing.domain.case import Case, HandOver, Support
from services.routing.domain.decide import decide
from services.routing.domain.reassignment import Reassign
from services.routing.domain.responsibilities import responsibilities_of, why_lost
from tests.casework import Casework, sealed
from tests.dealership import MONDAY, a_contact, directory_file, person

FIRE = "车子突然起火冒烟,必须给我一个说法"
AWAY = (Absence(since=MONDAY - timedelta(days=1), until=MONDAY + timedelta(days=9)),)


def reload(casework: Casework, *changed: Person, without: Sequence[str] = ()) -> None:
    """The directory with some people changed, added or taken out."""
    named = {key(entry): entry for entry in (*directory_file().entries(), *changed)}
    casework.directory = Directory(
        entry for name, entry in named.items() if name.split(":")[1] not in without
    )


def reassign(casework: Casework, case: Case) -> Case:
    decision = casework.decide(case, case.id, Reassign())
    return decision.state if isinstance(decision, Change) else case


LOSSES: dict[str, Callable[[str], Person | None]] = {
    "taken out": lambda _: None,
    "leaving": lambda name: person(name, status="leaving"),
    "left": lambda name: person(name, status="left", posts=()),
    "without a post": lambda name: person(name, posts=()),
    "another role": lambda name: person(name, posts=(Post(at="north", role="sc_sa", department="sales"),)),
    "another shop": lambda name: person(name, posts=(Post(at="south", role="sc_sa"),)),
}


def lose(casework: Casework, name: str, how: str, *others: Person) -> None:
    changed = LOSSES[how](name)
    reload(casework, *([changed] if changed else []), *others, without=() if changed else (name,))


def none_lost(casework: Casework, case: Case) -> None:
    assert [hold for hold in responsibilities_of(case) if why_lost(hold, casework.directory)] == []


@pytest.mark.parametrize("how", LOSSES)
def test_the_owner_who_loses_the_post_is_followed_by_one_of_the_same_role(how: str) -> None:
    casework = Casework()
    before = casework.receive()
    lose(casework, before.owner, how)
    case = reassign(casework, before)
    assert {before.owner, case.owner} == {"op-1", "op-2"}
    assert (case.owner_role, case.hand_over, case.state) == ("operator", before.hand_over, before.state)
    published = casework.events()[-1]
    assert isinstance(published, CaseReassigned)
    assert (published.part, published.to, published.predecessor) == ("owner", case.owner, before.owner)
    assert published.why == ("left" if how in {"taken out", "leaving", "left"} else "post_lost")
    event, facts = casework.facts[-1]
    assert (event, facts["predecessor"], facts["to"], facts["why"]) == (
        "case.reassigned",
        before.owner,
        case.owner,
        published.why,
    )
    none_lost(casework, case)


@pytest.mark.parametrize("how", LOSSES)
def test_whom_it_is_offered_to_is_followed_by_the_next_rung(how: str) -> None:
    casework = Casework()
    before = casework.receive()
    assert before.hand_over is not None
    lose(casework, "cr-1", how)
    case = reassign(casework, before)
    assert case.hand_over is not None
    assert (case.hand_over.to, case.hand_over.role, case.hand_over.via) == (
        "dm-service",
        "dealer_cr_manager",
        "assignment",
    )
    assert "accept" in allowed(case, "dm-service", casework.world())
    assert "accept" not in allowed(case, "cr-1", casework.world()) or how == "another role"


@pytest.mark.parametrize("how", LOSSES)
@pytest.mark.parametrize("accepted", [False, True])
def test_whom_the_manufacturer_had_named_is_followed_by_a_colleague(how: str, *, accepted: bool) -> None:
    casework = Casework()
    before = casework.receive(a_contact(FIRE))
    assert before.support is not None
    name = before.support.to
    if accepted:
        before = casework.act(before, Accept(actor=name))
    lose(casework, name, how)
    case = reassign(casework, before)
    assert case.support is not None
    assert {name, case.support.to} == {"mfr-1", "mfr-2"}
    assert case.support.accepted_at is None
    asked_anew = "case.handed_over" if accepted else "case.reassigned"
    assert casework.types("escalations")[-1] == asked_anew
    none_lost(casework, case)


def test_the_deputy_of_who_goes_comes_first() -> None:
    casework = Casework()
    before = casework.receive()
    reload(casework, person("cr-1", status="leaving", deputy="cr-south"))
    case = reassign(casework, before)
    assert case.hand_over is not None
    assert case.hand_over.to == "cr-south"


def test_with_nobody_left_at_the_shop_its_queues_get_it_and_the_alarm_goes_out() -> None:
    casework = Casework()
    before = casework.receive()
    staff = ["op-1", "op-2", "cr-1", "dm-service", "dm-sales", "sa-1", "sa-2", "gm-1"]
    reload(casework, without=staff)
    case = reassign(casework, before)
    assert (case.owner, case.hand_over and case.hand_over.to) == (
        "queue:north:operator",
        "queue:north:dealer_cr_manager",
    )
    assert set(case.unstaffed) == {"queue:north:operator", "queue:north:dealer_cr_manager"}
    assert casework.types()[-2:] == ["case.unattended", "case.unattended"]
    assert {"accept", "transfer"} <= set(allowed(case, "mfr-1", casework.world()))


def test_what_is_still_theirs_stays_theirs() -> None:
    casework = Casework()
    case = casework.receive()
    for changed in (
        person("cr-1", absences=AWAY),
        person("cr-1", deputy="gm-1", absences=AWAY),
        person("cr-1", language="en"),
    ):
        reload(casework, changed)
        assert casework.decide(case, case.id, Reassign()) is None
    post = person("cr-1").posts[0]
    reload(casework, person("cr-1", posts=(Post(at="south", role="sc_sa"), post)))
    assert casework.decide(case, case.id, Reassign()) is None


def test_a_stand_in_keeps_it_as_long_as_they_keep_their_own_post() -> None:
    casework = Casework()
    reload(casework, person("cr-1", absences=AWAY))
    case = casework.receive()
    assert case.hand_over is not None
    assert (case.hand_over.to, case.hand_over.post) == ("dm-service", "north/dept_manager/after_sales")
    reload(casework)
    assert casework.decide(case, case.id, Reassign()) is None
    reload(casework, person("dm-service", posts=(Post(at="north", role="sc_sa"),)))
    moved = reassign(casework, case)
    assert moved.hand_over is not None
    assert moved.hand_over.to == "cr-1"


def test_a_case_written_before_posts_were_kept_goes_only_when_its_holder_has_none_near() -> None:
    casework = Casework()
    case = casework.receive().model_copy(update={"owner_post": ""})
    reload(casework, person(case.owner, posts=(Post(at="north", role="sc_sa"),)))
    assert casework.decide(case, case.id, Reassign()) is None
    reload(casework, person(case.owner, posts=(Post(at="gtmc", role="mfr_cr"),)))
    assert reassign(casework, case).owner != case.owner


def test_an_offer_that_a_later_one_put_aside_is_no_leavers_either() -> None:
    casework = Casework()
    case, breach = casework.breach(casework.receive(), "DL-01")
    reload(casework, without=["cr-1"])
    case = reassign(casework, case)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert case.hand_over is not None
    assert case.hand_over.to != "cr-1"
    none_lost(casework, case)


def test_any_decision_leaves_the_case_with_those_who_may_have_it() -> None:
    """An action of somebody else that comes before the case was looked at."""
    casework = Casework()
    before = casework.receive()
    reload(casework, without=[before.owner])
    case = casework.act(before, Return(actor="cr-1", reason=sealed()))
    none_lost(casework, case)
    assert [each.revision for each in case.revisions] == list(range(1, len(case.revisions) + 1))
    assert casework.types()[-2:] == ["case.returned", "case.reassigned"]


def test_a_decision_repeated_is_the_same_and_another_time_is_another() -> None:
    casework = Casework()
    case, cause = casework.receive(), uuid4()
    reload(casework, without=[case.owner])
    first, second = (decide(case, Cause(case.id, cause, Reassign()), casework.world()) for _ in range(2))
    assert isinstance(first, Change)
    assert first == second
    back = casework.act(first.state, Accept(actor="cr-1"))
    reload(casework, without=["cr-1"])
    again = decide(back, Cause(case.id, cause, Reassign()), casework.world())
    assert isinstance(again, Change)
    assert not {e.message.id for e in again.events} & {e.message.id for e in first.events}  # type: ignore[union-attr]


def test_what_is_closed_or_not_there_is_left_alone() -> None:
    casework = Casework()
    case = casework.receive().model_copy(update={"state": "closed"})
    reload(casework, without=[case.owner])
    assert casework.decide(case, case.id, Reassign()) is None
    assert casework.decide(None, case.id, Reassign()) is None


def test_a_directory_that_was_not_announced_takes_nothing_from_anybody() -> None:
    casework = Casework()
    case = casework.receive()
    casework.directory = Directory()
    assert casework.decide(case, case.id, Reassign()) is None


@pytest.mark.parametrize("status", ["leaving", "left"])
def test_whoever_is_leaving_is_given_nothing(status: Any) -> None:
    casework = Casework()
    reload(casework, person("cr-1", status=status), person("op-1", status=status))
    case = casework.receive()
    assert (case.owner, case.hand_over and case.hand_over.to) == ("op-2", "dm-service")
    case = casework.act(case, Accept(actor="dm-service"))
    hand = Transfer(actor="dm-service", shop="north", role="sc_sa", person="sa-1", note=sealed())
    reload(casework, person("sa-1", status=status))
    assert casework.refused(case, hand).rule == "transfer_named_person"


def test_a_deputy_may_do_what_the_absent_one_may() -> None:
    """A hand-over before the absence began: told and allowed are the same people."""
    casework = Casework()
    case = casework.receive()
    reload(
        casework,
        person("cr-1", absences=AWAY, deputy="gm-1"),
        person("gm-1", absences=AWAY, deputy="dm-sales"),
    )
    for name, may in (("cr-1", True), ("gm-1", True), ("dm-sales", True), ("dm-service", False)):
        assert ("accept" in allowed(case, name, casework.world())) is may
    assert casework.act(case, Accept(actor="dm-sales")).owner == "dm-sales"


def test_a_deputy_of_the_owner_is_not_whom_a_escalation_goes_to() -> None:
    casework = Casework()
    case = casework.receive()
    reload(casework, person(case.owner, absences=AWAY, deputy="dm-service"))
    case, _ = casework.breach(case, "DL-01")
    assert case.hand_over is not None
    assert case.hand_over.to == "gm-1"


def test_what_older_code_wrote_is_read() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    old = case.model_dump(mode="json", exclude={"owner_post", "passed", "unstaffed"})
    for part, model in (("hand_over", HandOver), ("support", Support)):
        old[part].pop("post")
        assert model.model_validate(old[part]).post == ""
    assert Case.model_validate(old).declined_by == ()
