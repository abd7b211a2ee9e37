"""Whoever writes a policy is told of everything that is wrong with it in one run, and of each thing once."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from deploy.policy.commands import policy
from tests.policy_folder import Change, PolicyFolder

POLICY, SEVERITY, FORMS, ACTIONS = "policy.yaml", "severity.yaml", "forms.yaml", "actions.yaml"
TASKS, DEADLINES, NOTICES = "tasks.yaml", "deadlines.yaml", "notices.yaml"
ROLES = "should be one of operator, dealer_cr_manager, sc_sa, dept_manager, dealer_gm, mfr_cr, not 'manager'"
WRONG: dict[str, list[Change]] = {
    POLICY: [
        ("id: gtmc", "id: gmtc", "id", "should be 'gtmc', the folder's own name"),
        ("- {id: email, title", "- {id: fax_letter, title", "channels.10.id", "there is one 'fax_letter' already"),
        ("{id: sc_sa, at: shop", "{id: sc_sa, at: home", "roles.2.at", "should be 'shop', 'group', 'region' or 'manufacturer'"),
        ("stand_ins: [dealer_gm]", "stand_ins: [manager]", "roles.3.stand_ins.0", ROLES),
        ("opening: {owner: operator}", "opening: {owner: operator, from: entry}", "opening.from", "should be left out: there is no such field"),
        ("{state: [resolved]}", "{state: [solved]}", "reactions.contact_added.0.when.case.state.0", "closed, not 'solved'"),
        ("{role: sc_sa, task: hand_over}", "{role: sc_sa, task: handover}", "ladders.0.rungs.0.task", "should be one of hand_over, support, confirm, not 'handover'"),
    ],
    SEVERITY: [
        ("{id: P1, level: major_preliminary", "{id: P1, level: major_prelim", "severity.criteria.3.level", "should be one of general, major_preliminary, major"),
        ("signals: [fire], safety: true", "signals: [fire], safety: perhaps", "severity.criteria.14.safety", "should be true or false"),
        ("channels: [hotline_800]", "channels: [hotline]", "severity.criteria.10.channels.0", "hotline_800, onsite, "),
        ("raises: 0.63", "raises: 63", "severity.learned.major.raises", "should be less than or equal to 1"),
    ],
    FORMS: [
        ("id: shop, kind: shop", "id: shop, kind: store", "forms.2.fields.0.kind", "'level', 'shop', 'role' or 'person'"),
        ("{id: course, kind: text", "{id: the course, kind: text", "forms.4.fields.0.id", "should be an identifier such as night_shift"),
        ("zh: 理由, en: Why it is returned", "zh: 理由", "forms.1.fields.0.title.en", "should be given"),
    ],
    ACTIONS: [
        ('"task:support", dealer_gm]', '"task:suport", dealer_gm]', "actions.0.by.1", "task:support, task:confirm, not 'task:suport'"),
        ("form: judgement", "form: judgment", "actions.1.form", "should be one of note, reason, hand_over, judgement, result, not 'judgment'"),
        ("from: [resolved]", "from: [resolvd]", "actions.6.from.0", "closed, not 'resolvd'"),
        ("{not_done: [contact, try_to_reach]}", "{not_done: [contacts, try_to_reach]}", "actions.5.refused.0.when.not_done.0", "judge, contact, try_to_reach, "),
        ("withdraw: [hand_over]", "withdraw: hand_over", "actions.5.steps.0.withdraw", "should be a list"),
    ],
    TASKS: [
        ("giver: operator", "giver: manager", "tasks.0.hand_overs.0.giver", ROLES),
        ("event: {via: [escalation]}", "event: {vai: [escalation]}", "tasks.0.sent.0.when.event.vai", "should be one of "),
        ("answer: judgement", "answer: judgment", "tasks.2.answer", "should be one of note, "),
    ],
    DEADLINES: [
        ("accountable: operator", "accountable: manager", "deadlines.0.accountable", "should be one of owner, asked, operator, "),
        ("limit: {elapsed_minutes: 120}", "limit: {elapsed_minutes: -120}", "deadlines.1.limit.elapsed_minutes.elapsed_minutes", "should be greater than or equal to 0"),
        ("{action: [contact]}", "{action: [contract]}", "deadlines.2.stop.0.where.action.0", "judge, contact, "),
        ("{severity: [general]}", "{severty: [general]}", "deadlines.4.applies.severty", "should be one of number, kind, "),
        ("per_task: hand_over", "per_task: hand_ovr", "deadlines.6.per_task", "should be one of hand_over, support, confirm"),
        ("repeats: 3", "repeats: 0", "deadlines.7.repeats", "should be greater than 0"),
    ],
    NOTICES: [
        ("template: major_opened", "template: major_open", "notices.0.template", "should be one of major_opened, "),
        ("applies: {severity: [major, ", "applies: {severity: [mayor, ", "notices.0.applies.severity.0", "should be one of general, major_preliminary, major, not 'mayor'"),
    ],
}  # fmt: skip


@pytest.fixture
def policies(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


def spoil(policies: PolicyFolder) -> list[tuple[str, str]]:
    """Make every mistake; where each is to be told, and a part of what is to be told there."""
    expected = []
    for file, changes in WRONG.items():
        for old, new, field, says in changes:
            line = policies.change(old, new, file)
            expected.append((f"{policies.folder / file}:{line}: {field}: ", says))
    return expected


def test_thirty_mistakes_in_seven_files_are_told_by_thirty_lines(policies: PolicyFolder) -> None:
    expected = spoil(policies)
    told = policies.refused().splitlines()
    for place, says in expected:
        [line] = [one for one in told if one.startswith(place)] or [f"nothing at {place}"]
        assert says in line
    assert len(told) == len(expected) == 30


def test_the_command_that_checks_a_policy_prints_them_all(policies: PolicyFolder) -> None:
    expected = spoil(policies)
    said = CliRunner().invoke(policy, ["check", str(policies.folder)])
    assert (said.exit_code, said.stdout) == (1, "")
    assert len(said.stderr.splitlines()) == len(expected)


def test_files_that_are_no_yaml_are_all_told(policies: PolicyFolder) -> None:
    for file in FORMS, TASKS:
        (policies.folder / file).write_text("a: [1\nb: 2\n", "utf-8")
    assert [error.split(": ", 1)[0] for error in policies.refused().splitlines()] == [
        f"{policies.folder / FORMS}:2", f"{policies.folder / TASKS}:2",
    ]  # fmt: skip


def rewrite(policies: PolicyFolder, file: str, **fields: Any) -> None:
    path = policies.folder / file
    path.write_text(
        yaml.safe_dump(yaml.safe_load(path.read_text("utf-8")) | fields, allow_unicode=True), "utf-8"
    )


def fields_named(policies: PolicyFolder) -> list[str]:
    return [error.split(": ")[1] for error in policies.refused().splitlines()]


@pytest.mark.parametrize("roles", [[], "operator", None, {"operator": "shop"}])
def test_of_a_section_that_cannot_be_read_no_name_is_called_wrong(policies: PolicyFolder, roles: Any) -> None:
    rewrite(policies, POLICY, roles=roles)
    assert fields_named(policies) == ["roles"]


def test_nor_is_one_that_is_given_by_an_entry_with_another_mistake(policies: PolicyFolder) -> None:
    policies.change(
        "- id: support\n    title: {zh: 厂家支援, en: the manufacturer's support}", "- id: support", TASKS
    )
    policies.change("{id: operator, at: shop", "{id: operator, at: 7", POLICY)
    policies.change("- {id: general, title", "- {id: general, titel", SEVERITY)
    assert fields_named(policies) == [
        "roles.0.at", "severity.levels.0.title", "severity.levels.0.titel", "tasks.1.title",
    ]  # fmt: skip


def test_what_hangs_on_a_form_that_cannot_be_read_is_not_told(policies: PolicyFolder) -> None:
    policies.change("{id: severity, kind: level", "{id: severity, kind: levels", FORMS)
    policies.change("{id: role, kind: role", "{id: role, kind: roles", FORMS)
    assert fields_named(policies) == ["forms.2.fields.1.kind", "forms.3.fields.0.kind"]


@pytest.mark.parametrize(
    "whole",
    [
        {}, {"id": "gtmc"}, {"severity": 5}, {"severity": {"levels": 5, "criteria": [5]}}, {"deadlines": [5, {}]}, {"actions": {"a": 1}},
        {"notices": [{"when": 5, "applies": 5}, {"when": {"type": 5, "where": [1]}}]}, {"opening": None, "reactions": {"opened": [5, {}]}},
        {"forms": [{"fields": [5, {"options": 5}]}]}, {"ladders": [{"rungs": 5}, {"rungs": [5]}]}, {"tasks": [{"hand_overs": [5], "to": [5]}]},
        {"deadlines": [{"applies": {1: [2]}, "limit_by_severity": {2: 3}, "start": [{"type": "case.acted", "where": {1: 2, "fields.x": 3}}]}]},
        {"actions": [{"steps": [{"judge": 5, "send": 5, "when": 5}], "refused": [{"when": {"form": 5}}], "by": 5, "form": 5}]},
    ],
)  # fmt: skip
def test_whatever_is_written_is_told_of_and_breaks_nothing(
    policies: PolicyFolder, whole: dict[str, Any]
) -> None:
    for file in policies.folder.glob("*.yaml"):
        file.unlink()
    (policies.folder / POLICY).write_text(yaml.safe_dump(whole), "utf-8")
    told = policies.refused().splitlines()
    assert len(told) == len(set(told)) > 3
    assert all(": should " in one for one in told)
