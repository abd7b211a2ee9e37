"""Ladder, hand-overs and severity table: an entry that could never count is refused, with what would be right."""

from pathlib import Path

import pytest

from schemas.severity import Thresholds
from services.routing.store.policy_files import load_policy
from tests.policy_folder import Change, PolicyFolder

SEVERITY = "severity/gtmc.yaml"
CONSULTANT = "{role: sc_sa, tier: dealer, "


@pytest.fixture
def policies(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        (CONSULTANT, "{role: mfr_cr, tier: dealer, ", "ladder.0.tier", "should be manufacturer"),
        (CONSULTANT, "{role: sc_sa, tier: manufacturer, ", "ladder.0.tier", "should be dealer"),
        ("{role: dept_manager, tier: dealer, ", CONSULTANT, "ladder.1.role", "there is one 'sc_sa' already"),
    ],
)
def test_a_rung_has_a_role_of_its_own_on_its_own_side(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    "change",
    [
        ("giver: operator", "giver: telephonist", "hand_overs.0.giver", "'operator'"),
        ("receivers: [dealer_cr_manager]", "receivers: [cr_manager]", "hand_overs.0.receivers.0", "'dealer_cr_manager'"),
        ("receivers: [dealer_cr_manager]", "receivers: []", "hand_overs.0.receivers", "at least one entry"),
    ],
)  # fmt: skip
def test_a_hand_over_names_roles_there_are(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    "change",
    [
        ("{id: G2, ", "{id: G1, ", "criteria.1.id", "there is one 'G1' already"),
        ("{id: G2, ", "{id: G2, default: true, ", "criteria.1.default", "true of one criterion only"),
        ("channels: [hotline_800]", "channels: [hotline]", "criteria.10.channels.0", "'hotline_800'"),
        ("signals: [poor_handling]", "signals: ['poor handling']", "criteria.1.signals.0", "should be an identifier"),
        ("flags: [fire]", "flags: [flood]", "criteria.14.flags.0", "'fire'"),
    ],
)  # fmt: skip
def test_every_complaint_meets_one_criterion_and_each_criterion_can_be_met(
    policies: PolicyFolder, change: Change
) -> None:
    policies.refuses(change, SEVERITY)


@pytest.mark.parametrize(
    "change",
    [
        ("{id: G2, level: general,", "{id: G2, level: genral,", "criteria.1.level", "one of general, major_preliminary, major"),
        ("{id: G2, level: general,", "{id: G2, level: 'very grave',", "criteria.1.level", "should be an identifier"),
        ("  major: {raises", "  grave: {raises", "learned.grave", "one of general, "),
        ("- {id: major_preliminary,", "- {id: general,", "levels.1.id", "there is one 'general' already"),
        ("tells: manufacturer", "tells: everybody", "levels.1.tells", "should be 'manufacturer'"),
    ],
)  # fmt: skip
def test_a_level_is_one_of_the_policy(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change, SEVERITY)


def test_a_complaint_that_meets_nothing_has_a_default(policies: PolicyFolder) -> None:
    policies.change("default: true", "default: false", SEVERITY)
    line = policies.change("criteria:", "criteria:", SEVERITY)
    assert f"gtmc.yaml:{line}: criteria: should have one criterion with default: true" in policies.refused()


@pytest.mark.parametrize(
    ("threshold", "says"),
    [
        ("suspects: 0.9", "should be at most 0.8, where it is likely anyway"),
        ("doubts: 0.9", "should be at most 0.8: from there on it is likely without a pattern"),
    ],
)
def test_a_threshold_does_not_undo_another(policies: PolicyFolder, threshold: str, says: str) -> None:
    field = threshold.split(":", maxsplit=1)[0]
    given = f"learned:\n  general: {{raises: 0.8, {threshold}}}"
    policies.refuses(("learned:", given, f"learned.general.{field}", says), SEVERITY)


def test_a_policy_may_do_without_thresholds(policies: PolicyFolder) -> None:
    text = (policies.folder / SEVERITY).read_text("utf-8")
    start, end = text.index("learned:\n"), text.index("criteria:\n")
    (policies.folder / SEVERITY).write_text(text[:start] + text[end:], "utf-8")
    assert load_policy(policies.policy).severity.thresholds("major") == Thresholds()


def test_signals_and_flags_are_free_for_a_policy_to_choose(policies: PolicyFolder) -> None:
    policies.change(
        "signals: [poor_handling]",
        "signals: [poor_handling, what_a_later_release_finds], corroborated_by: [fire]",
        SEVERITY,
    )
    assert load_policy(policies.policy).severity.criterion("G2")


@pytest.mark.parametrize(
    "change",
    [
        ("to: [dept_manager, dealer_cr_manager, dealer_gm]", "to: [manager]", "tasks.0.to.0", "'dept_manager'"),
        ("to: [dept_manager, dealer_cr_manager, dealer_gm]", "to: []", "tasks.0.to", "at least one entry"),
        ("id: confirm", "id: confirmation", "tasks.0.id", "'confirm'"),
        ("per: task:confirm", "per: task:support", "deadlines.8.per", "'task:confirm'"),
        ("accountable: asked", "accountable: asker", "deadlines.8.accountable", "'asked'"),
        ("start: [{type: case.task_sent, where: {safety: [true]}}]", "start: [{type: case.opened}]",
         "deadlines.8.start.0.type", "should be case.task_sent"),
        ("where: {safety: [true]}", "where: {safety: [yes please]}", "deadlines.8.start.0.where.safety.0",
         "true or false"),
    ],
)  # fmt: skip
def test_a_task_is_asked_of_roles_there_are_and_its_deadline_starts_with_it(
    policies: PolicyFolder, change: Change
) -> None:
    policies.refuses(change)


def test_a_deadline_per_task_needs_the_task(policies: PolicyFolder) -> None:
    text = policies.policy.read_text("utf-8")
    start, end = text.index("tasks:\n"), text.index("deadlines:\n")
    policies.policy.write_text(text[:start] + text[end:], "utf-8")
    errors = policies.refused().splitlines()
    assert [error.split(": ")[1:3] for error in errors] == [
        ["deadlines.8.per", "should be left out"], ["deadlines.9.per", "should be left out"],
    ]  # fmt: skip
