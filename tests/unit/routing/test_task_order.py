"""What is asked of several roles: those whom it was asked of may answer, and nobody answers twice in turn."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.cases import CaseTaskAnswered
from schemas.directory import Absence, Post
from schemas.policies import Policy
from schemas.staffing import Directory
from services.routing.domain import replies
from services.routing.domain.case import Case
from services.routing.domain.policies import Policies
from services.routing.store.policy_files import compile_policy
from tests.casework import Casework, gtmc
from tests.dealership import MONDAY, directory_file, person

MANAGERS = ("dept_manager", "dealer_gm")


def casework(
    to: list[str], *, among: Sequence[str] = MANAGERS, in_order: bool = False, **changed: Any
) -> Casework:
    """Work by the policy with a sanction of some, asked of the roles in `to`; unanswered, of the next."""
    policy = gtmc().content.model_dump(by_alias=True)
    [close] = [action for action in policy["actions"] if action["id"] == "close"]
    [confirm] = [task for task in policy["tasks"] if task["id"] == "confirm"]
    steps = [{"send": {"task": "sanction", "to": to}}]
    ask = close | {"id": "ask_sanction", "by": ["owner"], "from": [], "steps": steps}
    sanction = confirm | {
        "id": "sanction", "to": list(among), "in_order": in_order, "answer": "note", "answered": [],
    }  # fmt: skip
    [late] = [one for one in policy["deadlines"] if one["id"] == "TK-02"]
    answered = late | {"id": "answered", "per_task": "sanction", "on_breach": [{"ask": "next"}]}
    for role in policy["roles"]:
        if role["id"] == "dealer_gm":
            role["stand_ins"] = ["dept_manager"]
    policy |= {"actions": [*policy["actions"], ask], "tasks": [*policy["tasks"], sanction]}
    policy["deadlines"] = [*policy["deadlines"], answered]
    policies = Policies(default="gtmc")
    policies.follow(compile_policy(Policy.model_validate(policy)))
    return Casework(directory=Directory(directory_file(**changed).entries()), policies=policies)


def requested(work: Casework) -> Case:
    return work.act(work.reply(work.receive(), "cr-1", "accept"), "cr-1", "ask_sanction")


def sanctions(case: Case) -> list[tuple[str, str]]:
    return [(task.to, task.role) for task in case.tasks_of("sanction")]


def test_whoever_could_have_been_asked_answers_and_nobody_of_another_role_of_the_kind() -> None:
    work = casework(["dealer_gm"])
    case = requested(work)
    [task] = case.tasks_of("sanction")
    assert (task.to, task.roles) == ("gm-1", ("dealer_gm",))
    may = {
        name for name in work.directory.people if task.task_id in replies.allowed(case, name, work.world())
    }
    assert may == {"gm-1"}
    assert work.refused(case, work.replied(case, "dm-service", "answer", "sanction")).rule == "asked"


def test_whoever_has_acted_is_asked_although_somebody_else_of_their_role_has_less_to_do() -> None:
    second = person("gm-south", posts=(Post(at="north", role="dealer_cr_manager"),))
    work = casework(["actor"], gm_south=second)
    case = work.receive()
    [hand_over] = case.hand_overs
    case = work.act(work.reply(case, hand_over.to, "accept"), hand_over.to, "ask_sanction")
    assert sanctions(case) == [(hand_over.to, "dealer_cr_manager")]
    assert case.tasks_of("sanction")[0].via == "rule"


def test_each_of_the_roles_answers_in_its_turn() -> None:
    work = casework([], in_order=True)
    case = requested(work)
    assert sanctions(case) == [("dm-service", "dept_manager")]
    case = work.reply(case, "dm-service", "answer", "sanction")
    assert sanctions(case) == [("gm-1", "dealer_gm")]
    case = work.reply(case, "gm-1", "answer", "sanction")
    assert sanctions(case) == []
    assert sum(isinstance(event, CaseTaskAnswered) for event in work.events()) == 2


def test_the_first_in_turn_is_not_left_out_where_nobody_of_them_is_on_duty() -> None:
    away = (Absence(since=MONDAY, until=MONDAY.replace(year=2027)),)
    work = casework([], in_order=True, dm_service=person("dm-service", absences=away))
    case = requested(work)
    assert sanctions(case) == [("gm-1", "dept_manager")]
    case = work.reply(case, "gm-1", "answer", "sanction")
    assert sanctions(case) == [("queue:north:dealer_gm", "dealer_gm")]


def test_whoever_has_answered_does_not_answer_again_as_stand_in_of_the_next() -> None:
    work = casework([], in_order=True, gm_1=None)
    case = work.reply(requested(work), "dm-service", "answer", "sanction")
    assert sanctions(case) == [("queue:north:dealer_gm", "dealer_gm")]
    assert work.refused(case, work.replied(case, "dm-service", "answer", "sanction")).rule == "not_twice"
    assert all("answer" not in verbs for verbs in replies.allowed(case, "dm-service", work.world()).values())


def test_whoever_had_a_stand_in_answers_in_their_own_turn() -> None:
    away = Absence(since=MONDAY, until=MONDAY.replace(day=3))
    first, second = (
        person(name, absences=(away,), deputy="cr-1", posts=(Post(at="north", role=role),))
        for name, role in (("dm-service", "dept_manager"), ("gm-1", "dealer_gm"))
    )
    work = casework([], in_order=True, dm_service=first, gm_1=second)
    case = requested(work)
    assert sanctions(case) == [("cr-1", "dept_manager")]
    case = work.reply(case, "cr-1", "answer", "sanction")
    assert case.tasks_of("sanction")[0].answered_by == ("cr-1", "dm-service")
    assert sanctions(case) == [("queue:north:dealer_gm", "dealer_gm")]
    assert work.refused(case, work.replied(case, "cr-1", "answer", "sanction")).rule == "not_twice"
    work.later(hours=72)
    assert sanctions(work.reply(case, "gm-1", "answer", "sanction")) == []


@pytest.mark.parametrize(
    ("is_away", "asked"), [(True, ("dm-service", "dept_manager")), (False, ("gm-1", "dealer_gm"))]
)
def test_the_next_in_turn_is_asked_once_they_and_not_only_one_after_them_are_on_duty(
    asked: tuple[str, str], *, is_away: bool
) -> None:
    away = (Absence(since=MONDAY, until=MONDAY.replace(year=2027)),) if is_away else ()
    among = ["dept_manager", "dealer_gm", "mfr_cr"]
    work = casework([], among=among, in_order=True, gm_1=person("gm-1", absences=away))
    case = requested(work)
    [task] = case.tasks_of("sanction")
    case = work.fold(case, work.breached(case, "answered", task_id=task.task_id))
    assert sanctions(case) == [asked]
