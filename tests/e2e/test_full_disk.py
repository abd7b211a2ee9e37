"""The store's disk is full: people and records wait, services say why, and freed space is all it takes."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from deploy.local import Ports, Stack, choose, start_service
from deploy.local import Service as LocalService
from deploy.plays.recorder import recorder
from services.common.kafka import dead_letters
from tests.dealership import a_contact
from tests.disk import embedded, full_disk
from tests.patience import SECONDS, until
from tests.routing_service import Service, routing
from tests.signing import BELIEVING
from tests.soak import rounds
from tests.stack import own_names

FULL = "cannot write: disk full"
SERVICES = ("routing", "sla", "notify")


@pytest.fixture
async def own(ours: None, tmp_path: Path) -> AsyncIterator[Stack]:
    own = choose(tmp_path, Ports.free(), "file")
    embedded(own.store)
    try:
        await own.start()
        yield own
    finally:
        await own.kafka.kill()
        await own.store.kill()


@pytest.fixture
async def service(own: Stack, tmp_path: Path) -> AsyncIterator[Service]:
    async with routing(own, tmp_path) as service:
        yield service


@pytest.fixture
async def others(service: Service, tmp_path: Path) -> AsyncIterator[list[LocalService]]:
    """Sla and notify beside it."""
    services = [start_service(name, service.env, tmp_path / f"{name}.log") for name in SERVICES[1:]]
    for other in services:
        await other.wait_ready()
    yield services
    for other in services:
        await other.stop()


async def test_an_action_on_a_full_disk_is_never_answered_200_and_goes_through_once_when_there_is_space(
    own: Stack, service: Service, others: list[LocalService]
) -> None:
    urls = [str(service.http.base_url), *(service.url for service in others)]
    for _ in range(rounds(1, 10)):
        path, _ = await service.opened()
        waiting = a_contact("音响没有声音")
        with full_disk(own.store):
            # What is seen now cannot move until there is space.
            seen = (await service.get("cr-1", path)).headers["ETag"]
            target = await service.replying(path, "accept")
            for _ in range(3):
                answer = await service.post("cr-1", target, seen, key="once", once=True)
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert await accepted(service, path) == 0
            await service.receive(waiting)
            await until(lambda: everywhere(urls, is_full))
        answer = await service.post("cr-1", target, seen, key="once")
        assert answer.status_code == httpx.codes.OK
        assert await accepted(service, path) == 1
        await service.events(waiting.case_id, 1)
        await until(lambda: everywhere(urls, ready))
    assert [name for name, various in (await bodies(service)).items() if len(various) > 1] == []
    assert await dead(service) == []


async def test_services_that_start_while_the_disk_is_full_wait_and_need_no_second_start(
    own: Stack, tmp_path: Path
) -> None:
    async with own_names(own) as names:
        environment = names.environment(own) | BELIEVING
        with full_disk(own.store):
            services = [start_service(name, environment, tmp_path / f"{name}.log") for name in SERVICES]
            for service in services:
                await until(partial(mentions, tmp_path / f"{service.name}.log", FULL))
        for service in services:
            await until(service.ready)
            await service.stop()


async def mentions(log: Path, text: str) -> bool:
    return text in await asyncio.to_thread(log.read_text, "utf-8")


async def accepted(service: Service, path: str) -> int:
    history = (await service.get("cr-1", path)).json()["history"]
    return [entry["event"] for entry in history].count("case.task_accepted")


async def everywhere(urls: list[str], holds: Callable[[httpx.AsyncClient], Awaitable[bool]]) -> bool:
    for url in urls:
        async with httpx.AsyncClient(base_url=url, timeout=SECONDS) as client:
            if not await holds(client):
                return False
    return True


async def is_full(client: httpx.AsyncClient) -> bool:
    answer = await client.get("/readyz")
    said = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and FULL in answer.json().get("store", "")
    return said and await writable(client) == 0


async def ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).is_success and await writable(client) == 1


async def writable(client: httpx.AsyncClient) -> float:
    page = (await client.get("/metrics")).text
    return float(page.partition("\nredress_store_writable{")[2].partition("} ")[2].partition("\n")[0])


async def bodies(service: Service) -> dict[UUID, set[str]]:
    """What stands on Kafka under each event's id."""
    found: dict[UUID, set[str]] = defaultdict(set)
    async with recorder(service.stack.addresses.kafka, service.names.prefix) as recording:
        await recording.read_to_end()
        for event in (event for events in recording.records.values() for event in events):
            found[event.id].add(event.model_dump_json())
    return found


async def dead(service: Service) -> list[dead_letters.DeadLetter]:
    topics = [service.names.topic(dead_letters.dead_topic(name)) for name in SERVICES]
    return [
        one for topic in topics for one in await dead_letters.unreplayed(service.stack.addresses.kafka, topic)
    ]
