"""Routing as a process on the real stack: contacts become owned cases, and people act on them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from deploy.local import Stack, start_service
from schemas import cases
from schemas.cases import CaseAccepted, CaseEvent, CaseHandedOver, CaseOpened
from schemas.contacts import ContactReceived
from services.common import tokens
from tests.dealership import a_contact, directory_file
from tests.stack import Names, consume, produce

KEY = "a key for tests only, 32 characters or more"


@dataclass(frozen=True)
class Room:
    """Routing, its names on the stack, and people who sign in."""

    stack: Stack
    names: Names
    http: httpx.AsyncClient
    env: dict[str, str]

    async def hear(self, *contacts: ContactReceived) -> None:
        records = [(str(one.case_id).encode(), one.model_dump_json().encode()) for one in contacts]
        await produce(self.stack, self.names.topic("contacts"), records)

    async def events(self, case: UUID, count: int) -> list[CaseEvent]:
        """The first `count` events of one case, whatever else the topic holds."""
        found: list[CaseEvent] = []
        seen = 0
        async with asyncio.timeout(20):
            while len(found) < count:
                seen += 1
                records = await consume(self.stack, self.names.topic("cases"), seen)
                found = [e for r in records if (e := cases.ADAPTER.validate_json(r.value)).case_id == case]
        return sorted(found, key=lambda event: event.seq)

    async def get(self, person: str, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=_signed(person))

    async def post(
        self, person: str, path: str, seen: str, body: Any = None, key: str = ""
    ) -> httpx.Response:
        headers = _signed(person) | {"If-Match": seen, "Idempotency-Key": key or str(uuid4())}
        return await self.http.post(path, json=body or {}, headers=headers)

    async def opened(self, **changes: Any) -> tuple[str, str]:
        """A new case: its path and its ETag."""
        contact = a_contact(**{"occurred_at": datetime.now(UTC), **changes})
        await self.hear(contact)
        path = f"/v1/cases/{contact.case_id}"
        async with asyncio.timeout(20):
            while (answer := await self.get("gm-1", path)).status_code == httpx.codes.NOT_FOUND:
                await asyncio.sleep(0.05)
        return path, answer.headers["ETag"]


def _signed(person: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.issue(person, KEY, timedelta(hours=1))}"}


def redress(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.redress", *words],
        env=os.environ | env, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
async def room(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    names, home = Names.fresh(), tmp_path_factory.mktemp("routing")
    await names.create_topics(stack)
    env = names.environment(stack) | {"REDRESS_TOKEN_KEY": KEY}
    directory = home / "directory.json"
    directory.write_text(directory_file().model_dump_json(), "utf-8")
    await asyncio.to_thread(redress, env, "directory", "load", str(directory))
    routing = start_service("routing", env, home / "routing.log")
    try:
        await routing.wait_ready()
        async with httpx.AsyncClient(base_url=routing.url, timeout=10) as http:
            yield Room(stack, names, http, env)
        await routing.stop()
    finally:
        sys.stderr.write((home / "routing.log").read_text("utf-8"))


async def test_a_contact_becomes_a_case_with_an_owner_and_a_hand_over(room: Room) -> None:
    contact = a_contact()
    await room.hear(contact)
    opened, offered = await room.events(contact.case_id, 2)
    assert isinstance(opened, CaseOpened)
    assert (opened.seq, opened.header.severity, opened.header.profile) == (1, "general", "gtmc")
    assert opened.header.owner in {"op-1", "op-2"}
    assert isinstance(offered, CaseHandedOver)
    assert (offered.seq, offered.to, offered.header.offered_to) == (2, "cr-1", "cr-1")


async def test_a_contact_delivered_twice_opens_one_case_once(room: Room) -> None:
    contact = a_contact("方向盘有异响")
    await room.hear(contact, contact)
    await room.hear(contact)
    await room.events(contact.case_id, 2)
    answer = await room.get("gm-1", f"/v1/cases/{contact.case_id}")
    assert len(answer.json()["contacts"]) == 1
    assert [entry["event"] for entry in answer.json()["history"]] == ["case.opened", "case.handed_over"]


async def test_an_accepted_case_changes_owner_and_tells_so(room: Room) -> None:
    path, seen = await room.opened()
    answer = await room.post("cr-1", f"{path}/accept", seen)
    assert answer.status_code == httpx.codes.OK, answer.text
    assert (answer.json()["owner"], answer.json()["state"]) == ("cr-1", "in_review")
    events = await room.events(UUID(path.rsplit("/", 1)[1]), 3)
    assert isinstance(events[2], CaseAccepted)
    assert events[2].by == "cr-1"


async def test_the_same_directory_announces_nothing_new(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "directory.json"
    file.write_text(directory_file().model_dump_json(), "utf-8")
    said = await asyncio.to_thread(redress, room.env, "directory", "load", str(file))
    assert "0 of them new" in said.stdout


async def test_the_history_of_a_case_verifies(room: Room) -> None:
    path, seen = await room.opened()
    assert (await room.post("cr-1", f"{path}/accept", seen)).status_code == httpx.codes.OK
    said = await asyncio.to_thread(redress, room.env, "history", "verify", path.rsplit("/", 1)[1])
    assert "3 entries verify" in said.stdout
