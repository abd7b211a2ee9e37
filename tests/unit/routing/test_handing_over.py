"""One case that cannot be handed over, whatever is wrong with it, keeps no other from it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.staffing import Directory
from services.common.runtime.debounce import Debounced
from services.routing.app import _follow_directory
from services.routing.commands.forecast import moves
from services.routing.domain.open_cases import OpenCase, OpenCases
from services.routing.domain.policies import Policies
from services.routing.domain.reassignment import Reassign
from tests.casework import Casework
from tests.dealership import a_contact, person
from tests.patience import until
from tests.unit.routing.test_reassignment import reload
from tests.unit.routing.test_take_over import Instance, _without

Fault = Callable[[Instance], None]


def _unknown_version(instance: Instance) -> None:
    first = next(iter(instance.documents.documents.values()))
    first["state"]["policy_version"] = "later"


def _unwritable(instance: Instance) -> None:
    instance.documents.unfit = next(iter(instance.documents.documents))


def _unreadable_state(instance: Instance) -> None:
    next(iter(instance.documents.documents.values()))["state"]["severity"] = "no such level"


def _unreadable_holder(instance: Instance) -> None:
    next(iter(instance.documents.documents.values()))["state"]["owner_role"] = "no such role"


def _without_a_shop(instance: Instance) -> None:
    del next(iter(instance.documents.documents.values()))["state"]["shop"]


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (_unknown_version, _unwritable, _unreadable_state, _unreadable_holder, _without_a_shop)
}


@pytest.fixture
async def service() -> Instance:
    service = Instance()
    await service.handler.take_over(service.documents)
    return service


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("resting", [False, True])
async def test_the_others_are_handed_over_and_it_is_told_once(
    service: Instance,
    fault: str,
    caplog: pytest.LogCaptureFixture,
    *,
    resting: bool,
) -> None:
    await service.receive([a_contact() for _ in range(10)])
    FAULTS[fault](service)
    bad = next(iter(service.documents.documents))
    _without(service, "op-1")
    caplog.set_level(logging.WARNING)
    documents = service.documents if resting else None
    for _ in range(3):
        await service.handler.reassign(documents)
    owners = {key: stored["state"]["owner"] for key, stored in service.documents.documents.items()}
    del owners[bad]
    assert set(owners.values()) == {"op-2"}
    published = [record for record in caplog.records if record.message == "case is not handed over yet"]
    assert len(published) <= 1
    await service.handler.take_over(service.documents)


async def test_a_case_is_handed_over_once_its_policy_version_is_known(service: Instance) -> None:
    await service.receive([a_contact() for _ in range(4)])
    known, service.casework.policies = service.casework.policies, Policies(default="gtmc")
    _without(service, "op-1")
    assert not await service.handler.reassign()
    assert service.owners() == {"op-1": 2, "op-2": 2}
    service.casework.policies = known
    assert await service.handler.reassign()
    assert service.owners() == {"op-2": 4}


@dataclass
class Unsettled:
    """Hands over nothing; `passes` are over what is known and, with documents, over what rests."""

    rebased: bool
    passes: list[str] = field(default_factory=list)

    async def rebase(self) -> bool:
        return self.rebased

    async def reassign(self, documents: object = None) -> bool:
        self.passes.append("known" if documents is None else "resting")
        return False


@pytest.mark.parametrize("rebased", [True, False])
async def test_what_cannot_be_handed_over_or_rebased_keeps_nobody_from_looking_through_the_store(
    *, rebased: bool
) -> None:
    news = SimpleNamespace(news=asyncio.Event(), people=Debounced(Directory))
    handler = Unsettled(rebased)
    following: Any = _follow_directory
    task = asyncio.create_task(following(news, handler, object()))

    async def looked() -> bool:
        return handler.passes.count("resting") > 1

    try:
        await until(looked)
    finally:
        task.cancel()
    assert handler.passes[:4] == ["known", "resting"] * 2


def test_a_diff_names_whom_a_load_gives_the_cases_to() -> None:
    casework = Casework()
    cases = [casework.receive(a_contact()) for _ in range(12)]
    theirs = [case for case in cases if case.owner == "op-1"]
    posts = person("op-2").posts
    reload(
        casework,
        *(person("op-2").model_copy(update={"id": name, "posts": posts}) for name in ("op-3", "op-4")),
        without=["op-1"],
    )
    open_cases = OpenCases(lambda _case: True)
    for case in cases:
        open_cases.put(OpenCase.of(case))
    present = casework.world()
    forecast = type(present)(present.directory, present.policies, open_cases.workload, present.now)
    published = [move for case in theirs for move in moves(case, forecast, open_cases)]
    loaded = [casework.decide(case, case.id, Reassign()).state.owner for case in theirs]  # type: ignore[union-attr]
    assert [move.what.split("→")[1].split()[0] for move in published] == loaded
    assert len(set(loaded)) > 1


def test_a_diff_tells_of_a_case_whose_policy_version_is_missing() -> None:
    casework = Casework()
    case = casework.receive()
    reload(casework, without=[case.owner])
    casework.policies = Policies(default="gtmc")
    [move] = moves(case, casework.world(), casework.open_cases)
    assert str(move).startswith(f"{case.number}: waits for its policy {case.policy_key}")
