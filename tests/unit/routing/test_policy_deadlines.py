"""A deadline whose parts rule each other out is refused, with what would be right."""

from pathlib import Path

import pytest

from tests.policy_folder import Change, PolicyFolder

HOUR = "limit: {elapsed_minutes: 60}"
BEFORE = "warnings: [{minutes_before: 240}]"
STARTS = "starts_from: receipt"
PAUSE = "pause: [{type: case.acted, where: {action: [try_to_reach]}}]"
RESUME = "resume: [{type: case.acted, where: {action: [contact]}}]"
SLOWS = "then: {elapsed_minutes: 1440}"


def on_new_line(*fields: str) -> str:
    return "\n    ".join(fields)


@pytest.fixture
def policies(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        (BEFORE, "warnings: [{}]", "deadlines.2.warnings.0", "exactly one of percent and minutes_before"),
        (BEFORE, "warnings: [{percent: 75, minutes_before: 9}]", "deadlines.2.warnings.0", "exactly one of"),
        (BEFORE, "warnings: [{percent: 100}]", "deadlines.2.warnings.0.percent", "less than 100"),
        (BEFORE, "warnings: [{percent: 0}]", "deadlines.2.warnings.0.percent", "greater than 0"),
        (BEFORE, "warnings: [{minutes_before: 0}]", "deadlines.2.warnings.0.minutes_before", "greater than 0"),
        (BEFORE, "warnings: [{minutes_before: 1440}]", "deadlines.2.warnings.0.minutes_before", "less than the 1440 of limit"),
    ],
)  # fmt: skip
def test_a_warning_has_one_moment_before_the_due_time(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


def test_two_deadlines_do_not_share_an_id(policies: PolicyFolder) -> None:
    policies.refuses(("- id: DL-02", "- id: DL-01", "deadlines.1.id", "there is one 'DL-01' already"))


@pytest.mark.parametrize(
    "change",
    [
        (HOUR, on_new_line(HOUR, "repeats: 3"), "deadlines.0.repeats", "only where recurring is true"),
        (HOUR, on_new_line(HOUR, SLOWS), "deadlines.0.then", "beside repeats"),
        ("recurring: true", on_new_line("recurring: true", SLOWS), "deadlines.4.then", "beside repeats"),
        ("recurring: true", on_new_line("recurring: true", "repeats: 1"), "deadlines.4.repeats", "should be 2 or more"),
        ("limit: {elapsed_minutes: 10080}", "limit: {elapsed_minutes: 0}", "deadlines.4.limit", "more than 0 minutes"),
        (SLOWS, "then: {working_minutes: 0}", "deadlines.7.then", "more than 0 minutes"),
    ],
)  # fmt: skip
def test_what_recurs_does_so_by_rules_that_can_hold(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    "change",
    [
        (STARTS, on_new_line(STARTS, PAUSE), "deadlines.0.pause", "should stand beside resume"),
        (STARTS, on_new_line(STARTS, RESUME), "deadlines.0.resume", "should stand beside pause"),
        (STARTS, on_new_line(RESUME, "statutory: true", PAUSE), "deadlines.0.pause", "nobody can pause a statutory deadline"),
        (HOUR, on_new_line(PAUSE, RESUME, "limit: {working_days: 1}"), "deadlines.0.limit", "no other limit can pause"),
        (STARTS, on_new_line(PAUSE, RESUME, "limit_by_severity: {major: {same_day: true}}"), "deadlines.0.limit_by_severity.major", "in minutes"),
    ],
)  # fmt: skip
def test_only_what_can_stand_still_and_go_on_again_pauses(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


def test_a_limit_is_given_for_severities_the_deadline_applies_to(policies: PolicyFolder) -> None:
    old = "applies: {severity: [general]}"
    new = on_new_line(old, "limit_by_severity: {major: {elapsed_minutes: 60}}")
    policies.refuses(
        (old, new, "deadlines.4.limit_by_severity.major", "should be for general, as applies says")
    )
