"""Routing as a process on the real stack: contacts become owned cases, and people act on them."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from deploy.local import Stack
from schemas.cases import CaseOpened, CaseTaskAccepted, CaseTaskSent
from schemas.outreach import OutreachRequested
from tests.dealership import a_contact, directory_file
from tests.routing_service import Service, redress, routing
from tests.stack import consume, database


@pytest.fixture(scope="module")
async def service(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with routing(stack, tmp_path_factory.mktemp("routing")) as running:
        yield running


async def test_a_contact_becomes_a_case_with_an_owner_and_a_hand_over(service: Service) -> None:
    contact = a_contact()
    await service.receive(contact)
    opened, offered = await service.events(contact.case_id, 2)
    assert isinstance(opened, CaseOpened)
    assert (opened.seq, opened.header.severity, opened.header.policy) == (1, "general", "gtmc")
    assert opened.header.owner in {"op-1", "op-2"}
    assert isinstance(offered, CaseTaskSent)
    assert (offered.seq, offered.task, offered.to, offered.moves_owner) == (2, "hand_over", "cr-1", True)
    assert [(task.task_id, task.to) for task in offered.header.tasks] == [(offered.task_id, "cr-1")]


async def test_a_contact_delivered_twice_opens_one_case_once(service: Service) -> None:
    contact = a_contact("方向盘有异响")
    await service.receive(contact, contact)
    await service.receive(contact)
    await service.events(contact.case_id, 2)
    answer = await service.get("gm-1", f"/v1/cases/{contact.case_id}")
    assert len(answer.json()["contacts"]) == 1
    assert [entry["event"] for entry in answer.json()["history"]] == ["case.opened", "case.task_sent"]


async def test_an_accepted_case_changes_owner_and_tells_so(service: Service) -> None:
    path, seen = await service.opened()
    answer = await service.accept("cr-1", path, seen)
    assert answer.status_code == httpx.codes.OK, answer.text
    assert (answer.json()["owner"], answer.json()["state"]) == ("cr-1", "in_review")
    events = await service.events(UUID(path.rsplit("/", 1)[1]), 3)
    assert isinstance(events[2], CaseTaskAccepted)
    assert events[2].by == "cr-1"


async def test_the_same_directory_announces_nothing_new(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "directory.json"
    file.write_text(directory_file().model_dump_json(), "utf-8")
    said = await asyncio.to_thread(redress, service.env, "directory", "load", str(file))
    assert "0 of them new" in said.stdout


async def test_the_history_of_a_case_verifies(service: Service) -> None:
    path, seen = await service.opened()
    assert (await service.accept("cr-1", path, seen)).status_code == httpx.codes.OK
    said = await asyncio.to_thread(redress, service.env, "history", "verify", path.rsplit("/", 1)[1])
    assert "3 entries verify" in said.stdout


async def test_words_that_were_changed_are_found_out(service: Service) -> None:
    path, _ = await service.opened()
    case = path.rsplit("/", 1)[1]
    async with database(service.stack, service.names.database) as documents:
        changed = {"words": {"narrative": "一切都好", "demand": ""}}
        await documents["texts"].update_one({"case": case}, {"$set": changed})
    with pytest.raises(subprocess.CalledProcessError) as found:
        await asyncio.to_thread(redress, service.env, "history", "verify", case)
    assert "entry 1: the text kept is not the one that was sealed" in found.value.stderr


async def test_words_that_were_erased_leave_a_history_that_verifies(service: Service) -> None:
    path, _ = await service.opened()
    case = path.rsplit("/", 1)[1]
    async with database(service.stack, service.names.database) as documents:
        await documents["texts"].delete_one({"case": case})
    said = await asyncio.to_thread(redress, service.env, "history", "verify", case)
    assert "2 entries verify" in said.stdout


async def test_the_customer_is_asked_to_be_told_on_a_topic_of_its_own(service: Service) -> None:
    await service.opened()
    record = (await consume(service.stack, service.names.topic("outreach"), 1))[0]
    asked = OutreachRequested.model_validate_json(record.value)
    assert (asked.medium, asked.address) == ("sms", "+8613800000000")


async def test_a_case_is_told_anew_after_somebody_missed_something(service: Service) -> None:
    path, _ = await service.opened()
    case = UUID(path.rsplit("/", 1)[1])
    await asyncio.to_thread(redress, service.env, "resync", str(case))
    snapshot = (await service.events(case, 3))[2]
    assert (snapshot.type, snapshot.seq) == ("case.snapshot", 3)
    assert [(task.task, task.to) for task in snapshot.header.tasks] == [("hand_over", "cr-1")]
    said = await asyncio.to_thread(redress, service.env, "resync", "--all")
    assert re.fullmatch(r"\d+ cases: published anew", said.stdout.strip())
    again = (await service.events(case, 4))[3]
    assert (again.type, again.seq, again.header) == ("case.snapshot", 4, snapshot.header)


async def test_two_cases_of_one_number_are_an_alarm_and_each_is_a_case_of_its_own(service: Service) -> None:
    first = a_contact()
    second = a_contact(case_number=first.case_number)
    for contact in (first, second):
        await service.receive(contact)
        opened, _ = await service.events(contact.case_id, 2)
        assert (opened.type, opened.header.number) == ("case.opened", first.case_number)
    paths = [f"/v1/cases/{one.case_id}" for one in (first, second)]
    assert [(await service.get("gm-1", path)).json()["number"] for path in paths] == [first.case_number] * 2
    path = f"/v1/cases/{second.case_id}"
    answer = await service.accept("cr-1", path, (await service.get("cr-1", path)).headers["ETag"])
    assert answer.json()["owner"] == "cr-1"
    metrics = (await service.http.get("/metrics")).text
    assert 'redress_unique_values_taken_total{collection="cases"} 2.0' in metrics
