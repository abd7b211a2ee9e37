"""An open case goes on by another version where a person says so, or is refused with what has no counterpart."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.policies import Policy
from schemas.rebase import RebaseSpec
from services.common.store.decision import Change, Refusal
from services.routing.domain.case import FormRecord
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.rebase import Rebase
from tests.casework import Casework, gtmc


def another(**changes: Any) -> CompiledPolicy:
    """A version of the policy of tests, checked as every policy is."""
    given = {name: getattr(gtmc().content, name) for name in Policy.model_fields}
    policy = Policy.model_validate(given | changes)
    return CompiledPolicy(policy, policy.version)


def renamed(**names: str) -> CompiledPolicy:
    """The policy with other names, and nothing that says what became of those of before."""
    text = gtmc().content.model_dump_json()
    for name, new in names.items():
        text = text.replace(f'"{name}"', f'"{new}"')
    policy = Policy.model_validate_json(text)
    return CompiledPolicy(policy, policy.version)


def rebasing(casework: Casework, target: CompiledPolicy) -> Rebase:
    casework.policies.put(target.key, target)
    return Rebase(policy_key=target.key, by="li", reason="ninety minutes for all")


def test_who_lets_it_go_on_and_why_stands_in_its_history() -> None:
    casework, target = Casework(), another(title={"zh": "另一版", "en": "another"})
    case = casework.receive()
    change = casework.decide(case, case.id, rebasing(casework, target))
    assert isinstance(change, Change)
    assert change.state.policy_key == target.key
    [entry] = [one for one in change.history if one.event == "case.rebased"]
    assert (entry.actor, entry.facts["previous"]) == ("li", case.policy_key)
    assert entry.facts["reason"] == "ninety minutes for all"
    [event] = casework.events()[-1:]
    assert (event.type, event.by, event.header.policy_version) == ("case.rebased", "li", target.version)


def test_what_has_no_counterpart_is_refused_with_its_name() -> None:
    casework, target = Casework(), renamed(registered="entered")
    case = casework.receive()
    refusal = casework.decide(case, case.id, rebasing(casework, target))
    assert refusal == Refusal(409, "rebase", f"no counterpart in {target.key}: states.registered")


def test_a_name_that_the_policy_says_is_called_otherwise_goes_along() -> None:
    casework = Casework()
    target = renamed(registered="entered")
    content = target.content.model_copy(update={"rebase": RebaseSpec(states={"registered": "entered"})})
    target = replace(target, content=content, version=content.version)
    case = casework.receive()
    change = casework.decide(case, case.id, rebasing(casework, target))
    assert isinstance(change, Change)
    assert (change.state.state, change.state.stage) == ("entered", case.stage)


def test_what_was_done_filled_in_and_escalated_has_a_counterpart_or_is_refused_with_its_name() -> None:
    casework = Casework()
    case, _ = casework.breach(casework.receive(), "DL-01")
    case = casework.act(case, case.owner, "try_to_reach", note="no answer")
    case = case.model_copy(update={"rungs": {"way_up": 1}, "filled": {"remark": case.filled["note"]}})
    target = renamed(try_to_reach="ring")
    refusal = casework.decide(case, case.id, rebasing(casework, target))
    assert isinstance(refusal, Refusal)
    names = refusal.detail.removeprefix(f"no counterpart in {target.key}: ").split(", ")
    assert {"actions.try_to_reach", "forms.remark", "ladders.way_up"} <= {*names}


@pytest.mark.parametrize("over", [True, False])
def test_what_is_over_or_goes_by_it_already_stays(*, over: bool) -> None:
    casework = Casework()
    case = casework.receive()
    target = another(title={"zh": "另一版", "en": "another"}) if over else gtmc()
    case = case.model_copy(update={"stage": "over"}) if over else case
    assert casework.decide(case, case.id, rebasing(casework, target)) is None


def test_channels_flags_fields_and_options_go_along_where_the_policy_says_what_they_are_called_now() -> None:
    spec = RebaseSpec(
        channels={"counter": "in_person"},
        flags={"hurt": "injury"},
        fields={"note": {"said": "note", "kept": "other"}},
        options={"note": {"other": {"vehicle": "car"}}},
    )
    casework = Casework()
    case = casework.receive()
    contacts = tuple(
        one.model_copy(update={"channel": "counter", "flags": {"hurt": True}}) for one in case.contacts
    )
    values = {"kept": ("vehicle", "dealer"), "amount": 3, "plain": "vehicle"}
    form = FormRecord(by="li", at=casework.now, values=values)
    old = {"channel": "counter", "flags": {"hurt": True}, "contacts": contacts, "filled": {"note": form}}
    content = gtmc().content.model_copy(update={"rebase": spec})
    target = CompiledPolicy(content, content.version)
    change = casework.decide(case.model_copy(update=old), case.id, rebasing(casework, target))
    assert isinstance(change, Change)
    now = change.state
    assert (now.channel, now.flags) == ("in_person", {"injury": True})
    assert [(one.channel, one.flags) for one in now.contacts] == [("in_person", {"injury": True})]
    assert now.filled["note"].values == {"other": ("car", "dealer"), "amount": 3, "plain": "vehicle"}


@pytest.mark.parametrize(
    ("spec", "where", "says"),
    [
        (
            {"fields": {"note": {"said": "words"}}},
            "rebase.fields.note.said",
            "should be one of note, not 'words'",
        ),
        (
            {"options": {"note": {"words": {}}}},
            "rebase.options.note.words",
            "should be one of note, not 'words'",
        ),
        (
            {"options": {"note": {"note": {"yes": "no"}}}},
            "rebase.options.note.note.yes",
            "should be left out: there is none, not 'no'",
        ),
        ({"fields": {"letter": {}}}, "rebase.fields.letter", "not 'letter'"),
        ({"channels": {"phone": "pigeon"}}, "rebase.channels.phone", "not 'pigeon'"),
        ({"flags": {"safety": "danger"}}, "rebase.flags.safety", "not 'danger'"),
    ],
)
def test_what_they_are_called_now_has_to_be_there(spec: dict[str, Any], where: str, says: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        another(rebase=spec)
    [error] = wrong.value.errors()
    assert ".".join(map(str, error["loc"])) == where
    assert says in error["msg"]


def test_of_two_flags_that_are_one_now_one_yes_is_a_yes() -> None:
    spec = RebaseSpec(flags={"hurt": "injury"})
    assert spec.flags_of({"hurt": True, "injury": False}) == {"injury": True}
    assert spec.flags_of({"injury": True, "hurt": False}) == {"injury": True}


def test_a_ladder_of_another_name_remembers_its_last_pass() -> None:
    casework, target = Casework(), another(rebase=RebaseSpec(ladders={"way_up": "handling"}))
    case = casework.receive().model_copy(update={"rungs": {"way_up": 1}, "passes": {"way_up": casework.now}})
    change = casework.decide(case, case.id, rebasing(casework, target))
    assert isinstance(change, Change)
    assert (change.state.rungs, change.state.passes) == ({"handling": 1}, {"handling": casework.now})
