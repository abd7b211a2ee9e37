"""What the first format wrote is read, verified and gone on with, under the same ids."""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import pytest

from schemas import cases, deadlines, directory, outreach, policies
from services.common.kafka.dead_letters import DIGEST, ORIGIN
from services.common.kafka.positions import Place
from services.common.store.codec import from_stored
from services.common.store.decision import S
from services.common.store.document import Document
from services.common.store.history import broken
from services.routing.domain.case import Case
from services.routing.domain.seals import seal
from services.sla.domain.state import Deadlines
from tests import formats
from tests.format1 import ACTED, FORM, REPLIED, Replay
from tests.formats import DOCUMENTS, Json, Kept, read, records_of

LATER = {"case.acted", "case.reopened", "case.task_withdrawn", "case.reassigned"}
"""What is told besides of the same steps today: who did it, that a case goes on, what becomes of who waits beside another."""


def lines(name: str) -> tuple[Json, ...]:
    return formats.lines(FORM, name)


STEPS = lines("steps")


def documents(name: str, state: type[S]) -> list[Document[S]]:
    return [from_stored(stored, state) for stored in lines(name)]


def test_a_queue_has_its_present_name_wherever_it_was_named() -> None:
    cases_read = [document.state for document in documents("cases", Case) if document.state]
    texts = [one.model_dump_json() for one in (*cases_read, *map(read, records_of(FORM, cases.TOPIC)))]
    assert sum("queue:nowhere:operator" in text for text in texts) >= 6
    assert [text for text in texts if "desk:" in text] == []


def test_what_a_case_can_leave_behind_is_there() -> None:
    found = documents("cases", Case)
    states = {document.state.state for document in found if document.state}
    assert len(states) == 9
    assert any(document.outbox.events for document in found)
    assert any("awaits" in record for document in found for record in document.backlog.waiting)
    assert any("awaits" not in record for document in found for record in document.backlog.pending)
    assert any(document.backlog.parked for document in found)


@pytest.mark.parametrize(
    ("topic", "count"), [(cases.TOPIC, 12), (deadlines.TOPIC, 9), (outreach.TOPIC, 2), (directory.TOPIC, 6)]
)
def test_no_kind_of_record_that_this_format_had_is_missing(topic: str, count: int) -> None:
    assert len({type(read(one)) for one in records_of(FORM, topic)}) == count


@pytest.mark.parametrize("topic", ["routing.dead", "routing.waiting", "notify.waiting"])
def test_what_failed_or_waits_elsewhere_says_where_the_whole_of_it_stands(topic: str) -> None:
    aside = [one for one in lines("records") if one["topic"] == topic]
    assert aside
    for record in aside:
        headers = record["headers"]
        whole = Kept.read(FORM).record(Place.parse(headers[ORIGIN])._asdict())["value"]
        digest = sha256(whole.encode()).hexdigest()
        assert digest == headers[DIGEST] if DIGEST in headers else whole == record["value"]


def test_every_policy_compiles_and_keeps_the_version_under_which_it_was_published() -> None:
    kept = Kept.read(FORM)
    keys = {one["key"] for one in records_of(FORM, policies.TOPIC)}
    assert len(keys) == 2
    assert {name for name in keys if name in kept.compiled} == keys


def test_every_history_verifies_from_its_first_entry_to_its_head() -> None:
    paged = 0
    for kind in DOCUMENTS:
        for stored in lines(kind):
            past = _past(stored["_id"]) if kind == "cases" else []
            paged += len(past)
            history = stored["history"]
            assert broken([*past, *history["entries"]], history["head"]) is None
            assert len(past) + len(history["entries"]) == history["count"]
    assert paged


def _past(case: str) -> list[Json]:
    """The entries that left the document of a case, oldest first."""
    pages = sorted(lines("case_history"), key=lambda page: str(page["_id"]))
    return [entry for page in pages if page["key"] == case for entry in page["entries"]]


def test_the_words_kept_are_those_that_were_sealed() -> None:
    kept = {one["_id"]: one for name in ("texts", "customers") for one in lines(name)}
    seals = {(facts[kind], facts[f"{kind}_seal"]) for facts, kind in _sealed(_entries())}
    assert len(seals) > 100
    assert [name for name, published in seals if published != _seal(kept[name])] == []


def _entries() -> Iterable[Json]:
    yield from (entry for page in lines("case_history") for entry in page["entries"])
    yield from (entry for stored in lines("cases") for entry in stored["history"]["entries"])


def _sealed(entries: Iterable[Json]) -> Iterable[tuple[Json, str]]:
    for entry in entries:
        yield from ((entry["facts"], kind) for kind in ("text", "customer") if entry["facts"].get(kind))


def _seal(record: Json) -> str:
    return seal(bytes.fromhex(record["key"]), record["words"])


def steps(*services: str, by_people: bool = False) -> list[Any]:
    """The steps of some services, what people did or all else, by what they are about."""
    found = [(number, one) for number, one in enumerate(STEPS) if one["service"] in services]
    return [
        pytest.param(one, id=f"{number} {one['service']} {one['about']}")
        for number, one in found
        if (one.get("action", {}).get("name") in {*ACTED, *REPLIED}) == by_people
    ]


@pytest.mark.parametrize("step", steps("sla", "notify"))
async def test_a_step_leads_to_the_same_ids_and_the_same_history(step: Json) -> None:
    led_to = await Replay(step, Kept.read(FORM)).take()
    assert led_to == {name: step[name] for name in ("events", "documents", "history_head")}


@pytest.mark.parametrize("step", steps("routing"))
async def test_what_becomes_of_a_case_is_told_as_it_was(step: Json) -> None:
    replay = Replay(step, Kept.read(FORM))
    led_to = await replay.take()
    told, before = replay.published(), replay.recorded_before()
    assert [one for one in told if one in before or one[1] not in LATER] == before
    assert led_to["documents"] == step["documents"]
    asked = {one["id"] for one in step["events"] if one["topic"] == outreach.TOPIC}
    assert {one["id"] for one in led_to["events"] if one["topic"] == outreach.TOPIC} == asked
    if not step["events"]:
        assert led_to["history_head"] == step["history_head"]


@pytest.mark.parametrize("step", steps("routing", by_people=True))
async def test_what_people_did_they_may_do_still_and_it_is_told_as_it_was(step: Json) -> None:
    replay = Replay(step, Kept.read(FORM))
    await replay.take()
    told, before = replay.published(), replay.recorded_before()
    assert [one for one in told if one in before or one[1] not in LATER] == before != []
    assert replay.refused is None


@pytest.mark.parametrize(
    "lacking",
    ["passed", "unmanned", "alarms", "offer", "support", "breaches", "revised", "owner_post", "promises"],
)
def test_a_case_from_before_a_field_was_added_has_its_default(lacking: str) -> None:
    for stored in lines("cases"):
        if stored["state"]:
            early = {name: value for name, value in stored["state"].items() if name != lacking}
            assert from_stored({**stored, "state": early}, Case).state is not None


def test_deadlines_from_before_they_rested_as_text_are_read() -> None:
    for stored in lines("deadlines"):
        if stored["state"]:
            early = stored["state"] | {
                name: json.loads(stored["state"][name]) for name in ("header", "clocks")
            }
            assert from_stored({**stored, "state": early}, Deadlines) == from_stored(stored, Deadlines)


async def test_a_record_that_was_applied_before_changes_nothing_when_it_comes_again() -> None:
    again = [step for step in STEPS if step["service"] == "routing" and "record" in step]
    assert again
    for step in again:
        record = Kept.read(FORM).record(step["record"])
        [stored] = [one for one in lines("cases") if one["_id"] == record["key"]]
        if stored["held"] or stored["parked"]:
            continue
        led_to = await Replay({**step, "before": stored}, Kept.read(FORM)).take()
        events = [event for event in led_to["events"] if event["topic"] != outreach.TOPIC]
        assert (events, led_to["history_head"]) == ([], stored["history"]["head"])
