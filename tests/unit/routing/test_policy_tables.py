"""Ladder, hand-overs and severity table: an entry that could never count is refused, with what would be right."""

from pathlib import Path

import pytest

from services.common.runtime.files import FileError
from services.routing.store.policy_files import load_policy
from tests.policy_folder import Change, PolicyFolder

SEVERITY = "severity/gtmc.yaml"
CONSULTANT = "{role: sc_sa, tier: dealer, "
LEARNED = "learned: {raises: {major_preliminary: 0.6, major: 0.45}, suspect: 0.35, doubt: 0.4, alone: 0.15}"


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
        ("{id: G2, ", "{id: G2, corroborated_by: [fire], ", "criteria.1.corroborated_by", "no suspicions of it"),
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
        ("raises: {major_preliminary: 0.6,", "raises: {preliminary: 0.6,", "learned.raises.preliminary", "one of general, "),
        ("- {id: major_preliminary,", "- {id: general,", "levels.1.id", "there is one 'general' already"),
        ("tells: manufacturer", "tells: everybody", "levels.1.tells", "should be 'manufacturer'"),
    ],
)  # fmt: skip
def test_a_level_is_one_of_the_policy(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change, SEVERITY)


def test_a_complaint_that_meets_nothing_has_a_default(policies: PolicyFolder) -> None:
    policies.change("default: true", "default: false", SEVERITY)
    assert "gtmc.yaml:11: criteria: should have one criterion with default: true" in policies.refused()


def test_a_suspicion_has_a_flag_that_can_corroborate_it(policies: PolicyFolder) -> None:
    old, new = "corroborated_by: [fire]", "corroborated_by: []"
    policies.refuses((old, new, "criteria.14", "should have corroborated_by"), SEVERITY)


@pytest.mark.parametrize(
    "change",
    [
        (LEARNED, LEARNED.replace("doubt: 0.4", "doubt: 0.5"), "learned.doubt", "should be at most 0.45"),
        (
            LEARNED,
            LEARNED.replace("suspect: 0.35", "suspect: 0.5"),
            "learned.suspect",
            "should be less than 0.45",
        ),
    ],
)
def test_a_threshold_does_not_undo_another(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change, SEVERITY)


def test_a_classifier_may_do_without_suspecting(policies: PolicyFolder) -> None:
    policies.change("suspect: 0.35", "suspect: 1", SEVERITY)
    assert load_policy(policies.policy).severity.learned.suspect == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("detectors: {M1: {alight: [xyzzy]}}", "detectors.M1.alight: already defined in another file"),
        ("concepts: {airbag: cushion}", "concepts.airbag: already defined in another file"),
        ("detectors:", "detectors: should be a mapping of entries"),
    ],
)
def test_no_lexicon_file_undoes_another(policies: PolicyFolder, text: str, says: str) -> None:
    (policies.folder / "severity" / "lexicon" / "zz.yaml").write_text(text, "utf-8")
    with pytest.raises(FileError, match=says):
        load_policy(policies.policy)


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
