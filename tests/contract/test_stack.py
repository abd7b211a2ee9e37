"""The stack keeps its promises: it serves, it survives being killed, and nothing of it outlives its owner."""

import asyncio
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from pymongo import AsyncMongoClient, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from deploy.local import Ports, Stack, StackError, choose, containers, native
from deploy.local.part import Part
from deploy.local.process import ChildProcess
from deploy.local.readiness import brokers, store_answers
from tests.patience import SECONDS, until
from tests.stack import Documents, Names, consume, database, produce

OWNER = """
import asyncio, pathlib, sys
from deploy.local import stack
async def main():
    async with stack(pathlib.Path(sys.argv[1])) as running:
        print(running.addresses.kafka, running.addresses.mongo, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture(params=["file", "memory"])
async def own_stack(request: pytest.FixtureRequest, ours: None, tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack of this test's own, of which only the store runs."""
    own = choose(tmp_path, Ports.free(), request.param)
    await own.store.start()
    yield own
    await own.store.kill()


async def test_what_is_produced_is_consumed_in_order_per_key(stack: Stack, names: Names) -> None:
    sent = [(b"case-1", b"%d" % number) for number in range(100)]
    await produce(stack, names.topic("contacts"), sent)
    read = await consume(stack, names.topic("contacts"), len(sent))
    assert [(record.key, record.value) for record in read] == sent


@pytest.mark.usefixtures("ours")
async def test_kafka_keeps_its_records_when_killed(tmp_path: Path) -> None:
    own = choose(tmp_path, Ports.free(), "memory")
    try:
        await own.start()
        await produce(own, "cases", [(b"case-1", b"opened")])
        await own.kafka.kill()
        assert await brokers(own.addresses.kafka) == 0
        await own.kafka.start()
        assert [record.value for record in await consume(own, "cases", 1)] == [b"opened"]
    finally:
        await asyncio.gather(own.kafka.kill(), own.store.kill())


@pytest.mark.parametrize("own_stack", ["file"], indirect=True)
@pytest.mark.parametrize("enough", [300, 1_000])
async def test_a_killed_store_has_every_write_that_it_acknowledged(own_stack: Stack, enough: int) -> None:
    acknowledged: set[str] = set()
    async with database(own_stack, "durable") as documents:
        writers = [asyncio.create_task(write_until_killed(documents, n, acknowledged)) for n in range(8)]
        while len(acknowledged) < enough:
            await asyncio.sleep(0.01)
        await own_stack.store.kill()
        await asyncio.gather(*writers)
    await own_stack.store.start()
    async with database(own_stack, "durable") as documents:
        found = {document["_id"] async for document in documents.cases.find({}, {"_id": 1})}
        assert len(acknowledged) >= enough
        assert acknowledged - found == set()
        await every_document_can_be_changed(documents, found)


async def write_until_killed(documents: Documents, writer: int, acknowledged: set[str]) -> None:
    await documents.cases.create_index([("_id", 1), ("version", 1)], unique=True)
    try:
        for number in range(100_000):
            case = f"{writer}-{number}"
            await documents.cases.insert_one({"_id": case, "version": 1, "text": "x" * 1_000})
            await documents.cases.update_one({"_id": case, "version": 1}, {"$set": {"version": 2}})
            acknowledged.add(case)
    except PyMongoError:
        return


async def every_document_can_be_changed(documents: Documents, ids: set[str]) -> None:
    """Indexes and documents agree: each is found by its key, and none is in the way of itself."""
    changes = [UpdateOne({"_id": case}, {"$set": {"version": 3}}) for case in sorted(ids)]
    answer = await documents.cases.bulk_write(changes, ordered=False)
    assert answer.matched_count == len(ids)
    assert await documents.cases.count_documents({"version": 3}) == len(ids)


async def test_a_lost_race_is_a_duplicate_key_with_its_index(own_stack: Stack) -> None:
    async with database(own_stack, "races") as documents:
        await documents.cases.insert_many([{"_id": n, "version": 2 if n == 1 else 1} for n in range(3)])
        changes = [
            UpdateOne({"_id": n, "version": 1}, {"$set": {"version": 2}}, upsert=True) for n in range(4)
        ]
        with pytest.raises(BulkWriteError) as lost:
            await documents.cases.bulk_write(changes, ordered=False)
        details: dict[str, Any] = dict(lost.value.details or {})
        assert [(error["index"], error["code"]) for error in details["writeErrors"]] == [(1, 11000)]
        assert await documents.cases.distinct("version") == [2]


@pytest.mark.parametrize("own_stack", ["file"], indirect=True)
async def test_a_unique_index_guards_after_a_kill_too(own_stack: Stack) -> None:
    async with database(own_stack, "numbers") as documents:
        await documents.cases.create_index("number", unique=True)
        await documents.cases.insert_one({"_id": "a", "number": "K7"})
    await own_stack.store.kill()
    await own_stack.store.start()
    # A client of before could still hold a connection that was cut.
    async with database(own_stack, "numbers") as documents:
        with pytest.raises(PyMongoError, match="11000"):
            await documents.cases.insert_one({"_id": "b", "number": "K7"})


async def test_a_paused_store_answers_again_when_resumed(own_stack: Stack) -> None:
    own_stack.store.pause()
    url = own_stack.addresses.mongo
    assert not await answers_within(url, millis=300)
    own_stack.store.resume()
    assert await answers_within(url, millis=round(1000 * SECONDS))


async def answers_within(url: str, millis: int) -> bool:
    async with AsyncMongoClient[dict[str, Any]](
        url, serverSelectionTimeoutMS=millis, socketTimeoutMS=millis
    ) as client:
        try:
            await client.admin.command("ping")
        except PyMongoError:
            return False
    return True


@pytest.mark.usefixtures("ours")
async def test_nothing_outlives_an_owner_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    owner = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout is not None
    kafka, mongo = (await owner.stdout.readline()).decode().split()
    assert await brokers(kafka) == 1
    owner.kill()
    await owner.wait()

    async def gone() -> bool:
        return not (await brokers(kafka) or await store_answers(mongo))

    await until(gone)


@pytest.mark.parametrize("missing", ["REDRESS_KAFKA", "REDRESS_MONGO"])
def test_half_an_address_is_refused(
    missing: Literal["REDRESS_KAFKA", "REDRESS_MONGO"], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REDRESS_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("REDRESS_MONGO", "mongodb://127.0.0.1:2/")
    monkeypatch.delenv(missing)
    with pytest.raises(StackError, match=f"{missing} is not set"):
        choose(tmp_path, Ports.free(), "file")


async def test_given_addresses_are_used_and_never_stopped(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, address in stack.addresses.environment().items():
        monkeypatch.setenv(variable, address)
    given = choose(tmp_path, Ports.free(), "file")
    assert await given.start() == ()
    assert given.addresses == stack.addresses
    with pytest.raises(StackError, match="not ours to stop"):
        await given.kafka.kill()


@pytest.mark.real
async def test_a_part_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "store.mv").mkdir()
    ports = Ports.free()
    store = ChildProcess(native.store(tmp_path, ports.mongo, "file"))
    part = Part("store", store, partial(store_answers, ports.addresses().mongo))
    with pytest.raises(StackError, match=r"(?s)store ended before it was ready.*StoreServer"):
        await part.start()


@pytest.mark.containers
async def test_containers_give_the_same_stack(ours: None, tmp_path: Path) -> None:
    if reason := containers.unavailable():
        pytest.skip(reason)
    own = choose(tmp_path, Ports.free(), "file")
    try:
        await own.start()
        await produce(own, "cases", [(b"case-1", b"opened")])
        await asyncio.gather(own.kafka.kill(), own.store.kill())
        await asyncio.gather(own.kafka.start(), own.store.start())
        assert [record.value for record in await consume(own, "cases", 1)] == [b"opened"]
    finally:
        await asyncio.gather(own.kafka.kill(), own.store.kill())
