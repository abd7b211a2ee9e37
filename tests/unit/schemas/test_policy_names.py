"""Every name that a policy says is one that it gives: another is refused at its place, with what would be right."""

from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from schemas.faults import Place, describe
from schemas.policies import Policy
from tests.casework import POLICIES

TITLE = {"zh": "", "en": ""}
CLAIM = {
    "id": "claim",
    "title": TITLE,
    "fields": [
        {"id": "sum", "kind": "money", "title": TITLE},
        {"id": "visits", "kind": "number", "title": TITLE},
        {"id": "urgent", "kind": "yes_no", "title": TITLE},
        {"id": "wants", "kind": "choice", "title": TITLE, "options": [{"id": "repair", "title": TITLE}, {"id": "refund", "title": TITLE}]},
        {"id": "since", "kind": "date", "title": TITLE},
        {"id": "gravity", "kind": "level", "title": TITLE},
        {"id": "asks", "kind": "role", "title": TITLE},
        {"id": "words", "kind": "text", "title": TITLE},
    ],
}  # fmt: skip
PERSON = {
    "id": "whom",
    "title": TITLE,
    "fields": [{"id": "who", "kind": "person", "required": True, "title": TITLE}],
}
NOTICE = {
    "id": "told",
    "when": {"type": "case.opened"},
    "to": ["owner"],
    "by": ["email"],
    "template": "raised",
    "not_after_minutes": 9,
}
TASK_DEADLINE = {
    "id": "Q-3",
    "title": TITLE,
    "source": "",
    "per_task": "verify",
    "accountable": "asked",
    "limit": {"elapsed_minutes": 9},
    "start": [{"type": "case.task_sent"}],
}
ROLES = "should be one of clerk, foreman, harbour_master, head_office"
STATES = "should be one of noted, in_hand, settled, shelved"
ACTIONS = "should be one of weigh, speak, call_for_help, remit, settle_up, shelve"
TASKS = "should be one of pass_on, back_up, consent, verify"
LEVELS = "should be one of minor, elevated, grave, dire"
FORMS = "should be one of slip, remarks, weighing, remission, claim, whom"
FIELDS = "should be one of sum, visits, urgent, wants, since, gravity, asks"
OPENED: Place = ("reactions", "opened", 0)
WEIGH: Place = ("actions", 0)
SETTLE: Place = ("actions", 4)
PASS_ON: Place = ("tasks", 0)
VERIFY: Place = ("tasks", 3)
Q1: Place = ("deadlines", 0)
NOTE: Place = ("notices", 2)


@cache
def whole_policy() -> dict[str, Any]:
    """A whole policy, which opens with a form of every kind of code; to be changed in a copy only."""
    whole: dict[str, Any] = {}
    for file in sorted((POLICIES / "quay").glob("*.yaml")):
        whole |= yaml.safe_load(file.read_text("utf-8"))
    whole["forms"] += [CLAIM, PERSON]
    whole["opening"]["form"] = "claim"
    whole["notices"].append(NOTICE)
    return whole


def faults_of(*changes: tuple[Place, Any]) -> dict[str, str]:
    """What is told of a policy with these changes, by the place."""
    whole = deepcopy(whole_policy())
    for place, value in changes:
        inner: Any = whole
        for step in place[:-1]:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
        if isinstance(inner, list) and place[-1] == len(inner):
            inner.append(value)
        else:
            inner[place[-1]] = value
    try:
        Policy.model_validate(whole)
    except ValidationError as wrong:
        return {".".join(map(str, error["loc"])): describe(error) for error in wrong.errors()}
    return {}


def at(place: Place, *more: int | str) -> str:
    return ".".join(map(str, (*place, *more)))


def test_as_it_is_nothing_is_told() -> None:
    assert faults_of() == {}


NAMES: list[tuple[Place, Any, Place, str]] = [
    # Roles.
    (("opening", "owner"), "porter", (), ROLES),
    (("last_resort",), "porter", (), ROLES),
    (("roles", 0, "stand_ins"), ["foreman", "porter"], (1,), ROLES),
    ((*WEIGH, "by"), ["porter"], (0,), "should be one of owner, clerk, foreman, harbour_master, head_office, owner:clerk, "),
    ((*WEIGH, "by"), ["owner", "owner:porter"], (1,), "owner:head_office, task:pass_on, task:back_up, task:consent, task:verify, not 'owner:porter'"),
    ((*WEIGH, "by"), ["task:verifies"], (0,), "task:verify, not 'task:verifies'"),
    ((*PASS_ON, "to"), ["clerk", "porter"], (1,), ROLES),
    ((*PASS_ON, "hand_overs"), [{"giver": "porter", "receivers": ["clerk"], "source": ""}], (0, "giver"), ROLES),
    ((*PASS_ON, "hand_overs"), [{"giver": "clerk", "receivers": ["porter"], "source": ""}], (0, "receivers", 0), ROLES),
    ((*OPENED, "send", "to"), ["porter"], (0,), ROLES.replace("of ", "of actor, ")),
    (("ladders", 0, "rungs", 1, "role"), "porter", (), ROLES),
    ((*Q1, "accountable"), "porter", (), "should be one of owner, asked, clerk, foreman, harbour_master, head_office, not 'porter'"),
    ((*NOTE, "to"), ["owner", "porter"], (1,), "should be one of owner, accountable, giver, subject, manufacturer, clerk, "),
    ((*NOTE, "to"), ["task:verifies"], (0,), "task:verify, not 'task:verifies'"),
    ((*Q1, "applies"), {"owner_role": ["porter"]}, ("owner_role", 0), ROLES),
    # Tasks.
    ((*OPENED, "send", "task"), "passon", (), TASKS),
    ((*SETTLE, "steps", 0, "withdraw"), ["pass_on", "verifies"], (1,), TASKS),
    ((*SETTLE, "refused", 0, "when"), {"waiting": ["verifies"]}, ("waiting", 0), TASKS),
    ((*OPENED, "when"), {"not_waiting": ["verifies"]}, ("not_waiting", 0), TASKS),
    (("ladders", 0, "rungs", 0, "task"), "passon", (), TASKS),
    (("severity", "confirmed_by"), "verifies", (), TASKS),
    ((*Q1, "start"), [{"type": "case.task_sent", "where": {"task": ["verifies"]}}], (0, "where", "task", 0), TASKS),
    (("deadlines", 1), {**TASK_DEADLINE, "per_task": "verifies"}, ("per_task",), TASKS),
    # Actions.
    ((*SETTLE, "refused", 0, "when"), {"done": ["speaks"]}, ("done", 0), ACTIONS),
    ((*SETTLE, "refused", 0, "when"), {"not_done": ["weigh", "speaks"]}, ("not_done", 1), ACTIONS),
    ((*SETTLE, "not_by"), ["speaks"], (0,), ACTIONS),
    ((*Q1, "stop"), [{"type": "case.acted", "where": {"action": ["speaks"]}}], (0, "where", "action", 0), ACTIONS),
    # Forms.
    (("opening", "form"), "claims", (), FORMS),
    ((*SETTLE, "form"), "word", (), FORMS),
    ((*VERIFY, "refusal"), "word", (), FORMS),
    ((*Q1, "stop"), [{"type": "case.acted", "where": {"form": ["word"]}}], (0, "where", "form", 0), FORMS),
    # States.
    ((*SETTLE, "from"), ["noted", "open"], (1,), STATES),
    ((*SETTLE, "steps", 0, "to"), "open", (), STATES),
    ((*OPENED, "when"), {"case": {"state": ["open"]}}, ("case", "state", 0), STATES),
    ((*SETTLE, "refused", 0, "when"), {"case": {"state": ["open"]}}, ("case", "state", 0), STATES),
    ((*Q1, "stop"), [{"type": "case.acted", "where": {"previous_state": ["open"]}}], (0, "where", "previous_state", 0), STATES),
    # Ladders.
    ((*Q1, "on_breach"), [{"escalate": "stairs"}], (0, "escalate"), "should be one of gangway, not 'stairs'"),
    ((*NOTE, "when"), {"type": "case.escalated", "where": {"ladder": ["stairs"]}}, ("where", "ladder", 0), "should be one of gangway"),
    # Levels.
    (("severity", "criteria", 0, "level"), "mayor", (), LEVELS),
    (("severity", "learned"), {"mayor": {}}, ("mayor",), LEVELS),
    ((*Q1, "limit_by_severity"), {"mayor": {"elapsed_minutes": 60}}, ("mayor",), "should be for elevated, grave, dire, as applies says"),
    ((*Q1, "applies"), {"suspected": ["mayor"]}, ("suspected", 0), LEVELS),
    ((*NOTE, "applies"), {"severity": ["grave", "mayor"]}, ("severity", 1), LEVELS),
    ((*OPENED, "when"), {"event": {"header.severity": ["mayor"]}}, ("event", "header.severity", 0), LEVELS),
    # Flags, channels, departments, kinds.
    (("severity", "criteria", 0, "flags"), ["fire"], (0,), "should be one of wounded, collision, not 'fire'"),
    (("severity", "criteria", 0, "corroborated_by"), ["fire"], (0,), "should be one of wounded, collision, not 'fire'"),
    (("severity", "criteria", 3, "channels"), ["outsider"], (0,), "should be one of counter, Outsider, not 'outsider'"),
    ((*NOTE, "when"), {"type": "case.opened", "where": {"channel": ["onsite"]}}, ("where", "channel", 0), "should be one of counter, Outsider"),
    ((*Q1, "applies"), {"department": ["sales"]}, ("department", 0), "should be one of deck, not 'sales'"),
    ((*Q1, "applies"), {"kind": ["complaint"]}, ("kind", 0), "should be one of gripe, not 'complaint'"),
    # Deadlines, templates.
    ((*NOTE, "when"), {"type": "deadline.breached", "where": {"deadline": ["Q-3"]}}, ("where", "deadline", 0), "should be one of Q-1, Q-2, not 'Q-3'"),
    ((*NOTE, "template"), "rise", (), "should be one of raised, wanted, not 'rise'"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "within", "says"), NAMES)
def test_a_name_that_the_policy_does_not_give_is_refused(
    place: Place, value: Any, within: Place, says: str
) -> None:
    [(where, what)] = faults_of((place, value)).items()
    assert where == at(place, *within)
    assert says in what


def test_what_there_is_none_of_is_to_be_left_out() -> None:
    wrong = faults_of((("ladders",), []))
    assert wrong == {at(Q1, "on_breach", 0, "escalate"): "should be left out: there is none, not 'gangway'"}


FORM_CONDITIONS: list[tuple[Any, str, str]] = [
    ({"colour": ["red"]}, "colour", FIELDS),
    ({"words": ["repair"]}, "words", FIELDS),
    ({"wants": ["refund", "money"]}, "wants.1", "should be one of repair, refund, not 'money'"),
    ({"gravity": ["mayor"]}, "gravity.0", f"{LEVELS}, not 'mayor'"),
    ({"asks": ["porter"]}, "asks.0", f"{ROLES}, not 'porter'"),
    ({"urgent": ["yes"]}, "urgent.0", "should be true or false, not 'yes'"),
    ({"visits": ["3"]}, "visits.0", "should be a whole number, not '3'"),
    ({"visits": [True]}, "visits.0", "should be a whole number, not True"),
    ({"sum": ["120.5"]}, "sum.0", "should be an amount such as \"120.50\", not '120.5'"),
    ({"sum": [120]}, "sum.0", 'should be an amount such as "120.50", not 120'),
    ({"since": [2026]}, "since.0", "should be a text, not 2026"),
    ({"since": {"over": 3}}, "since", "should be a list of values: a date is neither over nor under"),
    ({"wants": {"under": 3}}, "wants", "should be a list of values: a choice is neither over nor under"),
    ({"sum": {"over": -1}}, "sum.over", "should be greater than or equal to 0"),
    ({"sum": {"over": "much"}}, "sum.over", "should be a valid integer"),
    ({"sum": {"above": 5}}, "sum.above", "should be left out: there is no such field"),
    ({"sum": {}}, "sum", "should have over or under, or both"),
    ({"sum": {"over": 50, "under": 50}}, "sum.over", "should be less than under, which is 50"),
]


@pytest.mark.parametrize(("form", "where", "says"), FORM_CONDITIONS)
def test_a_condition_on_a_form_names_a_code_of_it_and_what_it_can_be(
    form: Any, where: str, says: str
) -> None:
    assert faults_of(((*OPENED, "when"), {"form": form})) == {at(OPENED, "when", "form", where): says}


@pytest.mark.parametrize(("form", "where", "says"), FORM_CONDITIONS)
def test_so_does_one_on_the_event_that_carries_it(form: dict[str, Any], where: str, says: str) -> None:
    event = {f"fields.{name}": wanted for name, wanted in form.items()}
    start = [{"type": "case.opened", "where": event}]
    assert faults_of(((*Q1, "start"), start)) == {at(Q1, "start", 0, "where", f"fields.{where}"): says}


@pytest.mark.parametrize(
    "form",
    [
        {"sum": ["120.50"]}, {"sum": {"over": 500}}, {"visits": {"over": 1, "under": 3}}, {"visits": [3]}, {"urgent": [True]},
        {"wants": ["repair", "refund"]}, {"gravity": ["grave"]}, {"asks": ["clerk"]}, {"since": ["2026-03-02"]},
    ],
)  # fmt: skip
def test_what_a_form_can_say_may_be_asked_for(form: Any) -> None:
    assert faults_of(((*OPENED, "when"), {"form": form})) == {}


def test_a_condition_asks_the_form_that_is_filled_in_there() -> None:
    asks = {"when": {"form": {"weight": ["grave"]}}, "to": "in_hand"}
    assert faults_of(((*WEIGH, "steps", 1), asks), ((*VERIFY, "answered", 1), asks)) == {}
    assert faults_of(((*OPENED[:2], 1), asks)) == {at(OPENED[:2], 1, "when", "form", "weight"): FIELDS}
    for place in (*PASS_ON, "sent"), (*Q1, "on_breach"), ("reactions", "graver"):
        [(where, says)] = faults_of((place, [asks])).items()
        assert (where, says) == (at(place, 0, "when", "form", "weight"), "should be left out: there is none")


def test_what_escalates_asks_what_has_occurred_once_the_shop_is_open() -> None:
    asks = {"when": {"event": {"repeat": [1]}}}
    assert faults_of(((*Q1, "on_breach", 1), asks | {"to": "in_hand"})) == {}
    wrong = faults_of(((*Q1, "on_breach", 1), asks | {"escalate": "gangway"}))
    assert "late" not in wrong[at(Q1, "on_breach", 1, "when", "event", "repeat")]


def test_of_the_actions_named_only_the_forms_count() -> None:
    stop = [{"type": "case.acted", "where": {"action": ["speak"], "fields.weight": ["grave"]}}]
    assert faults_of(((*Q1, "stop"), stop)) == {
        at(Q1, "stop", 0, "where", "fields.weight"): "should be left out: there is none"
    }
    stop = [{"type": "case.acted", "where": {"action": ["speak", "weigh"], "fields.weight": ["grave"]}}]
    assert faults_of(((*Q1, "stop"), stop)) == {}


@pytest.mark.parametrize(
    ("place", "judge", "name", "says"),
    [
        ((*WEIGH, "steps", 0), {"level": "gravity", "reason": "grounds"}, "level", "should be one of weight, not 'gravity'"),
        ((*WEIGH, "steps", 0), {"level": "weight", "reason": "weight"}, "reason", "should be one of grounds, not 'weight'"),
        ((*VERIFY, "answered", 0), {"level": "grounds", "reason": "grounds"}, "level", "should be one of weight, not 'grounds'"),
        ((*SETTLE, "steps", 0), {"level": "remarks", "reason": "remarks"}, "level", "should be left out: there is none, not 'remarks'"),
        (("reactions", "opened", 0), {"level": "gravity", "reason": "words"}, "level", "should be left out: there is none"),
    ],
)  # fmt: skip
def test_a_judgement_is_by_a_level_that_somebody_has_to_fill_in(
    place: Place, judge: dict[str, str], name: str, says: str
) -> None:
    assert says in faults_of((place, {"judge": judge}))[at(place, "judge", name)]


def test_a_task_is_asked_of_somebody() -> None:
    nobody = "should be given: nobody is named whom it is asked of"
    send = {"send": {"task": "verify"}}
    assert faults_of(((*VERIFY, "to"), [])) == {at(VERIFY, "to"): nobody}
    for place in (*SETTLE, "steps", 1), OPENED:
        assert faults_of(((*VERIFY, "to"), []), (place, send)) == {at(VERIFY, "to"): nobody}
    actor = "should be roles, not 'actor': nobody takes an action here"
    assert faults_of(((*OPENED, "send", "to"), ["actor"])) == {at(OPENED, "send", "to"): actor}
    told = ((*SETTLE, "steps", 1), {"send": {"task": "verify", "to": ["actor"]}})
    assert faults_of(told) == {}
    another = "should be roles, not 'actor': verify is answered by another than who asks"
    assert faults_of(told, ((*VERIFY, "by_another"), True)) == {at(SETTLE, "steps", 1, "send", "to"): another}
    beside = ((*SETTLE, "steps", 1), {"send": {"task": "verify", "to": ["actor", "clerk"]}})
    alone = "should be 'actor' alone or roles alone: whoever acts is asked before any of the roles"
    assert faults_of(beside) == {at(SETTLE, "steps", 1, "send", "to"): alone}
    spare: tuple[Place, Any] = (("tasks", 4), {"id": "spare", "title": TITLE, "source": ""})
    assert faults_of(spare) == faults_of(spare, ((*OPENED, "send"), {"task": "spare", "to": ["clerk"]})) == {}


def test_who_is_named_is_named_with_role_and_shop() -> None:
    send = ((*SETTLE, "steps", 1), {"send": {"task": "pass_on"}})
    says = "should have required fields of kinds shop, role beside the person"
    assert faults_of(((*SETTLE, "form"), "whom"), send) == {at(SETTLE, "form"): says}


@pytest.mark.parametrize("step", [{"ask": "others"}, {"as_suspected": True}])
def test_a_step_about_a_task_stands_where_there_is_one(step: dict[str, Any]) -> None:
    for place in (*WEIGH, "steps", 0), OPENED, (*Q1, "on_breach", 0):
        assert faults_of((place, step)) == {at(place, *step): "should be left out: no task comes with it"}
    assert (
        faults_of(((*PASS_ON, "refused"), [step]), (("deadlines", 1), {**TASK_DEADLINE, "on_breach": [step]}))
        == {}
    )


def test_a_ladder_asks_or_tells() -> None:
    says = "should be given, as on another rung: a ladder either asks or only tells"
    assert faults_of((("ladders", 0, "rungs", 1), {"role": "clerk"})) == {"ladders.0.rungs.1.task": says}
    assert faults_of((("ladders", 0, "rungs"), [{"role": "foreman"}, {"role": "head_office"}])) == {}
