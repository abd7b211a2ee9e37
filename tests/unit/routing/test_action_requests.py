"""An action over HTTP: what it says is what is kept, and only what was written counts as somebody's load."""

import copy
from typing import Any
from uuid import uuid4

import pytest

from services.common.store.decision import Cause
from tests.dealership import person
from tests.memory_routing import MemoryRouting


async def test_a_key_that_comes_again_with_other_words_after_a_failure_keeps_those() -> None:
    routing = MemoryRouting()
    case = await routing.opened()
    routing.documents.away = True
    with pytest.raises(TimeoutError):
        await routing.request("cr-1", case, "follow_up", note="甲").perform()
    routing.documents.away = False
    await routing.request("cr-1", case, "follow_up", note="乙").perform()
    facts = routing.documents.documents[case.id]["history"]["entries"][-1]["facts"]
    assert routing.texts.records[facts["text"]]["words"] == {"note": "乙"}


async def test_looking_ahead_loads_nobody() -> None:
    routing = MemoryRouting()
    case = await routing.opened("车子突然起火冒烟,必须给我一个说法")
    [support] = case.tasks_of("support")
    refusal = routing.casework.replied(case, support.to, "refuse", "support")
    document = await routing.dependencies.document(case.id, person(support.to))
    foreseen = routing.dependencies.cases.foresee(document, Cause(case.id, uuid4(), refusal))
    assert foreseen.kind == "applied"
    assert foreseen.state is not None
    assert [task.to for task in foreseen.state.tasks_of("support")] != [support.to]
    assert routing.casework.open_cases.workload.loads[support.to] == 1


async def test_a_lost_race_leaves_in_memory_what_the_store_has(monkeypatch: pytest.MonkeyPatch) -> None:
    routing, other = MemoryRouting(), MemoryRouting()
    case = await routing.opened()
    other.documents.documents = routing.documents.documents
    write = routing.documents.write
    refusal = routing.casework.replied(case, "cr-1", "refuse")
    acceptance = routing.casework.replied(case, "cr-1", "accept")

    async def overtaken(documents: Any) -> set[int]:
        """Another instance writes that the receiver has declined before ours writes that they accept."""
        monkeypatch.setattr(routing.documents, "write", write)
        await other.dependencies.cases.change(Cause(case.id, uuid4(), refusal))
        return await write(documents)

    monkeypatch.setattr(routing.documents, "write", overtaken)
    [outcome] = await routing.dependencies.cases.change(Cause(case.id, uuid4(), acceptance))
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
    refusal = routing.casework.replied(case, "cr-1", "refuse")
    with pytest.raises(TimeoutError):
        await routing.dependencies.cases.change(Cause(case.id, uuid4(), refusal))
    assert routing.casework.open_cases.workload == before
