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
from services.routing.domain import acting, replies
from services.routing.domain.case import Case, Task
from services.routing.domain.decide import decide
from services.routing.domain.reassignment import Reassign
from services.routing.domain.responsibilities import responsibilities_of, why_lost
from tests.casework import Casework
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


def only_task(case: Case, task: str = "hand_over") -> Task:
    """The task of a kind, of which there is one."""
    [found] = case.tasks_of(task)
    return found


def may_accept(casework: Casework, case: Case, name: str) -> bool:
    allowed = replies.allowed(case, name, casework.world())
    return any("accept" in verbs for verbs in allowed.values())


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
    assert (case.owner_role, case.tasks, case.state) == ("operator", before.tasks, before.state)
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
def test_whom_it_is_handed_over_to_is_followed_by_who_stands_in_for_the_role(how: str) -> None:
    casework = Casework()
    before = casework.receive()
    lose(casework, "cr-1", how)
    case = reassign(casework, before)
    task = only_task(case)
    assert (task.to, task.role, task.via) == ("dm-service", "dealer_cr_manager", "assignment")
    assert task.task_id == only_task(before).task_id
    assert may_accept(casework, case, "dm-service")
    assert not may_accept(casework, case, "cr-1")


@pytest.mark.parametrize("how", LOSSES)
@pytest.mark.parametrize("accepted", [False, True])
def test_whoever_supports_for_the_manufacturer_is_followed_by_a_colleague(
    how: str, *, accepted: bool
) -> None:
    casework = Casework()
    before = casework.receive(a_contact(FIRE))
    name = only_task(before, "support").to
    if accepted:
        before = casework.reply(before, name, "accept", "support")
    lose(casework, name, how)
    case = reassign(casework, before)
    support = only_task(case, "support")
    assert {name, support.to} == {"mfr-1", "mfr-2"}
    assert (support.accepted, support.via) == (False, "anew" if accepted else "assignment")
    anew = ["case.task_withdrawn", "case.task_sent"] if accepted else ["case.reassigned"]
    assert casework.types("escalations")[-len(anew) :] == anew
    none_lost(casework, case)


def test_the_deputy_of_who_goes_comes_first() -> None:
    casework = Casework()
    before = casework.receive()
    reload(casework, person("cr-1", status="leaving", deputy="cr-south"))
    case = reassign(casework, before)
    assert only_task(case).to == "cr-south"


def test_with_nobody_left_at_the_shop_its_queues_get_it_and_the_alarm_goes_out() -> None:
    casework = Casework()
    before = casework.receive()
    staff = ["op-1", "op-2", "cr-1", "dm-service", "dm-sales", "sa-1", "sa-2", "gm-1"]
    reload(casework, without=staff)
    case = reassign(casework, before)
    assert (case.owner, only_task(case).to) == ("queue:north:operator", "queue:north:dealer_cr_manager")
    assert set(case.unstaffed) == {"queue:north:operator", "queue:north:dealer_cr_manager"}
    assert casework.types()[-2:] == ["case.unattended", "case.unattended"]
    assert may_accept(casework, case, "mfr-1")
    assert "transfer" in acting.allowed(case, "mfr-1", casework.world())


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
    assert (only_task(case).to, only_task(case).post) == ("dm-service", "north/dept_manager/after_sales")
    reload(casework)
    assert casework.decide(case, case.id, Reassign()) is None
    reload(casework, person("dm-service", posts=(Post(at="north", role="sc_sa"),)))
    assert only_task(reassign(casework, case)).to == "cr-1"


def test_a_case_written_before_posts_were_kept_goes_only_when_its_holder_has_none_near() -> None:
    casework = Casework()
    case = casework.receive().model_copy(update={"owner_post": ""})
    reload(casework, person(case.owner, posts=(Post(at="north", role="sc_sa"),)))
    assert casework.decide(case, case.id, Reassign()) is None
    reload(casework, person(case.owner, posts=(Post(at="gtmc", role="mfr_cr"),)))
    assert reassign(casework, case).owner != case.owner


def test_of_several_hand_overs_only_the_leavers_goes_to_somebody_else_who_is_not_asked_yet() -> None:
    casework = Casework()
    before, breach = casework.breach(casework.receive(), "DL-01")
    reload(casework, without=["cr-1"])
    case = reassign(casework, before)
    assert [task.to for task in case.hand_overs] == ["gm-1", "dm-service"]
    assert case.hand_overs[1] == before.hand_overs[1]
    none_lost(casework, case)
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert only_task(case).to == "gm-1"


def test_any_decision_leaves_the_case_with_those_who_may_have_it() -> None:
    """An action of somebody else that comes before the case was looked at."""
    casework = Casework()
    before = casework.receive()
    reload(casework, without=[before.owner])
    case = casework.reply(before, "cr-1", "refuse")
    none_lost(casework, case)
    assert [each.revision for each in case.revisions] == list(range(1, len(case.revisions) + 1))
    assert casework.types()[-2:] == ["case.task_refused", "case.reassigned"]


def test_a_decision_repeated_is_the_same_and_another_time_is_another() -> None:
    casework = Casework()
    case, cause = casework.receive(), uuid4()
    reload(casework, without=[case.owner])
    first, second = (decide(case, Cause(case.id, cause, Reassign()), casework.world()) for _ in range(2))
    assert isinstance(first, Change)
    assert first == second
    back = casework.reply(first.state, "cr-1", "accept")
    reload(casework, without=["cr-1"])
    again = decide(back, Cause(case.id, cause, Reassign()), casework.world())
    assert isinstance(again, Change)
    assert not {e.message.id for e in again.events} & {e.message.id for e in first.events}  # type: ignore[union-attr]


def test_what_is_over_or_not_there_is_left_alone() -> None:
    casework = Casework()
    case = casework.receive().model_copy(update={"state": "closed", "stage": "over"})
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
    assert (case.owner, only_task(case).to) == ("op-2", "dm-service")
    case = casework.reply(case, "dm-service", "accept")
    reload(casework, person("sa-1", status=status))
    hand = casework.request(case, "dm-service", "transfer", shop="north", role="sc_sa", person="sa-1")
    assert casework.refused(case, hand).rule == "named_person"


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
        assert may_accept(casework, case, name) is may
    assert casework.reply(case, "dm-sales", "accept").owner == "dm-sales"


def test_a_deputy_of_the_owner_is_not_whom_an_escalation_asks() -> None:
    casework = Casework()
    case = casework.receive()
    reload(casework, person(case.owner, absences=AWAY, deputy="dm-service"))
    case, _ = casework.breach(case, "DL-01")
    assert [task.to for task in case.hand_overs] == ["cr-1", "gm-1"]


def test_what_was_written_without_posts_is_read() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    old = case.model_dump(mode="json", exclude={"owner_post", "declined_by", "unstaffed"})
    for task in old["tasks"]:
        task.pop("post")
    read = Case.model_validate(old)
    assert (read.owner_post, read.declined_by, [task.post for task in read.tasks]) == ("", (), ["", ""])
