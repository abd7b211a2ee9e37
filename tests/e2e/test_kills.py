"""Services killed in the middle of their work, Kafka and the store taken away: nothing lost, nothing doubled."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local import SERVICES
from deploy.plays.environment import Environment, environment
from deploy.plays.progress import Progress
from services.common.runtime.clock import Clock, wall
from tests.e2e.traffic import Traffic, check
from tests.patience import until
from tests.soak import rounds

TWO_HOURS = timedelta(hours=2)  # of DL-02
KILLS = rounds(6, 60)  # of each service
OUTAGES = rounds(2, 12)  # of Kafka and of the store
PACE = rounds(1, 5) / 10  # seconds from contact to contact; a campaign is long and need not be crowded
LISTED = ("number", "owner", "owner_place", "severity", "state", "stage", "asked")
HANDS = 20  # how many cases are being taken over at once: each of them is looked at again and again


@pytest.fixture
def scale() -> float:
    return 240.0


@pytest.fixture
async def traffic(tmp_path: Path, scale: float) -> AsyncIterator[Traffic]:
    clock = Clock(scale, wall().timestamp())
    async with environment(tmp_path / "environment", clock, Progress(Console(quiet=True))) as running:
        traffic = await Traffic.begin(running)
        yield traffic
        await traffic.close()


async def _flow(traffic: Traffic, stop: asyncio.Event) -> None:
    """Contacts at a steady pace, every third of them taken over at once by one of a few people."""
    hands = asyncio.Semaphore(HANDS)
    async with asyncio.TaskGroup() as group:
        for number in itertools.count():
            if stop.is_set():
                return
            case = await traffic.post(number)
            if number % 3 == 0 and not hands.locked():
                await hands.acquire()
                group.create_task(_accept(traffic, case, hands, stop))
            await asyncio.sleep(PACE)


async def _accept(traffic: Traffic, case: str, hands: asyncio.Semaphore, stop: asyncio.Event) -> None:
    """A case may wait while what works on it is killed; once the killing is over it has to come."""
    while not stop.is_set() and not await traffic.hand_over(case):
        await asyncio.sleep(PACE)
    await traffic.accept(case)
    hands.release()


async def _enough(traffic: Traffic, accepted: int, acted: int = 0) -> None:
    """Go on until so much was done meanwhile, however long this machine takes for it."""

    async def enough() -> bool:
        return len(traffic.accepted) > accepted and len(traffic.acted) > acted

    await until(enough)


async def _kill(environment: Environment, service: str) -> None:
    """Kill one service again and again, each time as soon as it has worked for a moment."""
    chance = random.Random(service)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        await environment.services[service].kill()
        await environment.services[service].start()


async def test_services_killed_in_the_middle_of_their_work_lose_and_double_nothing(traffic: Traffic) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_flow(traffic, stop))
        await asyncio.gather(*(_kill(traffic.environment, service) for service in SERVICES))
        await _enough(traffic, accepted=100, acted=20)
        stop.set()
    await traffic.come_to_rest()
    await check(traffic)
    await until(lambda: _rows_are_the_cases(traffic))


async def _rows_are_the_cases(traffic: Traffic) -> bool:
    """Whether desk lists every case as it is; it may lag, so it is looked at again."""
    rows = {stored["_id"]: stored["state"] for stored in await traffic.documents("case_rows")}
    cases = {stored["_id"]: stored["state"] for stored in await traffic.documents("cases")}
    return rows.keys() == cases.keys() and all(
        row["header"][name] == cases[case][name] for case, row in rows.items() for name in LISTED
    )


@pytest.mark.usefixtures("ours")
async def test_kafka_and_the_store_may_go_away_and_come_back(traffic: Traffic) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_flow(traffic, stop))
        for part in (traffic.environment.stack.store, traffic.environment.stack.kafka) * OUTAGES:
            await asyncio.sleep(3)
            await part.kill()
            await asyncio.sleep(3)
            await part.start()
        await _enough(traffic, accepted=50)
        stop.set()
    await traffic.come_to_rest()
    await check(traffic)


@pytest.mark.parametrize("scale", [160.0])
async def test_no_breach_stands_for_those_who_acted_in_time_while_the_clocks_were_down(
    traffic: Traffic,
) -> None:
    cases = [await traffic.post(number) for number in range(20)]
    await until(lambda: _all_followed(traffic, cases))
    await traffic.environment.services["sla"].kill()
    clock = traffic.environment.clock
    all_due = clock.now() + TWO_HOURS
    acted = await asyncio.gather(*(_transfer(traffic, case) for case in cases[::2]))
    in_time = [case for case, soon_enough in zip(cases[::2], acted, strict=True) if soon_enough]
    assert in_time
    await asyncio.sleep(clock.wall_seconds(all_due - clock.now()))
    await traffic.environment.services["sla"].start()

    async def fired() -> bool:
        return all([await _broken(traffic, case) for case in cases[1::2]])

    await until(fired)
    await traffic.come_to_rest()
    assert [case for case in in_time if await _broken(traffic, case)] == []
    await check(traffic)


async def _all_followed(traffic: Traffic, cases: Iterable[str]) -> bool:
    """Whether DL-02 of all these cases runs, also in the documents of routing."""
    documents = [await traffic.document("cases", case) for case in cases]
    return all(one and "DL-02" in one["state"]["deadlines"] for one in documents)


async def _transfer(traffic: Traffic, case: str) -> bool:
    """Accept and transfer; whether that was done before DL-02 was due."""
    manager = await traffic.accept(case)
    assert manager
    seen = await traffic.routing.case(manager, case)
    assert seen
    receiver = next(
        person.id
        for person in traffic.people.people
        for post in person.posts
        if (post.at, post.role) == (seen["shop"], "dept_manager") and not person.absences
    )
    body = {"shop": seen["shop"], "role": "dept_manager", "person": receiver, "note": "请处理"}
    answer = await traffic.routing.act(manager, seen, "actions/transfer", body)
    assert answer.is_success, answer.text
    shown = answer.json()
    due, done = (
        datetime.fromisoformat(at) for at in (shown["deadlines"]["DL-02"]["due_at"], shown["updated_at"])
    )
    return done < due


async def _broken(traffic: Traffic, case: str) -> bool:
    stored = await traffic.document("cases", case)
    assert stored
    return any(
        breach["deadline"] == "DL-02" and breach.get("standing", True)
        for breach in stored["state"]["breaches"]
    )
