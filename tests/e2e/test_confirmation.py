"""A suspected safety matter on the real stack: who is asked to confirm it, by SMS, and what follows where nobody does."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from deploy.local import Service, Stack, service
from deploy.local.patient import client
from deploy.local.process import ChildProcess, Command
from deploy.local.provider import Provider, provider
from services.common.runtime.clock import Clock
from tests.dealership import a_contact, directory_file, person
from tests.patience import SECONDS, until
from tests.routing_service import redress
from tests.signing import BELIEVING, signed
from tests.stack import Names, produce
from tests.suspicions import SMOKE

SCALE = 200.0
PHONE = "13900000001"


@dataclass(frozen=True)
class Dealership:
    """Routing, sla and notify, and who carries their messages."""

    stack: Stack
    names: Names
    clock: Clock
    mail: Provider
    sms: Provider
    http: httpx.AsyncClient

    async def case(self, case: UUID, person: str = "gm-1") -> dict[str, Any]:
        answer = await self.http.get(f"/v1/cases/{case}", headers=signed(person))
        found: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
        return found

    async def confirm(self, case: UUID, person: str, body: dict[str, str]) -> dict[str, Any]:
        """The answer to a confirmation; a case that has changed since is looked at again."""
        seen = await self.case(case, person)
        [task] = [one["task_id"] for one in seen["tasks"] if one["task"] == "confirm"]
        headers = signed(person) | {"If-Match": f'"{seen["revision"]}"', "Idempotency-Key": str(uuid4())}
        answer = await self.http.post(f"/v1/cases/{case}/tasks/{task}/answer", json=body, headers=headers)
        assert answer.status_code in {httpx.codes.OK, httpx.codes.PRECONDITION_FAILED}, answer.text
        found: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
        return found


def doubting(command: Command) -> ChildProcess:
    """The same service with the judge of `tests/doubting.py`."""
    arguments = (sys.executable, "-m", "tests.doubting", *command.arguments[3:])
    return ChildProcess(replace(command, arguments=arguments))


@pytest.fixture
async def dealership(stack: Stack, names: Names, tmp_path: Path) -> AsyncIterator[Dealership]:
    clock = Clock(SCALE, time.time())
    mail, sms = provider("mail", tmp_path / "mail"), provider("sms", tmp_path / "sms")
    env = names.environment(stack) | {
        **BELIEVING,
        "REDRESS_TIME_SCALE": str(SCALE),
        "REDRESS_TIME_EPOCH": repr(clock.epoch),
        "REDRESS_SMTP_PORT": str(mail.port),
        "REDRESS_SMS_URL": f"http://127.0.0.1:{sms.port}",
    }
    file = tmp_path / "directory.json"
    file.write_text(directory_file(dm_service=person("dm-service", phone=PHONE)).model_dump_json(), "utf-8")
    await asyncio.to_thread(redress, env, "directory", "load", str(file))
    services: list[Service] = [
        service("routing", env, tmp_path / "routing.log", run=doubting),
        *(service(name, env, tmp_path / f"{name}.log") for name in ("sla", "notify")),
    ]
    parts = [mail, sms, *services]
    try:
        await asyncio.gather(*(part.start() for part in parts))
        async with client(services[0].url, SECONDS) as http:
            yield Dealership(stack, names, clock, mail, sms, http)
    finally:
        await asyncio.gather(*(part.stop() for part in parts))


async def test_a_suspected_safety_matter_is_asked_and_acts_where_nobody_confirms(
    dealership: Dealership,
) -> None:
    contact = a_contact(SMOKE, occurred_at=dealership.clock.now(), received_at=dealership.clock.now())
    record = (str(contact.case_id).encode(), contact.model_dump_json().encode())
    await produce(dealership.stack, dealership.names.topic("contacts"), [record])

    async def case() -> dict[str, Any]:
        return await dealership.case(contact.case_id)

    async def requested() -> list[str]:
        texts = [one.text for one in dealership.sms.received() if one.to.endswith(PHONE)]
        return [text for text in texts if "疑似重要投诉" in text]

    async def raised() -> dict[str, Any]:
        found = await case()
        return found if found["severity"] == "major" else {}

    await until(case)
    assert await until(requested)
    acted = await until(raised)
    assert (acted["suspected"], acted["confirmed"]) == (None, False)
    entries = {entry["event"]: entry["facts"] for entry in reversed(acted["history"])}
    assert entries["case.opened"]["owner"] == acted["owner"]
    assert entries["case.severity_raised"]["unconfirmed"] == "not_in_time"
    tasks = [one for one in acted["history"] if one["facts"].get("task") == "confirm"]
    sent, withdrawn, again = [(one["event"], one["facts"]) for one in tasks][:3]
    assert (sent[0], sent[1]["to"]) == ("case.task_sent", "dm-service")
    assert (withdrawn[0], withdrawn[1]["because"]) == ("case.task_withdrawn", "unanswered")
    assert (again[0], again[1]["to"], again[1]["via"]) == ("case.task_sent", "cr-1", "anew")
    [contact_kept] = acted["contacts"]
    assert [signal["certain"] for signal in contact_kept["signals"]] == [False]

    async def warned() -> list[str]:
        return [one.subject for one in dealership.mail.received() if one.to.startswith("gm-1@")]

    assert any("升为重要投诉" in subject for subject in await until(warned))

    async def confirmed() -> dict[str, Any]:
        return await dealership.confirm(contact.case_id, "dm-service", {"severity": "major"})

    answer = await until(confirmed)
    assert (answer["severity"], answer["confirmed"]) == ("major", True)
    assert "confirm" not in {task["task"] for task in answer["tasks"]}
