"""A condition that could never hold would switch its rule off in silence: it is refused, and told what could."""

from pathlib import Path

import pytest

from tests.policy_folder import Change, PolicyFolder

NOTICES = "notices/gtmc.yaml"
EVENTS = "should be one of case.opened, case.handed_over, "
OPENS, CONTACTED = "start: [{type: case.opened}]", "stop: [{type: case.contacted}]"
LIMIT = "limit: {elapsed_minutes: 60}"
TO_CR = "stop: [{type: case.handed_over, where: {role: [dealer_cr_manager]}}]"


@pytest.fixture
def policies(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        (OPENS, "start: [{type: case.opend}]", "deadlines.0.start.0.type", EVENTS),
        (OPENS, "start: [{type: case.snapshot}]", "deadlines.0.start.0.type", EVENTS),
        (CONTACTED, "stop: [{type: deadline.met}]", "deadlines.2.stop.0.type", "not 'deadline.met'"),
    ],
)
def test_a_deadline_asks_for_events_that_it_hears(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    "change",
    [
        (TO_CR, TO_CR.replace("role", "rolle"), "deadlines.0.stop.0.where.rolle", "to, role, tier, via, rung, deadline"),
        (CONTACTED, CONTACTED.replace("}]", ", where: {header.sate: [closed]}}]"), "deadlines.2.stop.0.where.header.sate", "header.state"),
        (CONTACTED, CONTACTED.replace("}]", ", where: {note: [a]}}]"), "deadlines.2.stop.0.where.note", "header.triage, by, type"),
        ("applies: {severity: [general]}", "applies: {severty: [general]}", "deadlines.4.applies.severty", "number, kind, "),
    ],
)  # fmt: skip
def test_a_field_exists_and_can_be_compared(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    "change",
    [
        (TO_CR, TO_CR.replace("cr_manager", "cr_manger"), "deadlines.0.stop.0.where.role.0", "dealer_cr_manager, sc_sa, "),
        ("applies: {severity: [general]}", "applies: {severity: [genral]}", "deadlines.4.applies.severity.0", "one of general, "),
        ("applies: {severity: [general]}", "applies: {triage: [1]}", "deadlines.4.applies.triage.0", "true or false, not 1"),
        ("applies: {severity: [general]}", "applies: {rung: [low]}", "deadlines.4.applies.rung.0", "a whole number, not 'low'"),
        ("applies: {severity: [general]}", "applies: {shop: [7]}", "deadlines.4.applies.shop.0", "a text, not 7"),
        ("applies: {severity: [general]}", "applies: {severity: []}", "deadlines.4.applies.severity", "at least one entry"),
        (OPENS, "start: [{type: case.opened, where: {header.severity: [mayor]}}]", "deadlines.0.start.0.where.header.severity.0", "major, not 'mayor'"),
        (LIMIT, LIMIT + "\n    limit_by_severity: {mayor: {elapsed_minutes: 30}}", "deadlines.0.limit_by_severity.mayor", "one of general, "),
        (OPENS, "start: []", "deadlines.0.start", "at least one entry"),
    ],
)  # fmt: skip
def test_a_field_can_have_the_value(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    "change",
    [
        ("when: {type: case.opened}", "when: {type: case.open}", "notices.0.when.type", EVENTS),
        ("where: {tier: [manufacturer]}", "where: {teir: [manufacturer]}", "notices.3.when.where.teir", "tier"),
        ("applies: {severity: [major, ", "applies: {severity: [mayor, ", "notices.0.applies.severity.0", "major, not 'mayor'"),
        ("case.returned}\n    to: [owner]", "case.returned}\n    to: [subject]", "notices.9.to.0", "only of case.handed_over, case.escalation_withdrawn"),
        ("where: {severity: [major, ", "where: {severity: [mayor, ", "notices.1.when.where.severity.0", "major, not 'mayor'"),
        ("previous: [major, ", "previous: [mayor, ", "notices.2.when.where.previous.0", "major, not 'mayor'"),
        ("where: {deadline: [HO-02]}", "where: {deadline: [HO-2]}", "notices.13.when.where.deadline.0", "HO-01, HO-02"),
        ("template: major_opened", "template: major_open", "notices.0.template", "one of major_opened, "),
        ("- id: major_raised", "- id: major_opened", "templates.1.id", "one 'major_opened' already"),
        ("by: [email, sms]", "by: []", "notices.0.by", "at least one entry"),
        ("- when: {type: case.opened}\n    by: [sms, email]", "- when: {type: case.opened}\n    by: [sms, webhook]", "customer_notices.0.by.1", "email, sms for a customer"),
        ("- when: {type: case.opened}", "- when: {type: case.closed}", "customer_notices.0.when.type", "'case.opened'"),
    ],
)  # fmt: skip
def test_a_notice_is_held_to_the_same_rules(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change, NOTICES)


def test_a_deadline_asks_for_deadlines_of_its_policy(policies: PolicyFolder) -> None:
    old = "where: {tier: [dealer], again: [false]}"
    policies.refuses(
        (
            old,
            "where: {deadline: [DL-1]}",
            "deadlines.6.cancel.1.where.deadline.0",
            "should be one of DL-01, ",
        )
    )


def test_every_mistake_is_told_at_once(policies: PolicyFolder) -> None:
    policies.change(OPENS, "start: [{type: case.opend}]")
    policies.change(CONTACTED, "stop: [{type: case.contakted}]")
    policies.change("when: {type: case.opened}", "when: {type: case.open}", NOTICES)
    assert len(policies.refused().splitlines()) == 3
