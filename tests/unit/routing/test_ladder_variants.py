"""Ladders that a policy may have: one that only tells, one that asks the same of several roles, two side by side."""

from typing import Any

import pytest

from schemas.cases import CaseEscalated
from schemas.policies import Policy
from schemas.staffing import Directory
from services.routing.domain.policies import Policies
from services.routing.store.policy_files import compile_policy
from tests.casework import Casework, gtmc
from tests.dealership import a_contact, directory_file

CR = {"accountable": "dealer_cr_manager"}
TELLS = {"rungs": [{"role": "dept_manager"}, {"role": "dealer_gm"}, {"role": "mfr_cr"}]}
SUPPORTS = {
    "rungs": [
        {"role": "sc_sa", "task": "hand_over"},
        {"role": "dept_manager", "task": "hand_over"},
        {"role": "dealer_gm", "task": "support"},
        {"role": "mfr_cr", "task": "support"},
    ]
}


def casework(ladder: dict[str, Any], **further: dict[str, Any]) -> Casework:
    """Work by the policy with another ladder, and further ones by the names of the deadlines that escalate by them."""
    return worked_by(gtmc().content.model_dump(by_alias=True), ladder, **further)


def worked_by(policy: dict[str, Any], ladder: dict[str, Any], **further: dict[str, Any]) -> Casework:
    [handling] = policy["ladders"]
    further_ones = (handling | {"id": name, **one} for name, one in further.items())
    policy["ladders"] = [handling | ladder, *further_ones]
    for deadline in policy["deadlines"]:
        if (name := deadline["id"].lower().replace("-", "_")) in further:
            deadline["on_breach"] = [{"escalate": name}]
    policies = Policies(default="gtmc")
    policies.follow(compile_policy(Policy.model_validate(policy)))
    return Casework(policies=policies)


def notified(work: Casework) -> list[tuple[str, str, str]]:
    return [(one.to, one.role, one.deadline) for one in work.events() if isinstance(one, CaseEscalated)]


def test_a_ladder_that_only_tells_asks_nobody_and_leaves_the_case_where_it_is() -> None:
    work = casework(TELLS)
    before = work.receive()
    case, _ = work.breach(before, "DL-01")
    assert notified(work) == [("dm-service", "dept_manager", "DL-01")]
    assert (case.tasks, case.state, case.rungs) == (before.tasks, before.state, before.rungs)
    assert (case.owner, case.breach_count) == (before.owner, 1)
    assert work.types()[-1] == "case.escalated"
    assert work.facts[-1][0] == "case.escalated"


@pytest.mark.parametrize(
    ("accountable", "superior"),
    [("operator", "dm-service"), ("dept_manager", "gm-1"), ("dealer_gm", "mfr-1"), ("mfr_cr", "mfr-1")],
)
def test_the_superior_of_who_missed_the_time_is_told(accountable: str, superior: str) -> None:
    work = casework(TELLS)
    work.breach(work.receive(), "DL-01", accountable=accountable)
    assert [to for to, *_ in notified(work)] == [superior]


def test_with_every_repeat_one_rung_higher_is_told_up_to_the_top() -> None:
    work = casework(TELLS)
    case = work.receive()
    for repeat in range(4):
        case, _ = work.breach(case, "DL-05", cycle=1 + repeat, repeat=repeat, **CR)
    assert [to for to, *_ in notified(work)] == ["dm-service", "gm-1", "mfr-1", "mfr-1"]


def test_of_a_case_that_belongs_to_no_place_of_the_ladder_whoever_reads_it_is_told() -> None:
    work = casework({"rungs": [{"role": "mfr_cr"}]})
    work.breach(work.receive().model_copy(update={"manufacturer": ""}), "DL-01")
    assert notified(work) == [("mfr-1", "mfr_cr", "DL-01")]


def test_what_was_only_told_is_nothing_to_take_back() -> None:
    work = casework(TELLS)
    before = work.receive()
    case, breach = work.breach(before, "DL-01")
    case = work.fold(case, work.withdrawn(case, breach))
    assert (case.tasks, case.state, case.breach_count) == (before.tasks, before.state, 0)
    assert work.types()[-1] == "case.escalated"


@pytest.mark.parametrize(
    ("state", "stage", "is_told"), [("resolved", "closing", True), ("closed", "over", False)]
)
def test_whoever_supervises_the_end_of_a_case_is_told_on_until_it_is_over(
    state: str, stage: str, *, is_told: bool
) -> None:
    work = casework(TELLS)
    case = work.receive().model_copy(update={"state": state, "stage": stage})
    work.breach(case, "DL-05")
    assert bool(notified(work)) == is_told


def test_two_roles_of_whom_the_same_is_asked_are_asked_one_after_the_other() -> None:
    work = casework(SUPPORTS)
    case = work.receive()
    for deadline in ("DL-01", "HO-01", "HO-01"):
        case, _ = work.breach(case, deadline)
    asked = [(task.to, task.role) for task in case.tasks_of("support")]
    assert asked == [("gm-1", "dealer_gm"), ("mfr-1", "mfr_cr")]
    assert case.rungs == {"handling": 3}


def test_ladders_are_climbed_and_taken_back_apart() -> None:
    work = casework({}, dl_05=TELLS, dl_03=SUPPORTS)
    first = work.receive(a_contact())
    case, lower = work.breach(first, "DL-01")
    case, other = work.breach(case, "DL-03")
    asked = {task.to: task.ladder for task in case.tasks}
    assert asked == {"cr-1": None, "dm-service": "handling", "gm-1": "dl_03"}
    assert case.rungs == {"handling": 1, "dl_03": 2}
    case, _ = work.breach(case, "DL-05", **CR)
    assert notified(work) == [("dm-service", "dept_manager", "DL-05")]
    case = work.fold(case, work.withdrawn(case, lower))
    assert (case.rungs, case.state) == ({"handling": 0, "dl_03": 2}, "escalated")
    case = work.fold(case, work.withdrawn(case, other))
    assert (case.tasks, case.rungs, case.state) == (first.tasks, first.rungs, first.state)


def asking_by_role() -> dict[str, Any]:
    """The policy with two actions by which the case is handed to a role; a manager who declines lets it escalate."""
    policy = gtmc().content.model_dump(by_alias=True)
    [close] = [action for action in policy["actions"] if action["id"] == "close"]
    for role in ("dept_manager", "dealer_gm"):
        steps = [{"send": {"task": "hand_over", "to": [role]}}]
        ask = close | {"id": f"ask_{role}", "by": ["owner"], "from": [], "steps": steps}
        policy["actions"] = [*policy["actions"], ask]
    [hand_over] = [task for task in policy["tasks"] if task["id"] == "hand_over"]
    hand_over["refused"] = [{"when": {"event": {"role": ["dept_manager"]}}, "escalate": "handling"}]
    return policy


def test_whoever_declined_once_is_asked_again_when_the_case_is_next_handed_on_and_declined() -> None:
    work = worked_by(asking_by_role(), {})
    case = work.reply(work.receive(), "cr-1", "accept")
    case = work.reply(work.act(case, "cr-1", "ask_dealer_gm"), "gm-1", "refuse")
    assert case.declined_by == ("gm-1",)
    case = work.act(case, "cr-1", "ask_dept_manager")
    case = work.reply(case, "dm-service", "refuse")
    assert [task.to for task in case.hand_overs][-1] == "gm-1"


def test_who_let_the_time_pass_is_not_told_on_to_themselves_as_stand_in_of_their_superior() -> None:
    policy = gtmc().content.model_dump(by_alias=True)
    for role in policy["roles"]:
        if role["id"] == "dealer_gm":
            role["stand_ins"] = ["dept_manager"]
    work = worked_by(policy, TELLS)
    work.directory = Directory(directory_file(gm_1=None).entries())
    work.breach(work.receive(), "DL-04", accountable="dept_manager")
    assert [(to, role) for to, role, _ in notified(work)] == [("mfr-1", "mfr_cr")]
