"""The fake documents and the real ones keep the same contract."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from pymongo.errors import DocumentTooLarge

from deploy.local import Stack
from services.common.runtime.failures import TRANSIENT
from services.common.store import mongo
from services.common.store.codec import backlog_of
from services.common.store.history import Page
from services.common.store.mongo import Database, MongoDocuments, MongoRecords
from tests.fakes import MemoryDocuments, MemoryRecords
from tests.stack import Names

Adapter = MongoDocuments | MemoryDocuments
REAL = pytest.param("real", marks=pytest.mark.real)


@pytest.fixture(params=["fake", REAL])
def documents(request: pytest.FixtureRequest) -> Adapter:
    return MemoryDocuments() if request.param == "fake" else request.getfixturevalue("mongo_documents")


@pytest.fixture
async def mongo_documents(database: Database) -> MongoDocuments:
    documents = MongoDocuments(database, "things", "things_past")
    await documents.prepare()
    return documents


@pytest.fixture(params=["fake", REAL])
def records(request: pytest.FixtureRequest) -> MongoRecords | MemoryRecords:
    if request.param == "fake":
        return MemoryRecords()
    return MongoRecords(request.getfixturevalue("database"), "texts")


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    database = mongo.connect(stack.addresses.mongo, Names.fresh().database)
    yield database
    database.client.close()


def stored(key: UUID, version: int, *events: str, **state: Any) -> dict[str, Any]:
    outbox = [{"id": event, "topic": "t", "key": str(key), "body": "{}"} for event in events]
    return {
        "_id": str(key),
        "version": version,
        "state": state,
        "outbox": outbox,
        "pending": [],
        "waiting": [],
        "parked": None,
    }


async def test_a_document_is_found_as_it_was_written(documents: Adapter) -> None:
    key = uuid4()
    assert await documents.write([stored(key, 1, "e1", total=5)]) == set()
    assert await documents.load([key, uuid4()]) == {key: stored(key, 1, "e1", total=5)}


async def test_a_lost_race_is_named_by_its_index_and_changes_nothing(documents: Adapter) -> None:
    mine, other = uuid4(), uuid4()
    await documents.write([stored(mine, 1, total=1)])
    lost = await documents.write([stored(other, 1), stored(mine, 1, total=9), stored(mine, 3, total=9)])
    assert lost == {1, 2}
    assert (await documents.load([mine]))[mine] == stored(mine, 1, total=1)
    assert other in await documents.load([other])


async def test_the_next_version_replaces_the_last(documents: Adapter) -> None:
    key = uuid4()
    await documents.write([stored(key, 1, total=1)])
    assert await documents.write([stored(key, 2, total=2)]) == set()
    assert (await documents.load([key]))[key] == stored(key, 2, total=2)


@pytest.mark.parametrize("size", [15 * 1024 * 1024, 17_000_000, 60_000_000])
async def test_a_document_too_large_for_the_store_is_refused_and_is_no_trouble_that_passes(
    database: Database, size: int
) -> None:
    key, real = uuid4(), MongoDocuments(database, "things")
    with pytest.raises(DocumentTooLarge) as refused:
        await real.write([stored(key, mongo.CHECKED_EVERY, text="x" * size)])
    assert not isinstance(refused.value, TRANSIENT)
    assert await real.load([key]) == {}


async def test_acknowledged_events_leave_the_outbox_whatever_the_version(documents: Adapter) -> None:
    key = uuid4()
    await documents.write([stored(key, 1, "e1", "e2", "e3")])
    await documents.clear({key: ["e1", "e3"]})
    assert (await documents.load([key]))[key] == stored(key, 1, "e2")


async def test_documents_that_owe_events_or_keep_records_are_found(documents: Adapter) -> None:
    owing, holding, early, clear = uuid4(), uuid4(), uuid4(), uuid4()
    kept = {"stream": "numbers", "seq": 3, "raw": "{}", "at": "2026-03-02T12:00:00.000Z"}
    in_first_format = {**stored(early, 1), "held": [kept]}
    await documents.write([
        stored(owing, 1, "e1"), {**stored(holding, 1), "pending": [kept]}, in_first_format, stored(clear, 1),
    ])  # fmt: skip
    found = {left["_id"]: (left["outbox"], backlog_of(left).pending) async for left in documents.leftovers()}
    assert found == {
        str(owing): (stored(owing, 1, "e1")["outbox"], []), str(holding): ([], [kept]), str(early): ([], [kept]),
    }  # fmt: skip


async def test_a_page_of_history_is_kept_once_and_in_order(documents: Adapter) -> None:
    key = uuid4()
    pages = [(key, Page(first, [{"number": first}])) for first in (1, 11, 101)]
    await documents.archive(pages)
    await documents.archive(pages[:1])
    assert [entry["number"] for entry in await documents.past(key)] == [1, 11, 101]


async def test_a_document_that_outgrew_a_quarter_megabyte_is_written_and_alarms(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    real, key = MongoDocuments(database, "things"), uuid4()
    for version in range(1, 17):
        assert await real.write([stored(key, version, text="x" * 300_000)]) == set()
    assert [record.getMessage() for record in caplog.records if record.name == mongo.__name__] == [
        "document is large"
    ]
    assert (await real.load([key]))[key]["version"] == 16


@pytest.fixture
async def numbered(database: Database) -> MongoDocuments:
    """Documents whose numbers should be unique."""
    real = MongoDocuments(database, "numbered")
    await real.prepare("state.number")
    return real


async def test_a_number_that_is_taken_alarms_and_its_document_is_kept_and_changed_like_any_other(
    numbered: MongoDocuments, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    await numbered.write([stored(first, 1, number="K7")])
    assert await numbered.write([stored(second, 1, number="K7"), stored(third, 1, number="M3")]) == set()
    assert await numbered.write([stored(second, 2, number="K7"), stored(first, 2, number="K7")]) == set()
    assert await numbered.write([stored(second, 2, number="K7")]) == {0}
    versions = {key: found["version"] for key, found in (await numbered.load([first, second, third])).items()}
    assert versions == {first: 2, second: 2, third: 1}
    alarms = [vars(one)["case_id"] for one in caplog.records if one.levelname == "ERROR"]
    assert set(alarms) == {str(second)}


class ChecksNumbersFirst(MongoDocuments):
    """As a store does that was opened anew: of two indexes that refuse a write it names that of the number."""

    async def _replace(self, documents: Sequence[dict[str, Any]]) -> dict[int, str]:
        lost = await super()._replace(documents)
        return {
            index: why if "twin" in documents[index] else "state.number_1_twin_1"
            for index, why in lost.items()
        }


async def test_a_lost_race_is_no_number_that_is_taken(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    reopened = ChecksNumbersFirst(database, "numbered")
    await reopened.prepare("state.number")
    key, other = uuid4(), uuid4()
    await reopened.write([stored(key, 1, number="K7"), stored(other, 1, number="M3")])
    assert await reopened.write([stored(key, 3, number="K7"), stored(other, 2, number="M3")]) == {0}
    assert (await reopened.load([key]))[key] == stored(key, 1, number="K7")
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_documents_that_only_hold_records_have_no_number_yet_and_do_not_alarm(
    numbered: MongoDocuments, caplog: pytest.LogCaptureFixture
) -> None:
    holding = [{**stored(uuid4(), 1), "state": None} for _ in range(3)]
    assert await numbered.write(holding) == set()
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_a_record_is_put_once(records: MongoRecords | MemoryRecords) -> None:
    await records.put([{"_id": "a", "text": "first"}])
    await records.put([{"_id": "a", "text": "second"}, {"_id": "b", "text": "other"}])
    assert await records.get(["a", "b", "c"]) == {
        "a": {"_id": "a", "text": "first"},
        "b": {"_id": "b", "text": "other"},
    }
