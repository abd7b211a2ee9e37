"""Documents of earlier formats are brought to the present one at a start, and are found by their fields."""

import copy
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from deploy.local import Stack
from schemas.formats import FORMAT
from schemas.formats.first import queue_name
from services.common.runtime.health import Health
from services.common.store import mongo
from services.common.store import upgrade as upgrading
from services.common.store.codec import from_stored, to_stored
from services.common.store.mongo import Database, MongoDocuments
from services.common.store.upgrade import upgrade
from services.notify.domain.delivery import OPEN
from services.notify.store import still_open
from services.routing.domain.case import Case
from services.routing.store.cases import read_open_cases
from services.sla.store import ARMED
from tests import formats
from tests.formats import DOCUMENTS, EARLIER
from tests.stack import Names
from tests.unit.routing.test_take_over import Instance

Lines = Callable[[str], tuple[dict[str, Any], ...]]

PARTITIONS = set(range(12))
HAND_OVER = {"format1": "offer", "format2": "hand_over"}
RUNNING = {"format1": "promises", "format2": "deadlines"}
BREACHES = {"format1": "broken", "format2": "breach_count"}


@pytest.fixture(params=EARLIER)
def form(request: pytest.FixtureRequest) -> str:
    """The format that a release of before had."""
    return str(request.param)


@pytest.fixture
def lines(form: str) -> Lines:
    """What it left in each collection."""
    return partial(formats.lines, form)


@pytest.fixture
async def database(stack: Stack, lines: Lines) -> AsyncIterator[Database]:
    """A database as it left it."""
    connected = mongo.connect(stack.addresses.mongo, Names.fresh().database)
    for name in DOCUMENTS:
        await connected[name].insert_many(copy.deepcopy(list(lines(name))))
    yield connected
    connected.client.close()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrading, "AT_ONCE", 3)


async def start(database: Database) -> Health:
    health = Health("any")
    for name, state in DOCUMENTS.items():
        documents = MongoDocuments(database, name)
        await documents.prepare()
        await upgrade(documents, state, health)
    return health


async def everything(database: Database, name: str) -> dict[str, Any]:
    return {stored["_id"]: stored async for stored in database[name].find()}


async def test_nothing_is_lost_of_a_document_and_its_version_moves_by_one(
    database: Database, lines: Lines
) -> None:
    health = await start(database)
    assert (health.troubles, health.notes) == ({}, {})
    for name, state in DOCUMENTS.items():
        assert await everything(database, name) == {
            one["_id"]: to_stored(from_stored(one, state)) for one in lines(name)
        }


async def test_every_case_that_is_not_closed_is_found_with_all_who_hold_it(
    database: Database, lines: Lines, form: str
) -> None:
    await start(database)
    found = {str(one.id): one async for one in read_open_cases(MongoDocuments(database, "cases"))}
    before = {one["_id"]: one["state"] for one in lines("cases") if one["state"]}
    assert set(found) == {key for key, state in before.items() if state["state"] != "closed"}
    for key, one in found.items():
        state, names = before[key], {task.name for task in one.responsibilities}
        parts = [state[part] for part in (HAND_OVER[form], "support") if state[part]]
        assert {queue_name(part["to"]) for part in (*parts, *state.get("tasks", ()))} <= names
        running = [each for each in state[RUNNING[form]].values() if each["status"] == "running"]
        assert len(one.running) == len(running)
    assert any(one.running for one in found.values())


def beside_state(stored: dict[str, Any]) -> Any:
    """What a document of a case has besides its state and what was seen of each stream."""
    document = from_stored(stored, Case)
    assert document.history.head == stored["history"]["head"]
    return document.history, document.outbox, document.backlog, document.applied.numbers, document.revision


async def test_cases_are_found_by_their_present_names_once_routing_has_taken_them_over(
    database: Database, lines: Lines, form: str
) -> None:
    instance = Instance()
    before = {one["_id"]: one for one in lines("cases")}
    await start(database)
    await instance.handler.take_over(MongoDocuments(database, "cases"))
    after = await everything(database, "cases")
    assert {key for key, stored in after.items() if stored.get("format") != FORMAT} == set()
    assert {key: beside_state(stored) for key, stored in after.items()} == {
        key: beside_state(stored) for key, stored in before.items()
    }
    part = HAND_OVER[form]
    receivers = {
        stored["state"][part]["to"] for stored in before.values() if (stored["state"] or {}).get(part)
    }
    held = {one.name for case in instance.casework.open_cases.cases.values() for one in case.responsibilities}
    assert {queue_name(name) for name in receivers} <= held


async def test_a_page_of_cases_shows_them_under_the_present_names(
    database: Database, lines: Lines, form: str
) -> None:
    await start(database)
    documents = MongoDocuments(database, "cases")
    part = HAND_OVER[form]
    [waiting, *_] = [one for one in lines("cases") if one["state"] and one["state"][part]]
    [found] = await documents.page({"state.number": waiting["state"]["number"]}, [("_id", 1)], 2)
    assert waiting["state"][part]["role"] in [task["role"] for task in found["state"]["tasks"]]
    assert found["state"]["breach_count"] == waiting["state"][BREACHES[form]]


async def test_open_deliveries_are_found(database: Database, lines: Lines) -> None:
    await start(database)
    found = [one async for one in still_open(MongoDocuments(database, "deliveries"), PARTITIONS)]
    unsettled = {one["_id"] for one in lines("deliveries") if one["state"]["status"] in OPEN}
    assert {str(one.id) for one in found} == unsettled != set()


async def test_armed_deadlines_are_found(database: Database, lines: Lines) -> None:
    await start(database)
    documents = MongoDocuments(database, "deadlines")
    found = {stored["_id"] async for stored in documents.find(ARMED, ["state.next_due"])}
    armed = {one["_id"] for one in lines("deadlines") if one["state"] and one["state"]["next_due"]}
    assert found == armed != set()


async def test_the_next_start_does_not_look_again(database: Database) -> None:
    await start(database)
    await database["cases"].update_many({}, {"$unset": {"format": 1}})
    await start(database)
    assert {one.get("format") for one in (await everything(database, "cases")).values()} == {None}


async def test_one_that_cannot_be_upgraded_stays_is_named_and_stops_no_other(
    database: Database, lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    broken = lines("deliveries")[1]["_id"]
    await database["deliveries"].update_one({"_id": broken}, {"$unset": {"state.template": 1}})
    before = (await everything(database, "deliveries"))[broken]
    for _ in range(2):  # it is not forgotten
        caplog.clear()
        health = await start(database)
        after = await everything(database, "deliveries")
        assert after.pop(broken) == before
        assert {one["format"] for one in after.values()} == {FORMAT}
        named = [vars(one)["document"] for one in caplog.records if "stays" in one.getMessage()]
        assert named == [broken]
        assert (health.troubles, list(health.notes)) == ({}, ["deliveries"])
        assert broken not in {
            str(one.id) async for one in still_open(MongoDocuments(database, "deliveries"), PARTITIONS)
        }


async def test_whoever_meets_a_document_that_another_instance_has_written_leaves_it(
    database: Database, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = MongoDocuments(database, "cases")
    [first, *_] = [one for one in lines("cases") if one["state"]]
    outdated, changed = MongoDocuments.outdated, to_stored(from_stored(first, Case))

    async def overtaken(self: MongoDocuments) -> AsyncIterator[dict[str, Any]]:
        async for stored in outdated(self):
            yield stored
        await documents.write([changed])
        await documents.write([{**changed, "version": changed["version"] + 1, "revision": 99}])

    monkeypatch.setattr(MongoDocuments, "outdated", overtaken)
    monkeypatch.setattr(upgrading, "AT_ONCE", 1000)
    await upgrade(documents, Case, Health("any"))
    assert (await everything(database, "cases"))[first["_id"]]["revision"] == 99
    assert {one["format"] for one in (await everything(database, "cases")).values()} == {FORMAT}
