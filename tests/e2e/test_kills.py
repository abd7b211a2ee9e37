"""Rooms killed in the middle of their work, Kafka and the store taken away: nothing lost, nothing doubled."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo.progress import Progress
from deploy.demo.stage import Stage, stage
from deploy.local import ROOMS
from services.common.clock import Clock, wall
from tests.e2e.traffic import Traffic, check

SCALE = 240.0
KILLS = 6  # of each of the four rooms


@pytest.fixture
async def traffic(tmp_path: Path) -> AsyncIterator[Traffic]:
    clock = Clock(SCALE, wall().timestamp())
    async with stage(tmp_path / "stage", clock, Progress(Console(quiet=True))) as running:
        traffic = await Traffic.begin(running)
        yield traffic
        await traffic.close()


async def _flow(traffic: Traffic, stop: asyncio.Event) -> None:
    """Contacts at a steady pace, every third of them taken over at once."""
    async with asyncio.TaskGroup() as group:
        for number in itertools.count():
            if stop.is_set():
                return
            case = await traffic.post(number)
            if number % 3 == 0:
                group.create_task(_taken(traffic, case))
            await asyncio.sleep(0.1)


async def _taken(traffic: Traffic, case: str) -> None:
    await traffic.accept(case)


async def _killed(stage: Stage, room: str) -> None:
    """Kill one room again and again, each time as soon as it has worked for a moment."""
    chance = random.Random(room)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        await stage.kill(room)


async def test_rooms_killed_in_the_middle_of_their_work_lose_and_double_nothing(traffic: Traffic) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_flow(traffic, stop))
        await asyncio.gather(*(_killed(traffic.stage, room) for room in ROOMS))
        stop.set()
    assert traffic.stage.kills == dict.fromkeys(ROOMS, KILLS)
    await traffic.settled()
    await check(traffic)
    assert len(traffic.accepted) > 100
    assert len(traffic.acted) > 20


@pytest.mark.usefixtures("ours")
async def test_kafka_and_the_store_may_go_away_and_come_back(traffic: Traffic) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_flow(traffic, stop))
        for part in (traffic.stage.stack.store, traffic.stage.stack.kafka) * 2:
            await asyncio.sleep(3)
            await part.kill()
            await asyncio.sleep(3)
            await part.start()
        await asyncio.sleep(3)
        stop.set()
    await traffic.settled()
    await check(traffic)
    assert len(traffic.accepted) > 50


async def test_no_breach_stands_for_those_who_acted_in_time_while_the_clocks_were_down(
    traffic: Traffic,
) -> None:
    cases = [await traffic.post(number) for number in range(20)]
    await traffic.settled()
    await traffic.stage.rooms["sla"].stop()
    in_time = cases[::2]
    for case in in_time:
        manager = await traffic.accept(case)
        assert manager
        await _hand_over(traffic, case, manager)
    await asyncio.sleep(3 * 3600 / SCALE)  # DL-02 gives two hours
    await traffic.stage.rooms["sla"].start()

    async def fired() -> bool:
        return all([await _broken(traffic, case) for case in cases[1::2]])

    async with asyncio.timeout(60):
        while not await fired():
            await asyncio.sleep(0.5)
    await traffic.settled()
    assert [case for case in in_time if await _broken(traffic, case)] == []
    await check(traffic)


async def _hand_over(traffic: Traffic, case: str, manager: str) -> None:
    seen = await traffic.routing.case(manager, case)
    assert seen
    receiver = next(
        person.id
        for person in traffic.people.people
        for post in person.posts
        if (post.at, post.role) == (seen["shop"], "dept_manager") and not person.absences
    )
    body = {"shop": seen["shop"], "role": "dept_manager", "person": receiver, "note": "请处理"}
    answer = await traffic.routing.act(manager, seen, "transfer", body)
    assert answer.is_success, answer.text


async def _broken(traffic: Traffic, case: str) -> bool:
    stored = await traffic.document("cases", case)
    assert stored
    return any(
        breach["clock"] == "DL-02" and breach.get("standing", True) for breach in stored["state"]["breaches"]
    )
