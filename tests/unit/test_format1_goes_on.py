"""What the first format left on its way is handled, and its histories are shown in the present words."""

import copy
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.formats import read_record, show_entry
from services.common.kafka.batch import Batch, Received
from services.common.kafka.dead_letters import replay_topic
from services.common.kafka.outbox import OutboxPublisher
from services.common.kafka.positions import Record
from services.common.store.history import broken
from services.common.store.write_path import Store
from services.routing import api
from services.routing.api import reading
from services.routing.domain.case import Case
from services.routing.domain.open_cases import OpenCases
from services.routing.domain.world import World
from services.routing.handlers import TOPICS, Handler, revive
from services.routing.store.cases import Cases
from services.routing.store.texts import TextRepository
from tests import formats
from tests.casework import patterns
from tests.fakes import MemoryLog
from tests.format1 import FORM
from tests.formats import TOPICS as ALL_TOPICS
from tests.formats import Json, Kept, ListedDocuments, RecordedReader

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
FIRST_WORDS = ("clock", "climb", "offered", "desk", "case.handed_over", "case.accepted", "case.returned")
"""Names that an entry of a history had, and has no more when it is shown."""


def lines(name: str) -> tuple[Json, ...]:
    return formats.lines(FORM, name)


class Routing:
    """The service's handler on one case, in memory."""

    def __init__(self, case: Json) -> None:
        self.log = MemoryLog()
        self.documents = ListedDocuments({UUID(case["_id"]): copy.deepcopy(case)})
        self.store = Store(
            Case,
            self.documents,
            OutboxPublisher(self.log),
            lambda: NOW,
            lambda: None,
            revive,
            wall=lambda: NOW,
        )
        kept = Kept.read(FORM)
        open_cases = OpenCases(lambda _case: True)
        self.cases = Cases(
            self.store,
            lambda: World(kept.directory_without(), kept.compiled, open_cases.workload, NOW),
            open_cases,
        )
        self.words = TextRepository(kept.texts), TextRepository(kept.customers)
        reader: Any = RecordedReader()
        self.handler = Handler(self.cases, *self.words, self._reach_out, reader)
        self.handler.loaded.set()

    async def _reach_out(self, _asked: Any) -> None: ...


def with_kept_records() -> Json:
    """A case with records that came before their turn."""
    return next(
        one for one in lines("cases") if one["held"] and not any("awaits" in held for held in one["held"])
    )


def missing_before(case: Json) -> Json:
    [first, *_] = case["held"]
    return next(
        one
        for one in lines("records")
        if (one["topic"], one["key"]) == (first["stream"], case["_id"])
        and json.loads(one["value"])["seq"] == first["seq"] - 1
    )


async def test_an_outbox_of_the_first_format_goes_out_as_it_was_written() -> None:
    owing = [one for one in lines("cases") if one["outbox"]]
    assert owing
    for case in owing:
        routing = Routing(case)
        await routing.store.look_after_leftovers()
        await routing.store.publisher.flush()
        sent = [(topic, value) for topic, values in routing.log.topics.items() for _, value in values]
        assert [value.decode() for _, value in sent] == [event["body"] for event in case["outbox"]]
        assert [str(read_record(topic, ALL_TOPICS[topic], value).id) for topic, value in sent] == [
            event["id"] for event in case["outbox"]
        ]
        [after] = routing.documents.documents.values()
        assert after["outbox"] == []


async def test_records_held_for_the_one_before_them_are_applied_once_it_comes() -> None:
    case = with_kept_records()
    routing, missing = Routing(case), missing_before(case)
    raw = missing["value"].encode()
    message = read_record(missing["topic"], TOPICS[missing["topic"]], raw)
    received = Received(missing["topic"], missing["partition"], missing["offset"], message, raw)
    outcomes = await routing.handler.handle([received])
    assert [outcome.kind for outcome in outcomes] == ["applied"] * (1 + len(case["held"]))
    assert [outcome.cause.seq for outcome in outcomes[1:]] == [held["seq"] for held in case["held"]]


async def test_a_contact_that_comes_again_changes_nothing_of_its_case() -> None:
    taken = [case for case in lines("cases") if case["state"]]
    assert taken
    for case in taken:
        routing = Routing(case)
        before = copy.deepcopy(routing.documents.documents)
        contacts = [
            record(one) for one in lines("records") if (one["topic"], one["key"]) == ("contacts", case["_id"])
        ]
        result = await Batch("routing", "", TOPICS, routing.handler.handle).work(contacts)
        assert {outcome.kind for outcome in result.outcomes} == {"duplicate"}
        assert routing.documents.documents == before


async def test_a_dead_letter_of_the_first_format_is_handled_when_it_is_replayed() -> None:
    case = with_kept_records()
    routing, missing = Routing(case), missing_before(case)
    [letter] = [
        one for one in lines("records") if one["topic"] == "routing.dead" and one["key"] == case["_id"]
    ]
    again = {**letter, "topic": replay_topic("routing")}
    result = await Batch("routing", "", TOPICS, routing.handler.handle).work([record(missing), record(again)])
    assert result.dead == []
    assert {outcome.kind for outcome in result.outcomes} == {"applied", "duplicate"}


@pytest.mark.parametrize("topic", ["routing.waiting", "notify.waiting"])
def test_what_waits_elsewhere_reads_as_what_it_was(topic: str) -> None:
    waiting = [one for one in lines("records") if one["topic"] == topic]
    for one in waiting:
        origin = one["headers"]["redress-origin"].split("/")[0]
        assert str(read_record(origin, ALL_TOPICS[origin], one["value"].encode()).case_id) == one["key"]
    assert waiting


def record(stored: Json) -> Record:
    headers = tuple((name, value.encode()) for name, value in stored.get("headers", {}).items())
    key, value, at = stored["key"].encode(), stored["value"].encode(), int(NOW.timestamp() * 1000)
    place = (stored["topic"], stored["partition"], stored["offset"])
    return Record(*place, at, 0, key, value, None, len(key), len(value), headers)


def test_no_entry_is_shown_in_the_words_of_the_first_format_and_none_is_rewritten() -> None:
    for stored in lines("cases"):
        entries = copy.deepcopy(stored["history"]["entries"])
        shown = [show_entry(entry) for entry in entries]
        assert entries == stored["history"]["entries"]
        assert [(one["number"], one["hash"]) for one in shown] == [
            (one["number"], one["hash"]) for one in entries
        ]
        assert [one for one in shown if in_first_format(one)] == []
    changed = [
        one for stored in lines("cases") for one in stored["history"]["entries"] if in_first_format(one)
    ]
    assert len(changed) > 20


def in_first_format(entry: Json) -> bool:
    said = json.dumps({name: entry[name] for name in ("actor", "event", "facts")}, ensure_ascii=False)
    return any(word in said for word in FIRST_WORDS)


async def test_a_case_is_shown_with_its_whole_history_in_the_present_words_and_rests_as_it_was() -> None:
    [long] = {page["key"] for page in lines("case_history")}
    case = next(one for one in lines("cases") if one["_id"] == long)
    routing = Routing(case)
    routing.documents.pages |= {page["_id"]: page for page in lines("case_history")}
    depends = api.Dependencies(routing.cases, routing.documents, *routing.words, patterns())
    reader = depends.directory().people[case["state"]["owner"]]
    shown = json.loads(bytes((await reading._case(UUID(long), reader, depends)).body))  # noqa: SLF001
    assert [entry["number"] for entry in shown["history"]] == list(range(1, case["history"]["count"] + 1))
    assert not any(in_first_format(entry) for entry in shown["history"])
    stored = (await routing.documents.load([UUID(long)]))[UUID(long)]
    whole = [*await routing.documents.past(UUID(long)), *stored["history"]["entries"]]
    assert broken(whole, stored["history"]["head"]) is None
