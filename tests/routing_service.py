"""Routing as a process with a directory, and people who sign in to it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from deploy.local import Stack, start_service
from deploy.local.part import Part
from deploy.local.patient import ONCE, client
from schemas import cases
from schemas.cases import CaseEvent
from schemas.contacts import ContactReceived
from tests.dealership import a_contact, directory_file
from tests.openapi import OpenApi
from tests.patience import SECONDS, patience, until
from tests.signing import BELIEVING, signed
from tests.stack import Names, consume, own_names, produce


@dataclass(frozen=True)
class Service:
    """Routing, its names on the stack, and people who sign in."""

    stack: Stack
    names: Names
    http: httpx.AsyncClient
    env: dict[str, str]
    process: Part

    async def receive(self, *contacts: ContactReceived) -> None:
        records = [(str(one.case_id).encode(), one.model_dump_json().encode()) for one in contacts]
        await produce(self.stack, self.names.topic("contacts"), records)

    async def events(self, case: UUID, count: int) -> list[CaseEvent]:
        """The first `count` events of one case, whatever else the topic holds."""
        found: list[CaseEvent] = []
        seen = 0
        async with patience():
            while len(found) < count:
                seen += 1
                records = await consume(self.stack, self.names.topic("cases"), seen)
                found = [e for r in records if (e := cases.ADAPTER.validate_json(r.value)).case_id == case]
        return sorted(found, key=lambda event: event.seq)

    async def get(self, person: str, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=signed(person))

    async def post(
        self, person: str, path: str, seen: str, body: Any = None, key: str = "", *, once: bool = False
    ) -> httpx.Response:
        """The answer to an action; the first, also where it is 503, for one that is asked `once`."""
        headers = signed(person) | {"If-Match": seen, "Idempotency-Key": key or str(uuid4())}
        extensions = ONCE if once else {}
        return await self.http.post(path, json=body or {}, headers=headers, extensions=extensions)

    async def replying(self, case: str, verb: str, task: str = "hand_over", reader: str = "gm-1") -> str:
        """Where somebody replies to the newest task of a kind that waits in the case of this path."""
        waiting = (await self.get(reader, case)).json()["tasks"]
        newest = [one["task_id"] for one in waiting if one["task"] == task][-1]
        return f"{case}/tasks/{newest}/{verb}"

    async def accept(self, person: str, case: str, seen: str, key: str = "") -> httpx.Response:
        """Somebody takes a case over."""
        return await self.post(person, await self.replying(case, "accept"), seen, key=key)

    async def opened(self, **changes: Any) -> tuple[str, str]:
        """A new case: its path and its ETag."""
        contact = a_contact(**{"occurred_at": datetime.now(UTC), **changes})
        await self.receive(contact)
        path = f"/v1/cases/{contact.case_id}"

        async def seen() -> str:
            answer = await self.get("gm-1", path)
            return "" if answer.status_code == httpx.codes.NOT_FOUND else answer.headers["ETag"]

        return path, await until(seen)


def redress(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.redress", *words],
        env=os.environ | env, check=True, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip


@asynccontextmanager
async def routing(stack: Stack, home: Path, mongo: str = "") -> AsyncIterator[Service]:
    """Routing with the test dealership loaded; whatever it answers is held to its document.

    `mongo` is another way to the same store.
    """
    async with own_names(stack) as names:
        env = names.environment(stack) | BELIEVING
        directory = home / "directory.json"
        directory.write_text(directory_file().model_dump_json(), "utf-8")
        await asyncio.to_thread(redress, env, "directory", "load", str(directory))
        env |= {"REDRESS_MONGO": mongo or stack.addresses.mongo}
        service = start_service("routing", env, home / "routing.log")
        try:
            await service.wait_ready()
            async with client(service.url, SECONDS) as http:
                document = (await http.get("/openapi.json")).json()
                http.event_hooks = {"response": [OpenApi(document).check]}
                yield Service(stack, names, http, env, service)
            await service.stop()
        finally:
            sys.stderr.write((home / "routing.log").read_text("utf-8"))
