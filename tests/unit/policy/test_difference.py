"""`redress policy diff` says in words what changes for people."""

import re
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from deploy.policy.commands import policy as command
from deploy.policy.difference import ALIKE, describe_change
from deploy.policy.phrases import LIMITS
from deploy.policy.sections import OPENING, REACTIONS, SECTIONS, SEVERITY, WHOLE
from schemas.calendar import Limit
from schemas.policies import OpeningSpec, Policy, Reactions
from schemas.rebase import RebaseSpec
from schemas.severity import SeverityPolicy
from services.routing.store.policy_files import load_policy
from tests.casework import POLICIES
from tests.policy_folder import PolicyFolder

BEFORE = load_policy(POLICIES / "gtmc")
SHIPPED = sorted(path.parent for path in Path("deploy/policies").glob("*/policy.yaml"))
GM = "dealer_gm (总经理, general manager)"
CR = "dealer_cr_manager (CR经理, CR manager)"
OPERATOR = "operator (话务员, operator)"
RECORDED = "DL-01 (一小时内登录并转交CR经理, Recorded and passed to the CR manager within one hour)"


@pytest.fixture
def changed(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


CHANGES = {
    "another limit": (
        ("limit: {elapsed_minutes: 60}", "limit: {working_minutes: 90}", "deadlines.yaml"),
        f"Deadline {RECORDED} has the limit 90 working minutes; before 60 minutes.",
    ),
    "who may": (
        ('by: [dealer_cr_manager, "owner:dealer_cr_manager"]', "by: [dealer_cr_manager, dealer_gm]", "actions.yaml"),
        f"Action close (结案, close) may be taken by: now also {GM}; no longer the owner as {CR}.",
    ),
    "when it is refused": (
        ("not_done: [contact, try_to_reach]", "not_done: [contact]", "actions.yaml"),
        "is refused: now also where contact (联系客户, speak with the customer) was not done: “尚无人联系客户",
    ),
    "a criterion of another level": (
        ("id: P2, level: major_preliminary", "id: P2, level: major", "severity.yaml"),
        "leads to level major (重要投诉, major complaint); before major_preliminary (重要预备投诉, preliminary-major",
    ),
    "a rung that is gone": (
        ("      - {role: dealer_gm, task: hand_over}\n", "", "policy.yaml"),
        "Ladder handling (对应升级, handling) goes up by sc_sa (销售顾问/服务顾问, sales consultant or service advisor) by",
    ),
    "a field that has to be filled in no more": (
        ("id: reason, kind: text, required: true, title: {zh: 理由", "id: reason, kind: text, title: {zh: 理由", "forms.yaml"),
        "asks for: now also reason (理由, Why it is returned): text; no longer reason (理由, Why it is returned): text, has",
    ),
    "who may ask whom": (
        ("giver: operator, receivers: [dealer_cr_manager]", "giver: operator, receivers: [dealer_gm]", "tasks.yaml"),
        f"may be sent by name from: now also {OPERATOR} to {GM}; no longer {OPERATOR} to {CR}.",
    ),
    "who is asked": (
        ("role: [mfr_cr]}}, send: {task: support}", "role: [mfr_cr]}}, send: {task: support, to: [actor]}", "actions.yaml"),
        "is sent to whoever takes the action",
    ),
    "a title": (
        ("title: {zh: 结案, en: close}", "title: {zh: 结案, en: close for good}", "actions.yaml"),
        "Action close (结案, close for good) is called so now; before 结案, close.",
    ),
    "a limit that ends with the month": (
        ("limit: {elapsed_minutes: 60}", "limit: {end_of: month}", "deadlines.yaml"),
        f"Deadline {RECORDED} has the limit the end of the month; before 60 minutes.",
    ),
    "a source": (("source: S0 basic flow", "source: S0 CR manager", "actions.yaml"), ALIKE),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_one_sentence_with_titles(changed: PolicyFolder, change: str) -> None:
    (old, new, file), says = CHANGES[change]
    changed.change(old, new, file)
    [sentence] = describe_change(BEFORE, load_policy(changed.folder))
    assert says in sentence


def test_what_names_of_before_are_called_now_changes_nothing_for_people() -> None:
    renamed = BEFORE.model_copy(update={"rebase": RebaseSpec(roles={"boss": "dealer_gm"})})
    assert describe_change(BEFORE, renamed) == [ALIKE]
    assert "what names of before are called now" in ALIKE


def test_every_limit_has_words() -> None:
    shapes = [get_args(tagged)[0] for tagged in get_args(get_args(Limit)[0])]
    assert {*LIMITS} == {name for shape in shapes for name in shape.model_fields}


def test_the_same_version_has_nothing_to_say() -> None:
    assert describe_change(BEFORE, BEFORE) == []


def test_what_is_new_is_described_and_what_is_gone_is_named() -> None:
    without = BEFORE.model_copy(update={"deadlines": BEFORE.deadlines[1:]})
    name = "DL-01 (一小时内登录并转交CR经理, Recorded and passed to the CR manager within one hour)"
    assert describe_change(BEFORE, without) == [f"Deadline {name} is gone."]
    [sentence] = describe_change(without, BEFORE)
    assert sentence.startswith(
        f"Deadline {name} is new: is that of operator (话务员, operator); has the limit 60 minutes"
    )


@pytest.mark.parametrize(
    ("model", "covered"),
    [
        *((type(next(iter(section.entries(policy)))), {*section.aspects})
          for policy in (BEFORE,) for section in SECTIONS if section.entries(policy)),
        (OpeningSpec, {*OPENING}),
        (Reactions, {*REACTIONS}),
        (SeverityPolicy, {*SEVERITY, "levels", "flags", "criteria"}),
        (Policy, {*WHOLE, "kinds", "channels", "departments", "roles", "severity", "forms", "states", "opening",
                  "reactions", "actions", "tasks", "ladders", "deadlines", "notices", "templates", "rebase"}),
    ],
)  # fmt: skip
def test_every_field_of_a_policy_means_something_to_people(model: type, covered: set[str]) -> None:
    fields = set(model.model_fields)  # type: ignore[attr-defined]
    assert fields - {"id", "title", "source"} - covered == set()
    assert covered <= fields


@pytest.mark.whole
@pytest.mark.parametrize("before", SHIPPED, ids=lambda path: path.name)
@pytest.mark.parametrize("after", SHIPPED, ids=lambda path: path.name)
def test_any_two_policies_can_be_compared(before: Path, after: Path) -> None:
    lines = describe_change(load_policy(before), load_policy(after))
    assert bool(lines) == (before != after)
    assert all(line.endswith(".") for line in lines)
    assert not [line for line in lines if re.search(r"\w+=|\bNone\b|<", line)]


def test_the_command_compares_folders_without_any_server(changed: PolicyFolder) -> None:
    changed.change("limit: {elapsed_minutes: 60}", "limit: {elapsed_minutes: 30}")
    result = CliRunner().invoke(command, ["diff", str(changed.folder), str(POLICIES / "gtmc")])
    assert (result.exit_code, "has the limit 30 minutes; before 60 minutes." in result.stdout) == (0, True)


def test_the_command_names_what_is_wrong_with_a_folder(changed: PolicyFolder) -> None:
    changed.change("accountable: operator", "accountable: porter")
    result = CliRunner().invoke(command, ["diff", str(changed.folder), str(POLICIES / "gtmc")])
    assert result.exit_code == 1
    assert "deadlines.yaml:7: deadlines.0.accountable: should be one of " in result.stderr
