"""Over HTTP, with the invented directory: who may read a case, and that somebody always may."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import get_args
from uuid import UUID

import httpx
import pytest

from deploy.local import Stack
from schemas.cases import Part
from schemas.contacts import ContactReceived, Vehicle
from tests.dealership import a_contact
from tests.patience import until
from tests.routing_service import Service, redress, routing

DIRECTORY = Path(__file__).parents[2] / "deploy" / "local" / "directory.yaml"
FIRE = "车子突然起火冒烟,必须给我一个说法"
PLACES = [
    ("no-such-shop", "hanlu"), ("no-such-shop", "songye"), ("no-such-shop", ""), ("no:such shop$", "?"), ("gz-tianhe", ""),
    ("gz-tianhe", "no-such-brand"), ("gz-tianhe", "songye"), ("dg-nancheng", "hanlu"), ("fs-chancheng", ""), ("", ""),
]  # fmt: skip
READERS = (
    "gz-tianhe.op1", "gz-tianhe.gm", "dg-nancheng.cr", "fs-chancheng.sa1", "cs-yuelu.gm", "hanlu.cr1", "hanlu.cr2",
    "songye.cr1",
)  # fmt: skip


@pytest.fixture(scope="module")
async def service(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with routing(stack, tmp_path_factory.mktemp("routing-readers")) as running:
        await asyncio.to_thread(redress, running.env, "directory", "load", str(DIRECTORY))
        yield running


@pytest.fixture(scope="module")
async def contacts(service: Service) -> Sequence[ContactReceived]:
    """A general and a major complaint from each place, all of them opened."""
    found = [
        a_contact(narrative, shop=shop, vehicle=Vehicle(brand=brand), occurred_at=datetime.now(UTC))
        for shop, brand in PLACES
        for narrative in ("空调有异响,请检查", FIRE)
    ]

    async def is_loaded() -> bool:
        return (
            await service.get("hanlu.cr1", f"/v1/cases/{UUID(int=0)}")
        ).status_code == httpx.codes.NOT_FOUND

    await until(is_loaded)
    await service.receive(*found)
    for one in found:
        await until(partial(is_read, service, one))
    return found


async def is_read(service: Service, contact: ContactReceived) -> bool:
    """Whether the case of a contact is read by anybody of those who are asked."""
    path = f"/v1/cases/{contact.case_id}"
    return any([(await service.get(name, path)).is_success for name in READERS])


async def test_every_case_is_read_by_somebody_who_may_accept_it(
    service: Service, contacts: Sequence[ContactReceived]
) -> None:
    for one in contacts:
        path = f"/v1/cases/{one.case_id}"
        answers = {name: await service.get(name, path) for name in READERS}
        may = [(name, task) for name, answer in answers.items() if (task := may_accept(answer))]
        if one.shop in {"gz-tianhe", "dg-nancheng", "fs-chancheng"}:
            continue  # its own people have it: they are more than are asked here
        assert may, (one.shop, one.vehicle.brand)
        name, task = may[0]
        taken = await service.post(name, f"{path}/tasks/{task}/accept", answers[name].headers["ETag"])
        assert taken.status_code == httpx.codes.OK, taken.text
        assert taken.json()["owner"] == name


def may_accept(answer: httpx.Response) -> str:
    """The hand-over of a case that its reader may accept; empty where there is none."""
    case = answer.json()
    hand_overs = [task["task_id"] for task in case.get("tasks", ()) if task["moves_owner"]]
    return next((task for task in hand_overs if "accept" in case["replies"].get(task, ())), "")


async def test_the_metric_counts_what_nobody_has(service: Service) -> None:
    # A case of its own: those of the other tests have been accepted by then, and the count looks only now and then.
    await service.receive(a_contact(shop="no-such-shop", occurred_at=datetime.now(UTC)))
    lines: list[str] = []
    counts: list[float] = []

    async def some_counted() -> bool:
        lines[:] = (await service.http.get("/metrics")).text.splitlines()
        counts[:] = [float(line.split()[1]) for line in lines if line.startswith("redress_unstaffed_cases{")]
        return sum(counts) > 0

    await until(some_counted)
    assert len(counts) == len(get_args(Part))
    assert "redress_last_resort_missing 0.0" in lines
