"""What anybody has seen in the embedded store is kept; what its disk does not take was never there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pymongo import ReplaceOne
from pymongo.errors import CursorNotFound, OperationFailure

from deploy.local import Ports, Stack, choose
from tests.contract.test_stack import every_document_can_be_changed
from tests.disk import embedded, full_disk, size
from tests.soak import rounds
from tests.stack import Documents, database

# The driver drops a connection that it is just opening when the store dies under it, without closing the socket.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)

BATCH = 100
TEXT = "x" * 4_000


@pytest.fixture
async def own(ours: None, tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack of this test's own, of which only the store runs, on a file."""
    own = choose(tmp_path, Ports.free(), "file")
    embedded(own.store)
    await own.store.start()
    yield own
    await own.store.kill()


async def by_id(documents: Documents, batch: int) -> bool:
    return await documents.cases.find_one({"_id": f"{batch}-0"}) is not None


async def by_ids(documents: Documents, batch: int) -> bool:
    ids = [f"{batch}-{number}" for number in range(BATCH)]
    return bool(await documents.cases.find({"_id": {"$in": ids}}).to_list())


async def by_scan(documents: Documents, batch: int) -> bool:
    return await documents.cases.find_one({"batch": batch}) is not None


async def by_page(documents: Documents, batch: int) -> bool:
    return len(await documents.cases.find({"batch": batch}, batch_size=2).to_list()) > 2


async def by_count(documents: Documents, batch: int) -> bool:
    return await documents.cases.estimated_document_count() > batch * BATCH


async def by_aggregate(documents: Documents, batch: int) -> bool:
    return await documents.cases.count_documents({"batch": batch}) > 0


async def by_distinct(documents: Documents, batch: int) -> bool:
    return batch in await documents.cases.distinct("batch")


Look = Callable[[Documents, int], Awaitable[bool]]
LOOKS = [by_id, by_ids, by_scan, by_page, by_count, by_aggregate, by_distinct]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__)
async def test_what_a_reader_has_seen_is_there_after_a_kill(own: Stack, look: Look) -> None:
    """The store is killed the moment somebody sees what its writer has no answer for yet."""
    for batch in range(rounds(2, 25)):
        async with database(own, "seen") as documents:
            writer = asyncio.create_task(written(documents, batch))
            while not await look(documents, batch):
                pass
            await own.store.kill()
            await asyncio.gather(writer, return_exceptions=True)
        await own.store.start()
        async with database(own, "seen") as documents:
            assert await look(documents, batch)
            await written(documents, batch)


async def written(documents: Documents, batch: int) -> None:
    rows = [{"_id": f"{batch}-{number}", "batch": batch, "text": TEXT} for number in range(BATCH)]
    await documents.cases.bulk_write([ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows])


async def test_a_document_is_read_as_it_was_written_never_half_of_one_and_half_of_another(own: Stack) -> None:
    async with database(own, "whole") as documents:
        await documents.cases.insert_one(whole(0))
        writer = asyncio.create_task(rewritten(documents, rounds(300, 3_000)))
        while not writer.done():
            pages = await asyncio.gather(*(documents.cases.find({}).to_list() for _ in range(4)))
            assert all(len(set(read.values()) - {"case"}) == 1 for page in pages for read in page)
        await writer


def whole(number: int) -> dict[str, Any]:
    return {"_id": "case", **{f"field{index}": number for index in range(2_000)}}


async def rewritten(documents: Documents, times: int) -> None:
    for number in range(times):
        await documents.cases.replace_one({"_id": "case"}, whole(number))


@dataclass
class Ledger:
    """What writers were answered, and what readers saw, as (document, version)."""

    documents: Documents
    kept: dict[str, int] = field(default_factory=dict)
    refused: set[tuple[str, int]] = field(default_factory=set)
    codes: set[int | None] = field(default_factory=set)
    seen: set[tuple[str, int]] = field(default_factory=set)

    async def write(self, writer: int) -> None:
        for number in range(1_000_000):
            for version in (1, 2):
                await self._write(f"{writer}-{number}", version)

    async def _write(self, case: str, version: int) -> None:
        row = {"_id": case, "version": version, "text": TEXT}
        if version > 1 and case not in self.kept:
            return
        try:
            await self.documents.cases.replace_one({"_id": case, "version": version - 1}, row, upsert=True)
        except OperationFailure as error:
            self.refused.add((case, version))
            self.codes.add(error.code)
        else:
            self.kept[case] = version

    async def read(self) -> None:
        while True:
            self.seen |= await self.now()
            await asyncio.sleep(0)

    async def now(self) -> set[tuple[str, int]]:
        found = await self.documents.cases.find({}, {"version": 1}).to_list()
        return {(row["_id"], row["version"]) for row in found}


@pytest.mark.parametrize(
    "service", [None, 0, 3_000, 50_000], ids=["nothing", "no growth", "a little", "some"]
)
async def test_a_full_disk_refuses_writes_and_leaves_no_trace_and_freed_space_is_enough(
    own: Stack, tmp_path: Path, service: int | None
) -> None:
    """`service` is how far the file may still grow; with none nothing in it can be written anew either."""
    async with database(own, "full") as documents:
        ledger = Ledger(documents)
        await documents.cases.create_index([("_id", 1), ("version", 1)], unique=True)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ledger.write(writer)) for writer in range(4)]
            tasks.append(group.create_task(ledger.read()))
            for _ in range(rounds(2, 20)):
                await more(ledger.kept, 20)
                with full_disk(own.store, 0 if service is None else size(tmp_path) + service):
                    await more(ledger.refused, 10)
            await more(ledger.kept, 20)
            for task in tasks:
                task.cancel()
        assert not ledger.seen & ledger.refused
        assert ledger.codes == {14_031}
    await own.store.kill()
    await own.store.start()
    async with database(own, "full") as documents:
        # Of what was under way at the end nobody knows what became.
        there = dict(await Ledger(documents).now())
        assert {case: there.get(case) for case in ledger.kept} == ledger.kept | {
            case: version for case, version in there.items() if ledger.kept.get(case) == version - 1
        }
        assert not set(there.items()) & ledger.refused
        await every_document_can_be_changed(documents, set(there))


async def more(answers: dict[str, int] | set[tuple[str, int]], count: int) -> None:
    """Return when there are so many more of these answers."""
    enough = len(answers) + count
    while len(answers) < enough:
        await asyncio.sleep(0.01)


async def test_a_bulk_that_meets_a_full_disk_is_refused_whole(own: Stack) -> None:
    async with database(own, "bulk") as documents:
        await written(documents, 0)
        with full_disk(own.store):
            with pytest.raises(OperationFailure, match="cannot write") as refused:
                await written(documents, 1)
            assert refused.value.code == 14_031
            assert await documents.cases.distinct("batch") == [0]
        await written(documents, 1)
        assert await documents.cases.count_documents({"batch": 1}) == BATCH


async def test_a_page_begun_before_the_disk_was_full_is_read_on_or_begun_again(own: Stack) -> None:
    async with database(own, "pages") as documents:
        await written(documents, 0)
        pages = documents.cases.find({}, batch_size=10)
        first = [await anext(pages) for _ in range(10)]
        with full_disk(own.store):
            with pytest.raises(OperationFailure):
                await written(documents, 1)
            with pytest.raises(CursorNotFound):
                await pages.to_list()
            assert len(await documents.cases.find({}, batch_size=10).to_list()) == BATCH
        assert all(row["batch"] == 0 for row in first)


async def test_a_file_that_cannot_be_read_is_no_full_disk(own: Stack, tmp_path: Path) -> None:
    async with database(own, "torn") as documents:
        await written(documents, 0)
    # What was written last is in memory; after a start it is in the file alone.
    await own.store.kill()
    await own.store.start()
    async with database(own, "torn") as documents:
        length = size(tmp_path)
        with (tmp_path / "store.mv").open("r+b") as file:
            file.seek(length // 4)
            file.write(bytes(length // 2))
        with pytest.raises(OperationFailure, match="cannot read") as refused:
            await documents.cases.find({"batch": 0}).to_list()
        assert refused.value.code == 262
