"""An action over HTTP: what it says is what is kept, and only what was written counts as somebody's load."""

import copy
from typing import Any
from uuid import uuid4

import pytest

from services.common.store.decision import Cause
from services.routing.domain.actions.answering import Accept, Return, ReturnForm
from services.routing.domain.actions.progress import FollowUpForm
from tests.casework import sealed, stored_contact
from tests.dealership import a_contact
from tests.memory_routing import MemoryRouting


async def test_a_key_that_comes_again_with_other_words_after_a_failure_keeps_those() -> None:
    routing = MemoryRouting()
    case = await routing.opened()
    routing.documents.away = True
    with pytest.raises(TimeoutError):
        await routing.request("cr-1", case, FollowUpForm(note="甲"), "follow-ups").perform()
    routing.documents.away = False
    await routing.request("cr-1", case, FollowUpForm(note="乙"), "follow-ups").perform()
    facts = routing.documents.documents[case.id]["history"]["entries"][-1]["facts"]
    assert routing.texts.records[facts["text"]]["words"] == {"note": "乙"}


async def test_looking_ahead_loads_nobody() -> None:
    routing = MemoryRouting()
    case = await routing.opened("车子突然起火冒烟,必须给我一个说法")
    assert case.support is not None
    asked = routing.request(case.support.to, case, ReturnForm(reason="请同事"), "return")
    document = await routing.dependencies.document(case.id, asked.sender.actor)
    foreseen = routing.dependencies.cases.foresee(document, asked.cause(stored_contact(a_contact()).text))
    assert foreseen.kind == "applied"
    assert routing.casework.open_cases.workload.loads[case.support.to] == 1


async def test_a_lost_race_leaves_in_memory_what_the_store_has(monkeypatch: pytest.MonkeyPatch) -> None:
    routing, other = MemoryRouting(), MemoryRouting()
    case = await routing.opened()
    other.documents.documents = routing.documents.documents
    write = routing.documents.write

    async def overtaken(documents: Any) -> set[int]:
        """Another instance writes that the receiver has declined before ours writes that they accept."""
        monkeypatch.setattr(routing.documents, "write", write)
        await other.dependencies.cases.change(Cause(case.id, uuid4(), Return(actor="cr-1", reason=sealed())))
        return await write(documents)

    monkeypatch.setattr(routing.documents, "write", overtaken)
    [outcome] = await routing.dependencies.cases.change(Cause(case.id, uuid4(), Accept(actor="cr-1")))
    workload = routing.casework.open_cases.workload
    assert outcome.kind == "refused"
    assert (workload.holders_of(case.id), workload.load("cr-1")) == (frozenset({case.owner}), 0)


async def test_what_could_not_be_written_leaves_what_is_in_memory_as_it_was() -> None:
    routing = MemoryRouting()
    case = await routing.opened()
    before = copy.deepcopy(routing.casework.open_cases.workload)
    routing.documents.away = True
    with pytest.raises(TimeoutError):
        await routing.opened()
    with pytest.raises(TimeoutError):
        await routing.dependencies.cases.change(
            Cause(case.id, uuid4(), Return(actor="cr-1", reason=sealed()))
        )
    assert routing.casework.open_cases.workload == before
