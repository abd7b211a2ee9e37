"""What earlier formats wrote is read as the present one, and means what it meant."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from schemas import cases, deadlines, policies
from schemas.formats import FORMAT, posted, read_record
from services.common.store.codec import from_stored, to_stored
from services.common.store.decision import Change
from services.common.store.history import broken
from services.intake.domain import Identity, read_contact
from services.notify.domain.delivery import Delivery
from services.notify.domain.texts import find, render
from services.routing.domain.case import Case
from services.routing.domain.draft import ESCALATIONS
from services.routing.domain.open_cases import OpenCases
from services.routing.domain.policies import Policies
from services.routing.domain.rebase import Rebase, rebase
from services.routing.domain.replies import allowed
from services.routing.domain.world import World
from tests.casework import gtmc
from tests.formats import DOCUMENTS, EARLIER, TOPICS, Json, Kept, lines, read, records_of

NOW = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
SAID_ONCE = {"channel", "region", "confirmed", "tasks", "owner_place", "asked"}
"""What a case says and its events did not, or not of all tasks."""
UNSAID = {"accepted": False, "via": "assignment", "giver": ""}
"""What they did not say of a task."""


def states(form: str) -> list[Case]:
    """The cases of a format, of those that were opened."""
    found = (from_stored(stored, Case).state for stored in lines(form, "cases"))
    return [state for state in found if state is not None]


def world(form: str, **changes: Any) -> World:
    kept = Kept.read(form)
    compiled = changes.get("policies", kept.compiled)
    return World(kept.directory_without(), compiled, OpenCases(lambda _case: True).workload, NOW)


@pytest.mark.parametrize("form", EARLIER)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_becomes_its_model(form: str, name: str) -> None:
    found = [from_stored(stored, DOCUMENTS[name]) for stored in lines(form, name)]
    assert [str(document.key) for document in found] == [stored["_id"] for stored in lines(form, name)]
    assert any(document.state is not None or document.backlog.first for document in found)
    for document in found:
        again = from_stored(json.loads(json.dumps(to_stored(document))), DOCUMENTS[name])
        assert again.state == document.state


@pytest.mark.parametrize("form", EARLIER)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_record_is_valid(form: str, topic: str) -> None:
    assert [read(one) for one in records_of(form, topic)]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_record_of_the_present_format_passes_untouched(topic: str) -> None:
    for record in records_of("format2", topic):
        present = read(record).model_dump_json()
        assert read_record(topic, Untouched(), present.encode()) == present  # type: ignore[arg-type]


class Untouched:
    """Reads a record as it is handed on to whoever validates it."""

    def validate_json(self, value: bytes) -> str:
        return value.decode()


def test_no_text_of_a_customer_passes_for_the_mark_of_a_format() -> None:
    [first, *_] = records_of("format2", "contacts")
    said = {**json.loads(first["value"]), "narrative": f'"format":{FORMAT}', "flags": {"fire": None}}
    contact = read_record("contacts", TOPICS["contacts"], json.dumps(said).encode())
    assert (contact.narrative, contact.flags) == (f'"format":{FORMAT}', {})


@pytest.mark.parametrize("form", EARLIER)
@pytest.mark.parametrize("topic", [cases.TOPIC, ESCALATIONS, deadlines.TOPIC])
def test_everything_that_is_asked_is_asked_at_a_place(form: str, topic: str) -> None:
    tasks = [task for one in records_of(form, topic) for task in read(one).header.tasks]
    assert {task.where for task in tasks} >= {"manufacturer"}
    for task in tasks:
        assert task.place or task.where == "manufacturer"
        assert task.moves_owner == (task.task == "hand_over")


@pytest.mark.parametrize("form", EARLIER)
def test_the_last_event_of_a_case_says_of_it_what_its_document_says(form: str) -> None:
    compared = 0
    for stored in lines(form, "cases"):
        state, last = from_stored(stored, Case).state, _last_header(form, stored)
        if state is None or last is None:
            continue
        own = state.header
        assert last.model_dump(exclude=SAID_ONCE) == own.model_dump(exclude=SAID_ONCE)
        for kind in {task.task for task in own.tasks}:
            [newest, *_] = [task for task in reversed(own.tasks) if task.task == kind]
            assert newest.model_copy(update=UNSAID) in [task.model_copy(update=UNSAID) for task in last.tasks]
        assert {task.task_id for task in last.tasks} <= {task.task_id for task in own.tasks}
        compared += len(last.tasks)
    assert compared > 10


def _last_header(form: str, stored: Json) -> cases.CaseHeader | None:
    """What the last event of a case that was published or waits to be says of it."""
    numbers = stored.get("published") or stored.get("seqs") or {}
    owed = [json.loads(one["body"]) for one in stored["outbox"] if one["topic"] == cases.TOPIC]
    bodies = [
        json.loads(one["value"]) for one in records_of(form, cases.TOPIC) if one["key"] == stored["_id"]
    ]
    found = [one for one in (*bodies, *owed) if one["seq"] == numbers.get(cases.TOPIC)]
    # What followed a further contact was told without an event: none then says of the case what it is now.
    if not found or found[-1]["type"] == "case.contact_added":
        return None
    body = json.dumps(found[-1])
    told: cases.CaseHeader = read({"topic": cases.TOPIC, "value": body}).header
    return told


@pytest.mark.parametrize("form", EARLIER)
def test_the_tasks_of_a_case_have_each_an_id(form: str) -> None:
    tasks = [task for state in states(form) for task in state.tasks]
    assert len({task.task_id for task in tasks}) == len(tasks) > 20
    assert {task.task for task in tasks} >= {"hand_over", "support"}


@pytest.mark.parametrize("form", EARLIER)
def test_what_escalated_stands_for_the_breaches_that_it_answers(form: str) -> None:
    escalated = 0
    for state in states(form):
        deadlines_of = {breach.id: breach.deadline for breach in state.breaches}
        for task in state.tasks:
            assert bool(task.breaches) == (task.deadline is not None) == (task.ladder is not None)
            if task.breaches:
                assert deadlines_of[task.breaches[0]] == task.deadline
                escalated += 1
    assert escalated > 3


@pytest.mark.parametrize("form", EARLIER)
def test_of_a_case_that_is_over_nothing_is_asked(form: str) -> None:
    over = [state for state in states(form) if state.is_over]
    assert over
    assert [task for state in over for task in state.tasks] == []
    assert all(state.ended_at is not None for state in over)


def test_hand_overs_that_stood_before_one_another_all_wait() -> None:
    before = {stored["_id"]: stored["state"] for stored in lines("format2", "cases")}
    deepest = 0
    for state in states("format2"):
        chain: list[Json] = []
        part = before[str(state.id)]["hand_over"]
        while part is not None and not state.is_over:
            chain.insert(0, part)
            part = part["previous"]
        assert [task.to for task in state.hand_overs] == [one["to"] for one in chain]
        assert not any(task.accepted for task in state.hand_overs)
        deepest = max(deepest, len(chain))
    assert deepest == 3


def test_support_that_was_declined_is_asked_of_the_one_who_followed_alone() -> None:
    before = {stored["_id"]: stored["state"] for stored in lines("format2", "cases")}
    support = {str(state.id): state.tasks_of("support") for state in states("format2") if not state.is_over}
    declined = {name: tasks for name, tasks in support.items() if any(task.declined for task in tasks)}
    assert declined
    for name, tasks in declined.items():
        assert [task.to for task in tasks] == [before[name]["support"]["to"]]
    twice = [tasks for tasks in support.values() if len(tasks) == 2]
    assert {tuple(task.accepted for task in tasks) for tasks in twice} == {(True, False), (False, False)}


@pytest.mark.parametrize("form", EARLIER)
def test_whoever_was_asked_may_say_so(form: str) -> None:
    answered = 0
    for state in states(form):
        for task in state.tasks:
            if task.to.startswith("queue:") or Kept.read(form).directory_without().person(task.to) is None:
                continue
            verbs = allowed(state, task.to, world(form)).get(task.task_id, [])
            assert verbs
            assert ("accept" in verbs) == (not task.accepted and task.task != "confirm")
            answered += 1
    assert answered > 10


@pytest.mark.parametrize("form", EARLIER)
def test_every_case_goes_on_by_a_policy_of_the_present_format(form: str) -> None:
    known = Policies(default="gtmc", ready=dict(Kept.read(form).compiled.ready))
    known.follow(gtmc())
    gone_on = 0
    for state in states(form):
        if state.policy == "gtmc" and not state.is_over and state.policy_key in known:
            change = rebase(state, Rebase(policy_key=gtmc().key), uuid4(), world(form, policies=known))
            assert isinstance(change, Change)
            assert [(task.to, task.where) for task in change.state.tasks if task in change.state.tasks][
                : len(state.tasks)
            ] == [(task.to, task.where) for task in state.tasks]
            gone_on += 1
    assert gone_on > 10


@pytest.mark.parametrize("form", EARLIER)
def test_every_message_that_waits_can_be_written_from_what_it_kept(form: str) -> None:
    versions, written = Kept.read(form).versions, 0
    for stored in lines(form, "deliveries"):
        state = from_stored(stored, Delivery).state
        if state is not None and state.policy in versions:
            policy = versions[state.policy].policy
            facts = {"name": "", **state.facts}
            assert render(find(policy, state.template), state.medium, state.language, facts)
            written += 1
    assert written > 10


@pytest.mark.parametrize("form", EARLIER)
def test_every_policy_keeps_the_version_under_which_it_was_published(form: str) -> None:
    published = {one["key"]: read(one) for one in records_of(form, policies.TOPIC)}
    assert {policies.key(one) for one in published.values()} == set(published)
    assert {one.first_format for one in published.values()} == {2}
    assert set(published) == set(Kept.read(form).compiled.ready)


def test_every_history_of_format_2_verifies() -> None:
    for kind in DOCUMENTS:
        for stored in lines("format2", kind):
            assert broken(stored["history"]["entries"], stored["history"]["head"]) is None


@pytest.mark.parametrize("post", lines("format2", "posted"), ids=lambda one: one["key"])
def test_a_contact_that_is_posted_again_has_the_ids_that_it_had(post: Json) -> None:
    contact, _ = read_contact(post["body"], datetime.fromisoformat(post["now"]))
    identity = Identity.of(post["caller"], post["key"], contact)
    assert (str(identity.case_id), str(identity.contact_id), identity.case_number) == (
        post["case_id"], post["contact_id"], post["case_number"],
    )  # fmt: skip


def test_what_could_not_be_said_yet_changes_the_id_of_a_contact() -> None:
    [first, *_] = lines("format2", "posted")
    bare, _ = read_contact(first["body"], datetime.fromisoformat(first["now"]))
    told, _ = read_contact({**first["body"], "form": {"mileage": 5}}, datetime.fromisoformat(first["now"]))
    assert posted(bare.model_dump(mode="json")) != posted(told.model_dump(mode="json"))
