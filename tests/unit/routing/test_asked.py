"""An action over HTTP: what it says is what is kept, and looking ahead loads nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.common.decision import Cause
from services.common.relay import Relay
from services.common.store import Store
from services.routing.api.actions import Asked, Hand
from services.routing.api.bodies import Body, FollowUpBody, ReturnBody
from services.routing.api.office import Office
from services.routing.domain.case import Case
from services.routing.handlers import Decider, revive
from services.routing.store import Words
from tests.casework import Casework, heard
from tests.dealership import a_contact, person
from tests.fakes import MemoryDocuments, MemoryLog


@dataclass
class MemoryRecords:
    """What MongoRecords does, in a dict."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def put(self, records: Sequence[dict[str, Any]]) -> set[int]:
        known = {index for index, record in enumerate(records) if record["_id"] in self.records}
        self.records = {record["_id"]: record for record in records} | self.records
        return known

    async def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {key: self.records[key] for key in keys if key in self.records}


@dataclass
class Shelf(MemoryDocuments):
    """The documents; `away` refuses to write."""

    away: bool = False

    async def write(self, documents: Sequence[dict[str, Any]]) -> set[int]:
        if self.away:
            raise TimeoutError
        return await super().write(documents)

    async def page(self, _query: Any, _order: Any, _limit: int) -> list[dict[str, Any]]:
        return []


@dataclass
class Counter:
    """Routing's API without HTTP, over documents in memory."""

    casework: Casework = field(default_factory=Casework)
    shelf: Shelf = field(default_factory=Shelf)
    texts: MemoryRecords = field(default_factory=MemoryRecords)

    def __post_init__(self) -> None:
        store = Store(Case, self.shelf, Relay(MemoryLog()), lambda: self.casework.now, lambda: None, revive)
        decide = Decider(self.casework.world, self.casework.ledger)
        self.office = Office(store, self.shelf, decide, Words(self.texts), Words(MemoryRecords()))

    async def opened(self, narrative: str = "空调有异响") -> Case:
        contact = a_contact(narrative)
        cause = Cause(contact.case_id, contact.id, heard(contact), "contacts")
        state = (await self.office.store.change(cause, self.office.decide))[0].state
        assert state is not None
        return state

    def asked(self, name: str, case: Case, body: Body, action: str) -> Asked:
        return Asked(
            action, case.id, Hand(person(name), self.office, "once", case.revised[-1].revision), body
        )


async def test_a_key_that_comes_again_with_other_words_after_a_failure_keeps_those() -> None:
    counter = Counter()
    case = await counter.opened()
    counter.shelf.away = True
    with pytest.raises(TimeoutError):
        await counter.asked("cr-1", case, FollowUpBody(note="甲"), "follow-ups").perform()
    counter.shelf.away = False
    await counter.asked("cr-1", case, FollowUpBody(note="乙"), "follow-ups").perform()
    facts = counter.shelf.documents[case.id]["history"]["entries"][-1]["facts"]
    assert counter.texts.records[facts["text"]]["words"] == {"note": "乙"}


async def test_looking_ahead_loads_nobody() -> None:
    counter = Counter()
    case = await counter.opened("车子突然起火冒烟,必须给我一个说法")
    assert case.support is not None
    asked = counter.asked(case.support.to, case, ReturnBody(reason="请同事"), "return")
    foreseen = (await counter.office.document(case.id, asked.hand.actor)).take(
        asked.cause(heard(a_contact()).text), counter.office.foresee, counter.casework.now
    )
    assert foreseen.kind == "applied"
    assert counter.casework.ledger.workload.loads[case.support.to] == 1
