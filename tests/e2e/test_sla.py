"""Sla as a process on the real stack, at six hundred times the speed of the wall."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local import Service, Stack, service
from schemas import deadlines
from schemas.cases import ADAPTER, CaseEvent
from schemas.deadlines import DeadlineBreached, DeadlineEvent
from schemas.identity import firing_id
from schemas.policies import PublishedPolicy
from services.common.runtime.clock import Clock
from tests.patience import SECONDS, patience
from tests.soak import rounds
from tests.stack import Names, database, produce
from tests.unit.sla.story import NOTE, SHOP, a_deadline, a_header, a_policy, body_of

SCALE = 600.0
HOUR = timedelta(hours=1)
POLICY = a_policy(a_deadline("P", on_breach=[], warnings=[{"percent": 75}]))


@dataclass
class RunningSla:
    """Sla with what it reads and what it publishes."""

    stack: Stack
    names: Names
    clock: Clock
    service: Service

    async def send(self, *events: CaseEvent) -> None:
        records = [(str(one.case_id).encode(), one.model_dump_json().encode()) for one in events]
        await produce(self.stack, self.names.topic("cases"), records)

    def open(self, *, ago: timedelta = timedelta()) -> CaseEvent:
        return self.event("opened", uuid4(), 1, self.clock.now() - ago)

    def event(self, kind: str, case: UUID, seq: int, occurred: datetime) -> CaseEvent:
        """An event of the case, or an action."""
        body: dict[str, Any] = {
            "id": uuid5(case, str(seq)), "case_id": case, "occurred_at": occurred, "seq": seq,
            "header": a_header(policy_version=POLICY.version), "note": NOTE, "received_at": occurred,
            "calendar": SHOP,
        }  # fmt: skip
        return ADAPTER.validate_python(body_of(kind) | body)

    async def published(self, cases: set[UUID], ending: str, count: int) -> list[DeadlineEvent]:
        """All events of these cases until there are so many of one kind; kills leave copies."""
        consumer = AIOKafkaConsumer(
            self.names.topic(deadlines.TOPIC),
            bootstrap_servers=self.stack.addresses.kafka,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        events: list[DeadlineEvent] = []
        async with patience(), consumer:
            async for record in consumer:
                event = deadlines.ADAPTER.validate_json(record.value)
                events += [event] if event.case_id in cases else []
                if len({event.id for event in events if event.type.endswith(ending)}) == count:
                    return events
        raise AssertionError("the topic ended")

    async def documents(self, cases: set[UUID]) -> list[dict[str, Any]]:
        async with database(self.stack, self.names.database) as store:
            return [
                one async for one in store.deadlines.find({"_id": {"$in": [str(case) for case in cases]}})
            ]

    async def metrics(self) -> str:
        async with httpx.AsyncClient(timeout=SECONDS) as client:
            return (await client.get(f"{self.service.url}/metrics")).text


@pytest.fixture(scope="module")
async def sla(
    stack: Stack, module_names: Names, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningSla]:
    names, epoch = module_names, time.time()
    published = PublishedPolicy(version=POLICY.version, policy=POLICY).model_dump_json()
    key = f"{POLICY.id}@{POLICY.version}"
    await produce(stack, names.topic("policies"), [(key.encode(), published.encode())])
    speed = {"REDRESS_TIME_SCALE": str(SCALE), "REDRESS_TIME_EPOCH": repr(epoch)}
    process = service("sla", names.environment(stack) | speed, tmp_path_factory.mktemp("sla") / "sla.log")
    await process.start()
    yield RunningSla(stack, names, Clock(SCALE, epoch), process)
    await process.stop()


async def test_a_deadline_is_started_warned_of_and_breached_never_early(sla: RunningSla) -> None:
    opened = sla.open()
    await sla.send(opened)
    events = await sla.published({opened.case_id}, "breached", 1)
    assert [one.type for one in events] == ["deadline.started", "deadline.warned", "deadline.breached"]
    assert [one.seq for one in events] == [1, 2, 3]
    breach = events[-1]
    assert breach.due_at == opened.occurred_at + HOUR
    assert breach.id == firing_id(opened.case_id, "P", 1, 0)
    assert breach.occurred_at >= breach.due_at


async def test_a_deadline_met_in_time_is_never_breached(sla: RunningSla) -> None:
    opened = sla.open()
    await sla.send(opened, sla.event("contact", opened.case_id, 2, opened.occurred_at + HOUR / 2))
    other = sla.open()
    await sla.send(other)
    events = await sla.published({opened.case_id, other.case_id}, "breached", 1)
    assert [one.type for one in events if one.case_id == opened.case_id] == [
        "deadline.started",
        "deadline.met",
    ]


async def test_a_stop_that_occurred_in_time_but_is_read_after_the_breach_withdraws_it(
    sla: RunningSla,
) -> None:
    opened = sla.open(ago=HOUR)
    await sla.send(opened)
    breach = (await sla.published({opened.case_id}, "breached", 1))[-1]
    await sla.send(sla.event("contact", opened.case_id, 2, opened.occurred_at + HOUR / 2))
    events = await sla.published({opened.case_id}, "met", 1)
    withdrawn = [one.breach for one in events if one.type == "deadline.withdrawn"]
    assert withdrawn == [breach.id]


async def test_killed_while_half_the_people_act_in_time_only_the_other_half_is_breached(
    sla: RunningSla,
) -> None:
    opened = [sla.open() for _ in range(60)]
    cases = {one.case_id for one in opened}
    await sla.send(*opened)
    await sla.published(cases, "started", 60)
    await sla.service.kill()
    acted = {one.case_id for one in opened[::2]}
    await sla.send(*(sla.event("contact", one.case_id, 2, one.occurred_at + HOUR / 2) for one in opened[::2]))
    await asyncio.sleep(HOUR.total_seconds() / SCALE)
    await sla.service.start()
    events = await sla.published(cases, "breached", 30)
    breaches = [one for one in events if isinstance(one, DeadlineBreached)]
    assert {one.case_id for one in breaches} == cases - acted
    assert len({one.id for one in breaches}) == 30
    assert all(one.late for one in breaches)


async def test_killed_again_and_again_every_breach_has_one_id_and_every_sequence_is_whole(
    sla: RunningSla,
) -> None:
    opened: list[CaseEvent] = []
    for _ in range(rounds(5, 50)):
        batch = [sla.open(ago=HOUR - timedelta(minutes=5)) for _ in range(40)]
        opened += batch
        await sla.send(*batch)
        await asyncio.sleep(0.4)
        await sla.service.kill()
        await sla.service.start()
    cases = {one.case_id for one in opened}
    events = await sla.published(cases, "breached", len(cases))
    assert {one.case_id for one in events if isinstance(one, DeadlineBreached)} == cases
    for case in cases:
        own = {one.id: one.seq for one in events if one.case_id == case}
        assert sorted(own.values()) == [1, 2, 3]
    documents = await sla.documents(cases)
    assert len(documents) == len(cases)
    for stored in documents:
        assert stored["applied"] == {"cases": 1}
        assert stored["published"] == {"deadlines": 3}


async def test_what_deadlines_do_is_seen_from_outside(sla: RunningSla) -> None:
    page = await sla.metrics()
    assert "redress_deadlines_armed" in page
    assert 'redress_deadline_lateness_seconds_count{kind="breached"' in page
    assert 'redress_breaches_total{deadline="P",policy="gtmc",severity="general"}' in page
