"""Roles, ladders, hand-overs, tasks and severity table: an entry that could never count is refused, with what would be right."""

from pathlib import Path

import pytest

from schemas.severity import Thresholds
from services.routing.store.policy_files import load_policy
from tests.policy_folder import Change, PolicyFolder

POLICY, SEVERITY, TASKS, DEADLINES = "policy.yaml", "severity.yaml", "tasks.yaml", "deadlines.yaml"
CONSULTANT, MANAGER = "{role: sc_sa, task: hand_over}", "{role: dept_manager, task: hand_over}"
FIRST_GIVER = "{giver: operator, receivers: [dealer_cr_manager]"
CONFIRMERS = "to: [dept_manager, dealer_cr_manager, dealer_gm]"


@pytest.fixture
def policies(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        (CONSULTANT, "{role: consultant, task: hand_over}", "ladders.0.rungs.0.role", "one of operator, dealer_cr_manager, sc_sa, "),
        (CONSULTANT, "{role: sc_sa, task: handover}", "ladders.0.rungs.0.task", "one of hand_over, support, confirm"),
        (MANAGER, CONSULTANT, "ladders.0.rungs.1.role", "there is one 'sc_sa' already"),
        ("last_resort: mfr_cr", "last_resort: dealer_gm", "last_resort", "at the manufacturer; dealer_gm works at the shop"),
        ("{id: operator, at: shop", "{id: operator, at: home", "roles.0.at", "'shop', 'group', 'region' or 'manufacturer'"),
        ("{id: resolved, stage: closing", "{id: resolved, stage: done", "states.7.stage", "'intake', 'handling', 'closing' or 'over'"),
    ],
)  # fmt: skip
def test_a_role_works_somewhere_and_stands_on_a_ladder_once(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change, POLICY)


@pytest.mark.parametrize(
    "change",
    [
        (FIRST_GIVER, FIRST_GIVER.replace("operator", "telephonist"), "hand_overs.0.giver", "one of operator, "),
        (FIRST_GIVER, FIRST_GIVER.replace("dealer_", ""), "hand_overs.0.receivers.0", "one of operator, dealer_cr_manager, "),
        (FIRST_GIVER, FIRST_GIVER.replace("dealer_cr_manager", ""), "hand_overs.0.receivers", "at least one entry"),
    ],
)  # fmt: skip
def test_a_hand_over_names_roles_there_are(policies: PolicyFolder, change: Change) -> None:
    old, new, field, says = change
    policies.refuses((old, new, f"tasks.0.{field}", says), TASKS)


@pytest.mark.parametrize(
    "change",
    [
        ("{id: G2, ", "{id: G1, ", "criteria.1.id", "there is one 'G1' already"),
        ("{id: G2, ", "{id: G2, default: true, ", "criteria.1.default", "true of one criterion only"),
        ("channels: [hotline_800]", "channels: [hotline]", "criteria.10.channels.0", "hotline_800, "),
        ("signals: [poor_handling]", "signals: ['poor handling']", "criteria.1.signals.0", "should be an identifier"),
        ("flags: [fire]", "flags: [flood]", "criteria.14.flags.0", "casualties, fire, not 'flood'"),
        ("corroborated_by: [fire]", "corroborated_by: [flood]", "criteria.14.corroborated_by.0", "casualties, fire, not 'flood'"),
    ],
)  # fmt: skip
def test_every_complaint_meets_one_criterion_and_each_criterion_can_be_met(
    policies: PolicyFolder, change: Change
) -> None:
    old, new, field, says = change
    policies.refuses((old, new, f"severity.{field}", says), SEVERITY)


@pytest.mark.parametrize(
    "change",
    [
        ("{id: G2, level: general,", "{id: G2, level: genral,", "criteria.1.level", "one of general, major_preliminary, major"),
        ("{id: G2, level: general,", "{id: G2, level: 'very grave',", "criteria.1.level", "should be an identifier"),
        ("    major: {raises", "    grave: {raises", "learned.grave", "one of general, "),
        ("confirmed_by: confirm", "confirmed_by: confirmation", "confirmed_by", "one of hand_over, support, confirm"),
    ],
)  # fmt: skip
def test_a_level_or_task_is_one_of_the_policy(policies: PolicyFolder, change: Change) -> None:
    old, new, field, says = change
    policies.refuses((old, new, f"severity.{field}", says), SEVERITY)


def test_a_complaint_that_meets_nothing_has_a_default(policies: PolicyFolder) -> None:
    policies.change("default: true", "default: false", SEVERITY)
    line = policies.change("criteria:", "criteria:", SEVERITY)
    assert (
        f"{SEVERITY}:{line}: severity.criteria: should have one criterion with default: true"
        in policies.refused()
    )


@pytest.mark.parametrize(
    ("threshold", "says"),
    [
        ("suspects: 0.9", "should be at most 0.8, where it is likely anyway"),
        ("doubts: 0.9", "should be at most 0.8: from there on it is likely without a pattern"),
    ],
)
def test_a_threshold_does_not_undo_another(policies: PolicyFolder, threshold: str, says: str) -> None:
    field = threshold.split(":", maxsplit=1)[0]
    given = f"  learned:\n    general: {{raises: 0.8, {threshold}}}"
    policies.refuses(("  learned:", given, f"severity.learned.general.{field}", says), SEVERITY)


def test_a_policy_may_do_without_thresholds(policies: PolicyFolder) -> None:
    text = (policies.folder / SEVERITY).read_text("utf-8")
    start, end = text.index("  learned:\n"), text.index("  criteria:\n")
    (policies.folder / SEVERITY).write_text(text[:start] + text[end:], "utf-8")
    assert load_policy(policies.folder).severity.thresholds("major") == Thresholds()


def test_signals_and_flags_are_free_for_a_policy_to_choose(policies: PolicyFolder) -> None:
    policies.change(
        "signals: [poor_handling]",
        "signals: [poor_handling, what_a_later_release_finds], corroborated_by: [fire]",
        SEVERITY,
    )
    assert load_policy(policies.folder).severity.criterion("G2")


@pytest.mark.parametrize(
    "change",
    [
        (CONFIRMERS, "to: [manager]", "tasks.2.to.0", "one of operator, "),
        ("moves_owner: true", "answer: judgement\n    moves_owner: true", "tasks.0.moves_owner", "should be left out of a task that is answered"),
        ("waits_for_acceptance: true", "waits_for_acceptance: perhaps", "tasks.1.waits_for_acceptance", "true or false"),
    ],
)  # fmt: skip
def test_a_task_is_asked_of_roles_there_are_and_has_one_end(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change, TASKS)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (TASKS, ("id: confirm", "id: support", "tasks.2.id", "'support'")),
        (POLICY, ("{id: in_review, stage", "{id: registered, stage", "states.1.id", "'registered'")),
        (SEVERITY, ("- {id: major_preliminary,", "- {id: general,", "severity.levels.1.id", "'general'")),
        ("notices.yaml", ("- id: major_raised", "- id: major_opened", "templates.1.id", "'major_opened'")),
    ],
)
def test_two_of_a_kind_do_not_share_an_id(policies: PolicyFolder, file: str, change: Change) -> None:
    old, new, field, name = change
    place = f"{policies.folder / file}:{policies.change(old, new, file)}: {field}: "
    says = f"should be another than above: there is one {name} already"
    assert f"{place}{says}" in policies.refused().splitlines()


@pytest.mark.parametrize(
    "change",
    [
        ("per_task: confirm", "per_task: confirmation", "deadlines.8.per_task", "one of hand_over, support, confirm"),
        ("per_task: hand_over\n    accountable: asked", "accountable: asked", "deadlines.6.accountable", "asked only beside per_task"),
        ("start: [{type: case.task_sent, where: {safety: [true]}}]", "start: [{type: case.opened}]",
         "deadlines.8.start.0.type", "should be case.task_sent"),
        ("where: {safety: [true]}", "where: {safety: [yes please]}", "deadlines.8.start.0.where.safety.0",
         "true or false"),
    ],
)  # fmt: skip
def test_a_deadline_per_task_starts_with_a_task_there_is(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)
