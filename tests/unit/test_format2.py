"""Policies of the second format mean what they meant: the same deadlines, messages and severity."""

import json
from typing import Any

import pytest

from schemas import cases, deadlines, outreach, policies
from schemas.conditions import satisfies
from schemas.formats import show_entry
from schemas.formats.second import upgrade_policy
from schemas.policies import Policy
from services.notify.domain.wording import must_render
from tests.format2 import FORM, Watch, answer, planned, steps_of
from tests.formats import Json, Kept, lines, read, records_of

UNKNOWN_THEN = "late"
"""The policy that notify did not know then."""
NONE_ASKED = ""
"""Of a message that is sent again no policy is asked."""
FROM_THE_OWNER = {"HO-01", "Y-2"}
"""Deadlines of which whoever a case was handed over to was accountable: of these its owner is."""


def published() -> list[Json]:
    return [json.loads(one["value"])["policy"] for one in records_of(FORM, policies.TOPIC)]


def summary(event: Json) -> Json:
    """What an event of a deadline says, but for its case and for why it moved."""
    same = {
        name: event.get(name)
        for name in ("id", "type", "seq", "deadline", "cycle", "due_at", "met_at", "late")
    }
    return {**same, "accountable": event["deadline"] in FROM_THE_OWNER or event["accountable"]}


@pytest.mark.whole
async def test_the_same_events_of_cases_lead_to_the_same_events_of_deadlines() -> None:
    before = [json.loads(one["value"]) for one in records_of(FORM, deadlines.TOPIC)]
    now = [json.loads(event) for event in await Watch().take(steps_of("sla"))]
    assert [summary(event) for event in now] == [summary(event) for event in before]
    assert len({event["deadline"] for event in now}) == 15


async def test_deadlines_at_rest_go_on_as_they_would_have() -> None:
    now = await Watch.of(lines(FORM, "deadlines")).take(steps_of("sla", later=True))
    before = [json.loads(one["value"]) for one in records_of(FORM, deadlines.TOPIC)][-len(now) :]
    assert len(now) > 100
    assert [summary(json.loads(event)) for event in now] == [summary(event) for event in before]


@pytest.mark.whole
def test_the_same_records_lead_to_the_same_messages() -> None:
    sent = {step["record"]: step["deliveries"] for step in steps_of("notify")}
    read_then = {cases.TOPIC, deadlines.TOPIC, outreach.TOPIC}
    known = set[str]()
    for number, record in enumerate(lines(FORM, "records")):
        if record["topic"] in read_then and _policy(record) not in {UNKNOWN_THEN, NONE_ASKED}:
            now = [one for one in planned({"record": number}) if one not in known]
            known.update(now)
            assert now == sent.pop(number, [])
    assert sent == {}


def _policy(record: Json) -> str:
    body = json.loads(record["value"])
    return str(body.get("policy") or body.get("header", {}).get("policy", NONE_ASKED))


@pytest.mark.parametrize("policy", published(), ids=lambda one: one["id"])
def test_severity_is_what_it_was(policy: Json) -> None:
    now = Policy.model_validate(upgrade_policy(policy)).severity
    before = policy["severity"]
    kept = {"id", "title", "outside_hours"}
    assert [level.model_dump(include=kept) for level in now.levels] == [
        {name: level[name] for name in level if name in kept} for level in before["levels"]
    ]
    assert now.model_dump(mode="json", include={"criteria", "learned"}) == {
        name: before[name] for name in ("criteria", "learned")
    }
    assert now.confirmed_by == "confirm"


@pytest.mark.parametrize("policy", published(), ids=lambda one: one["id"])
def test_levels_of_which_the_manufacturer_hears_still_ask_for_its_support(policy: Json) -> None:
    levels = {level["id"]: level for level in policy["severity"]["levels"]}
    now = Policy.model_validate(upgrade_policy(policy))
    opened = next(read(one) for one in records_of(FORM, cases.TOPIC))
    for severity in levels:
        for suspected in (None, *levels):
            header = opened.header.model_copy(update={"severity": severity, "suspected": suspected})
            asks = [step for step in now.reactions.graver if satisfies(step.when.case, header)]
            tells = levels[severity]["tells"] or (suspected and levels[suspected]["tells_suspected"])
            assert bool(asks) == bool(tells)
    assert now.severity.tells_suspected == any(level["tells_suspected"] for level in levels.values())


@pytest.mark.parametrize("policy", published(), ids=lambda one: one["id"])
def test_what_has_to_be_judged_is_not_resolved_before(policy: Json) -> None:
    levels = [level["id"] for level in policy["severity"]["levels"] if level["must_be_judged"]]
    resolve = Policy.model_validate(upgrade_policy(policy)).action["resolve"]
    [rule] = [one for one in resolve.refused if one.id == "resolve_after_judgement"]
    assert rule.when.case == {"severity": tuple(levels), "confirmed": (False,)}
    assert [one.when.waiting for one in resolve.refused if one.when.waiting] == [("confirm",)]


@pytest.mark.parametrize("policy", published(), ids=lambda one: one["id"])
def test_what_nobody_confirms_in_time_acts_where_safety_hangs_on_it_and_is_asked_of_the_next(
    policy: Json,
) -> None:
    now = Policy.model_validate(upgrade_policy(policy))
    of_tasks = [spec for spec in now.deadlines if spec.per_task == "confirm"]
    assert {spec.id for spec in of_tasks} == {one["id"] for one in policy["deadlines"] if one["per"]}
    for spec in of_tasks:
        assert [(step.as_suspected, step.ask) for step in spec.on_breach[:2]] == [
            (True, None),
            (False, "next"),
        ]
    escalating = {one["id"] for one in policy["deadlines"] if one["escalates"]}
    assert {spec.id for spec in now.deadlines if spec.escalates} == escalating


@pytest.mark.parametrize("key", sorted(Kept.read(FORM).versions))
def test_the_texts_of_a_policy_can_still_be_written(key: str) -> None:
    must_render(key, Kept.read(FORM).versions[key].policy)


def gone(when: Json) -> Any:
    """Conditions of the policy `pier`, one of which asks what no event says any more."""
    [policy] = [one for one in published() if one["id"] == "pier"]
    spec = {**policy["deadlines"][1], "start": [when], "restart": []}
    upgraded = upgrade_policy({**policy, "deadlines": [spec], "notices": []})
    [deadline] = Policy.model_validate(upgraded).deadlines
    return [one.where for one in deadline.start]


@pytest.mark.parametrize(
    ("where", "now"),
    [
        ({"via": ["support"]}, [{"task": ("support",), "via": ("assignment", "transfer")}]),
        ({"via": ["return"], "tier": ["dealer"]}, [{"task": ("hand_over",), "via": ("rule",)}]),
        (
            {"via": ["transfer", "return"], "by": ["cr-1"]},
            [
                {"task": ("hand_over",), "via": ("transfer",), "by": ("cr-1",)},
                {"task": ("support",), "via": ("anew",), "by": ("cr-1",)},
            ],
        ),
        (
            {"rung": [1], "header.rung": [0], "role": ["sc_sa"]},
            [{"task": ("hand_over", "support"), "role": ("sc_sa",)}],
        ),
    ],
)
def test_a_condition_on_a_hand_over_is_one_on_its_task(where: Json, now: list[Json]) -> None:
    assert gone({"type": "case.handed_over", "where": where}) == now


@pytest.mark.parametrize(
    ("again", "because"),
    [
        ({}, ("not_late", "unanswered")),
        ({"again": [False]}, ("not_late",)),
        ({"again": [True]}, ("unanswered",)),
    ],
)
def test_an_escalation_that_lets_another_stand_again_is_told_from_one_that_does_not(
    again: Json, because: tuple[str, ...]
) -> None:
    where = {"task": ("hand_over",), "because": because}
    assert gone({"type": "case.escalation_withdrawn", "where": {"tier": ["dealer"], **again}}) == [where]
    withdrawn = [one for one in map(read, records_of(FORM, cases.TOPIC)) if one.type == "case.task_withdrawn"]
    assert {one.because for one in withdrawn} >= {"not_late", "unanswered"}


@pytest.mark.whole
@pytest.mark.parametrize("do", ["withdraw", "accept", "refuse"])
def test_what_people_answer_and_what_was_not_late_lets_a_case_go_where_it_did(do: str) -> None:
    rows = [one for one in lines(FORM, "answers") if one["do"] == do]
    assert len(rows) > 20
    for row in rows:
        now = answered(row)
        assert now == {name: row[name] for name in now}


def answered(row: Json) -> Json:
    """What becomes of a case, as far as it is as it was.

    A hand-over that is accepted counts from its own rung now; and one that is refused lets the case be where those who are
    still asked have brought it, or whoever has gone on with it since.
    """
    case = answer(row)
    *_, support = (None, *case.tasks_of("support"))
    now = {
        "owner": case.owner,
        "owner_role": case.owner_role,
        "hand_overs": [task.to for task in case.hand_overs],
        "support": support and support.to,
        "accepted": support is not None and support.accepted,
    }
    moved = {"state": case.state, "rung": case.rungs["handling"]}
    return now | {name: moved[name] for name in SAME[row["do"]]}


SAME = {"withdraw": ("state", "rung"), "accept": ("state",), "refuse": ("rung",)}


def test_no_entry_of_a_history_is_shown_by_an_event_that_there_is_no_more() -> None:
    entries = [entry for stored in lines(FORM, "cases") for entry in stored["history"]["entries"]]
    shown = [show_entry(entry) for entry in entries]
    events = set(cases.ADAPTER.json_schema()["discriminator"]["mapping"])
    assert {one["event"] for one in shown if one["event"].startswith("case.")} <= events
    support = [one for one in shown if one["facts"].get("task") == "support"]
    assert {one["event"] for one in support} >= {"case.task_sent", "case.task_accepted", "case.task_refused"}
    assert [(one["number"], one["hash"]) for one in shown] == [
        (one["number"], one["hash"]) for one in entries
    ]
