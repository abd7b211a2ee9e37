"""Services whose clock is an hour wrong: sla fires nothing and says why, the others warn, all go on by themselves."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from deploy.local import Service, Stack, service
from schemas.policies import PublishedPolicy
from services.common.runtime.clock import Clock
from tests.e2e.test_sla import POLICY, RunningSla
from tests.patience import SECONDS, until
from tests.signing import BELIEVING
from tests.stack import Names, produce

HOUR = 3_600.0
SET = """
import os, pathlib, time

right, ahead = time.time, pathlib.Path(os.environ["CLOCK_AHEAD"])
time.time = lambda: right() + float(ahead.read_text())
"""
"""Read by Python when it starts: another time of day for one process, set by a file."""


@dataclass(frozen=True)
class MistimedService:
    """A service, and the file that says by how many seconds its clock is ahead."""

    service: Service
    ahead: Path
    log: Path

    def set(self, seconds: float) -> None:
        # Renamed into its place: it may be read at any moment.
        new = self.ahead.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self.ahead)

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=SECONDS) as client:
            return await client.get(f"{self.service.url}{path}")

    async def metric(self, name: str) -> float:
        page = (await self.get("/metrics")).text
        return float(next(line for line in page.splitlines() if line.startswith(name)).rpartition(" ")[2])


@asynccontextmanager
async def mistimed(
    name: str, environment: Mapping[str, str], home: Path, ahead: float
) -> AsyncIterator[MistimedService]:
    (home / "sitecustomize.py").write_text(SET)
    clock = {"PYTHONPATH": str(home), "CLOCK_AHEAD": str(home / "ahead")}
    log = home / f"{name}.log"
    started = MistimedService(service(name, {**environment, **clock}, log), home / "ahead", log)
    started.set(ahead)
    started.service.runner.launch()
    try:
        yield started
        await started.service.stop()
    finally:
        if started.service.runner.runs():
            await started.service.kill()


@pytest.fixture
async def running(
    stack: Stack, names: Names, tmp_path: Path
) -> AsyncIterator[tuple[RunningSla, MistimedService]]:
    """Sla with its clock an hour ahead, at the speed of the wall."""
    published = PublishedPolicy(version=POLICY.version, policy=POLICY).model_dump_json()
    key = f"{POLICY.id}@{POLICY.version}"
    await produce(stack, names.topic("policies"), [(key.encode(), published.encode())])
    async with mistimed("sla", names.environment(stack), tmp_path, HOUR) as service:
        yield RunningSla(stack, names, Clock(), service.service), service


async def test_an_hour_ahead_sla_breaks_no_deadline_and_goes_on_once_its_clock_is_right(
    running: tuple[RunningSla, MistimedService],
) -> None:
    sla, service = running
    opened = [sla.open(ago=timedelta(minutes=1)) for _ in range(4)]
    await sla.send(*opened)
    await until(lambda: is_waiting(service))
    readiness = (await service.get("/readyz")).json()
    assert readiness["clock"].startswith(
        "nothing fires: our clock is 3600 s ahead of kafka, 3600 s ahead of store"
    )
    assert await service.metric("redress_sla_clock_doubted") == 1
    for source in ("kafka", "store"):
        offset = await service.metric(f'redress_clock_offset_seconds{{service="sla",source="{source}"}}')
        assert offset == pytest.approx(HOUR, abs=30)
    assert "nothing fires" in service.log.read_text()
    service.set(0)
    late = sla.open(ago=timedelta(hours=1, minutes=1))
    await sla.send(late)
    cases = {late.case_id, *(one.case_id for one in opened)}
    await sla.published(cases, "started", 5)
    breaches = [one for one in await sla.published(cases, "breached", 1) if one.type == "deadline.breached"]
    assert {one.case_id for one in breaches} == {late.case_id}
    await until(service.service.ready)
    assert await service.metric("redress_sla_clock_doubted") == 0


async def is_waiting(service: MistimedService) -> bool:
    """Whether records wait because of the clock."""
    lines = service.log.read_text().splitlines()
    return any("waits and tries again" in line and "our clock is" in line for line in lines)


async def has_overdue(service: MistimedService, cases: int) -> bool:
    return await service.metric("redress_deadlines_overdue ") == cases


async def test_a_clock_set_wrong_while_sla_works_is_noticed_at_once(
    running: tuple[RunningSla, MistimedService],
) -> None:
    sla, service = running
    service.set(0)
    await until(service.service.ready)
    opened = sla.open(ago=timedelta(minutes=1))
    await sla.send(opened)
    await sla.published({opened.case_id}, "started", 1)
    service.set(HOUR)
    await until(lambda: has_overdue(service, 1))
    await until(lambda: is_doubted(service))
    service.set(0)
    await until(service.service.ready)
    late = sla.open(ago=timedelta(hours=1, minutes=1))
    await sla.send(late)
    events = await sla.published({opened.case_id, late.case_id}, "breached", 1)
    assert [one.case_id for one in events if one.type == "deadline.breached"] == [late.case_id]


async def is_doubted(service: MistimedService) -> bool:
    return "clock" in (await service.get("/readyz")).json()


@pytest.mark.parametrize("name", ["intake", "routing", "notify"])
async def test_other_services_warn_and_go_on(stack: Stack, names: Names, tmp_path: Path, name: str) -> None:
    environment = names.environment(stack) | BELIEVING
    async with mistimed(name, environment, tmp_path, HOUR / 2) as service:
        await until(service.service.ready)
        offset = f'redress_clock_offset_seconds{{service="{name}",source="kafka"}}'
        assert await service.metric(offset) == pytest.approx(HOUR / 2, abs=30)
        assert "our clock differs" in service.log.read_text()
