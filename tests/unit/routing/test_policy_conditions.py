"""A condition that could never hold would switch its rule off in silence: it is refused, and told what could."""

from pathlib import Path

import pytest

from tests.policy_folder import Change, PolicyFolder

ACTIONS, TASKS, NOTICES = "actions.yaml", "tasks.yaml", "notices.yaml"
EVENTS = "should be one of case.opened, case.contact_added, "
OPENS, CONTACTED = "start: [{type: case.opened}]", "stop: [{type: case.acted, where: {action: [contact]}}]"
LIMIT = "limit: {elapsed_minutes: 60}"
TO_CR = "stop: [{type: case.task_sent, where: {task: [hand_over], role: [dealer_cr_manager]}}]"
GENERAL = "applies: {severity: [general]}"
REFUSED = "where: {task: [hand_over, support]}"


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
        (TO_CR, TO_CR.replace("role", "rolle"), "deadlines.0.stop.0.where.rolle", "task, to, role, place, where, "),
        (CONTACTED, CONTACTED.replace("action: [contact]", "header.sate: [closed]"), "deadlines.2.stop.0.where.header.sate", "header.state"),
        (CONTACTED, CONTACTED.replace("action: [contact]", "note: [a]"), "deadlines.2.stop.0.where.note", "header.triage, by, type"),
        (GENERAL, "applies: {severty: [general]}", "deadlines.4.applies.severty", "number, kind, "),
    ],
)  # fmt: skip
def test_a_field_exists_and_can_be_compared(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    "change",
    [
        (TO_CR, TO_CR.replace("cr_manager", "cr_manger"), "deadlines.0.stop.0.where.role.0", "dealer_cr_manager, sc_sa, "),
        (TO_CR, TO_CR.replace("hand_over]", "handover]"), "deadlines.0.stop.0.where.task.0", "one of hand_over, support, confirm"),
        (TO_CR, TO_CR.replace("}}]", ", via: [post]}}]"), "deadlines.0.stop.0.where.via.0", "one of assignment, transfer, escalation, "),
        (CONTACTED, CONTACTED.replace("[contact]", "[contract]"), "deadlines.2.stop.0.where.action.0", "judge, contact, "),
        (GENERAL, "applies: {severity: [genral]}", "deadlines.4.applies.severity.0", "one of general, "),
        (GENERAL, "applies: {suspected: [mayor]}", "deadlines.4.applies.suspected.0", "one of general, "),
        (GENERAL, "applies: {state: [open]}", "deadlines.4.applies.state.0", "one of registered, "),
        (GENERAL, "applies: {stage: [open]}", "deadlines.4.applies.stage.0", "one of intake, handling, closing, over"),
        (GENERAL, "applies: {triage: [1]}", "deadlines.4.applies.triage.0", "true or false, not 1"),
        (GENERAL, "applies: {shop: [7]}", "deadlines.4.applies.shop.0", "a text, not 7"),
        (GENERAL, "applies: {severity: []}", "deadlines.4.applies.severity", "at least one entry"),
        (OPENS, "start: [{type: case.opened, where: {header.severity: [mayor]}}]", "deadlines.0.start.0.where.header.severity.0", "major, not 'mayor'"),
        (LIMIT, LIMIT + "\n    limit_by_severity: {mayor: {elapsed_minutes: 30}}", "deadlines.0.limit_by_severity.mayor", "one of general, "),
        (OPENS, "start: []", "deadlines.0.start", "at least one entry"),
    ],
)  # fmt: skip
def test_a_field_can_have_the_value(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change)


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ("severity: general", "", "should be a list"),
        ("severity: [1.5]", ".0", "should be a text, true or false, or a whole number"),
        ("severity: {over: 3}", "", "should be a text, not an amount with bounds"),
        ("severity: {}", "", "should have over or under, or both"),
        ("severity: {above: 3}", ".above", "no such field"),
    ],
)
def test_a_condition_is_a_list_of_values_or_bounds(
    policies: PolicyFolder, wrong: str, field: str, says: str
) -> None:
    policies.refuses((GENERAL, f"applies: {{{wrong}}}", f"deadlines.4.applies.severity{field}", says))


@pytest.mark.parametrize(
    "change",
    [
        ("when: {type: case.opened}", "when: {type: case.open}", "notices.0.when.type", EVENTS),
        (REFUSED, "where: {tsak: [hand_over]}", "notices.9.when.where.tsak", "task, "),
        (REFUSED, "where: {task: [hand_over, suport]}", "notices.9.when.where.task.1", "support, confirm, not 'suport'"),
        ("applies: {severity: [major, ", "applies: {severity: [mayor, ", "notices.0.applies.severity.0", "major, not 'mayor'"),
        (f"case.task_refused, {REFUSED}}}\n    to: [owner]", f"case.judged, {REFUSED.replace('task', 'severity').replace('hand_over, support', 'major')}}}\n    to: [subject]",
         "notices.9.to.0", "only of case.escalated, case.reassigned, "),
        ("where: {severity: [major, ", "where: {severity: [mayor, ", "notices.1.when.where.severity.0", "major, not 'mayor'"),
        ("previous: [major, ", "previous: [mayor, ", "notices.2.when.where.previous.0", "major, not 'mayor'"),
        ("where: {deadline: [HO-02]}", "where: {deadline: [HO-2]}", "notices.13.when.where.deadline.0", "HO-01, HO-02"),
        ("where: {action: [resolve]}", "where: {action: [solve]}", "notices.17.when.where.action.0", "resolve, close, not 'solve'"),
        ("template: major_opened", "template: major_open", "notices.0.template", "one of major_opened, "),
        ("by: [email, sms]", "by: []", "notices.0.by", "at least one entry"),
        ("- when: {type: case.opened}\n    by: [sms, email]", "- when: {type: case.opened}\n    by: [sms, webhook]", "customer_notices.0.by.1", "email, sms for a customer"),
        ("- when: {type: case.opened}", "- when: {type: case.closed}", "customer_notices.0.when.type", "'case.opened'"),
    ],
)  # fmt: skip
def test_a_notice_is_held_to_the_same_rules(policies: PolicyFolder, change: Change) -> None:
    policies.refuses(change, NOTICES)


def test_a_notice_asks_for_deadlines_of_its_policy(policies: PolicyFolder) -> None:
    change = (
        "{deadline: [TK-01, TK-02]",
        "{deadline: [TK-1, TK-02]",
        "notices.24.when.where.deadline.0",
        "should be one of DL-01, ",
    )
    policies.refuses(change, NOTICES)


def test_of_several_whom_a_notice_cannot_reach_each_is_told(policies: PolicyFolder) -> None:
    rest = "\n    by: [email]\n    template: contacted_again"
    policies.change(f"to: [owner]{rest}", f"to: [subject, manufacturer]{rest}", NOTICES)
    places = [error.split(": ")[1] for error in policies.refused().splitlines()]
    assert places == ["notices.11.to.0", "notices.11.by.0"]


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (("case: {state: [assessed,", "case: {state: [judged,", "actions.2.steps.0.when.case.state.0", "not 'judged'"), ACTIONS),
        (("waiting: [confirm]", "waiting: [confirmation]", "actions.5.refused.2.when.waiting.0", "hand_over, support, confirm"), ACTIONS),
        (("not_done: [contact, try_to_reach]", "not_done: [contact, try]", "actions.5.refused.0.when.not_done.1", "try_to_reach, "), ACTIONS),
        (("when: {form: {role: [mfr_cr]}}", "when: {form: {rolle: [mfr_cr]}}", "actions.0.steps.0.when.form.rolle", "one of shop, role, person"), ACTIONS),
        (("event: {via: [escalation]}", "event: {vai: [escalation]}", "tasks.0.sent.0.when.event.vai", "task, to, role, "), TASKS),
        (("not_waiting: [hand_over]", "not_waiting: [handover]", "tasks.1.accepted.0.when.not_waiting.0", "one of hand_over, "), TASKS),
    ],
)  # fmt: skip
def test_a_step_is_held_to_the_same_rules(policies: PolicyFolder, change: Change, file: str) -> None:
    policies.refuses(change, file)


def test_a_step_asks_nothing_of_an_event_where_none_comes_with_it(policies: PolicyFolder) -> None:
    old = "- {when: {case: {severity: [major_preliminary, major]}, not_waiting"
    new = old.replace("case:", "event: {by: [system]}, case:")
    policies.refuses(
        (old, new, "reactions.graver.0.when.event", "should be left out: no event"), "policy.yaml"
    )


def test_every_mistake_is_told_at_once(policies: PolicyFolder) -> None:
    policies.change(OPENS, "start: [{type: case.opend}]")
    policies.change(CONTACTED, "stop: [{type: case.contakted}]")
    policies.change("when: {type: case.opened}", "when: {type: case.open}", NOTICES)
    assert len(policies.refused().splitlines()) == 3
