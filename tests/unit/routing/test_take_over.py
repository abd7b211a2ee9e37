"""An instance gives no case out before it knows who is loaded with what it has just taken over."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from schemas.contacts import ContactReceived
from schemas.staffing import Directory
from services.common.kafka.batch import Received
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.write_path import Store
from services.routing.domain.case import Case
from services.routing.handlers import Handler, revive
from services.routing.store.cases import Cases
from services.routing.store.texts import TextRepository
from tests.casework import Casework, patterns
from tests.dealership import MONDAY, a_contact, directory_file
from tests.fakes import MemoryDocuments, MemoryLog, MemoryRecords


class Open(MemoryDocuments):
    """Documents that can be searched: all that are open."""

    async def find(self, _query: Mapping[str, Any], _fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        for stored in list(self.documents.values()):
            yield stored


async def _asks_nobody(_asked: Any) -> None:
    pass


class Instance:
    """One instance of routing over fakes; `holds` says whether it has its partitions."""

    def __init__(self) -> None:
        self.holds, self.casework, self.documents = True, Casework(), Open()
        self.casework.open_cases.is_mine = lambda _case: self.holds
        store = Store(
            Case, self.documents, OutboxPublisher(MemoryLog()), lambda: MONDAY, lambda: None, revive
        )
        cases = Cases(store, self.casework.world, self.casework.open_cases)
        self.handler = Handler(
            cases, TextRepository(MemoryRecords()), TextRepository(MemoryRecords()), _asks_nobody, patterns()
        )

    async def receive(self, contacts: Sequence[ContactReceived]) -> None:
        raw = [one.model_dump_json().encode() for one in contacts]
        await self.handler.handle(
            [Received("contacts", 0, at, one, raw[at]) for at, one in enumerate(contacts)]
        )

    def owners(self) -> Counter[str]:
        return Counter(stored["state"]["owner"] for stored in self.documents.documents.values())


@pytest.fixture
async def instance() -> Instance:
    instance = Instance()
    await instance.handler.take_over(instance.documents)
    return instance


async def test_what_comes_before_the_take_over_is_spread_like_what_comes_after(instance: Instance) -> None:
    instance.holds = False
    instance.handler.let_go()
    async with asyncio.TaskGroup() as group:
        group.create_task(instance.receive([a_contact() for _ in range(6)]))
        for _ in range(50):
            await asyncio.sleep(0)
        instance.holds = True
        await instance.handler.take_over(instance.documents)
    assert instance.owners() == {"op-1": 3, "op-2": 3}


def _without(instance: Instance, name: str) -> None:
    entries = [entry for entry in directory_file().entries() if entry.id != name]
    instance.casework.directory = Directory(entries)


@pytest.mark.parametrize("resting", [False, True])
async def test_who_has_gone_hands_over_what_is_known_here_or_only_rests_in_the_store(
    instance: Instance, *, resting: bool
) -> None:
    await instance.receive([a_contact() for _ in range(6)])
    _without(instance, "op-1")
    if resting:
        # Another instance gave it away: nothing here knows whose it is.
        instance.casework.open_cases.cases.clear()
        assert await instance.handler.reassign()
        assert instance.owners()["op-1"] == 3
    assert await instance.handler.reassign(instance.documents if resting else None)
    assert instance.owners() == {"op-2": 6}
    assert await instance.handler.reassign(instance.documents)
    reasons = [
        entry["facts"]["why"]
        for stored in instance.documents.documents.values()
        for entry in stored["history"]["entries"]
        if entry["event"] == "case.reassigned"
    ]
    assert reasons == ["left"] * 3


async def test_a_case_that_is_being_opened_is_looked_at_again(instance: Instance) -> None:
    case = instance.casework.receive()
    _without(instance, case.owner)
    assert not await instance.handler.reassign(), "it is not written yet"
    assert instance.documents.documents == {}
