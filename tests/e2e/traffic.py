"""Steady traffic against a whole Redress, and what must hold afterwards whatever was done to it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from pymongo import AsyncMongoClient

from deploy.local.console import redress
from deploy.plays.environment import Environment
from deploy.plays.recorder import recorder
from schemas.directory import DirectoryFile
from services.common.kafka import dead_letters
from services.common.store import history
from tests.e2e.client import Client, signer
from tests.patience import SECONDS, patience, until

DIRECTORY = Path("deploy/local/directory.yaml")
NARRATIVES = (
    "空调有异响,来过两次都没修好",
    "刹车踩到底车还往前溜,差点撞到人",
    "I want my money back, this car goes back to you",
    "The dashboard rattles on every bump",
)


@dataclass
class Traffic:
    """Posts contacts and acts on cases; remembers what was accepted."""

    environment: Environment
    people: DirectoryFile
    intake: Client
    routing: Client
    store: AsyncMongoClient[dict[str, Any]]
    accepted: dict[str, str] = field(default_factory=dict)
    acted: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    async def begin(cls, environment: Environment) -> "Traffic":
        await redress(environment.variables, "directory", "load", str(DIRECTORY))
        sign = signer(environment.token)
        intake, routing = (
            Client(httpx.AsyncClient(base_url=environment.services[name].url, timeout=SECONDS), sign)
            for name in ("intake", "routing")
        )
        return cls(
            environment, _people(), intake, routing, AsyncMongoClient(environment.stack.addresses.mongo)
        )

    async def post(self, number: int) -> str:
        """Post until it is accepted, always under one key; the case id."""
        franchise = self.people.franchises[number % len(self.people.franchises)]
        body = {
            "channel": "onsite",
            "shop": franchise.shop,
            "received_at": self.environment.clock.now().isoformat(),
            "vehicle": {"brand": franchise.brand},
            "customer": {"phone": "+86 100 0000 0000"},
            "narrative": NARRATIVES[number % len(NARRATIVES)],
        }
        key = {"Idempotency-Key": f"traffic-{number}"}
        answer = await self.intake.request("traffic", "POST", "/v1/contacts", key, json=body)
        assert answer.status_code == 202, answer.text
        body = answer.json()
        self.accepted[body["case_id"]] = body["case_number"]
        return str(body["case_id"])

    async def accept(self, case: str) -> str | None:
        """Whoever is to take the case over accepts it; the person, or None where it is a queue."""
        task = await until(lambda: self.hand_over(case))
        receiver = str(task["to"])
        if receiver.startswith("queue:"):
            return None
        async with patience():
            while True:
                seen = await self.routing.case(receiver, case)
                answer = await self.routing.act(receiver, seen or {}, f"tasks/{task['task_id']}/accept", {})
                if answer.status_code != 412:
                    break
        if answer.is_success:
            self.acted.append((case, receiver))
        return receiver

    async def hand_over(self, case: str) -> dict[str, Any]:
        """What asks somebody to take the case over; empty before anybody is asked."""
        stored = await self.document("cases", case)
        asked = [task for task in stored["state"]["tasks"] if task["moves_owner"]] if stored else []
        return asked[0] if asked else {}

    async def document(self, collection: str, case: str) -> dict[str, Any] | None:
        return await self.store[self.environment.database][collection].find_one({"_id": case})

    async def documents(self, collection: str) -> list[dict[str, Any]]:
        return [stored async for stored in self.store[self.environment.database][collection].find()]

    async def records(self) -> dict[str, list[Any]]:
        """Everything on Kafka, in the order of its partitions, doubles included."""
        environment = self.environment
        async with recorder(environment.stack.addresses.kafka, environment.prefix) as recording:
            await recording.read_to_end()
            return dict(recording.records)

    async def come_to_rest(self) -> None:
        """Wait until every accepted case is there, stop sla, and wait until its events are handled.

        What a crowded machine gives it no time to publish at its end is left for its next start.
        """
        await until(self._all_there)
        sla = self.environment.services["sla"]
        await sla.stop()
        while any(stored["outbox"] for stored in await self.documents("deadlines")):
            await sla.start()
            await sla.stop()
        await until(self._at_rest)

    async def _all_there(self) -> bool:
        ready = [await part.ready() for part in self.environment.services.values()]
        started = {stored["_id"] for stored in await self.documents("deadlines")}
        return all(ready) and started >= set(self.accepted)

    async def _at_rest(self) -> bool:
        deadlines = await self.documents("deadlines")
        cases = {stored["_id"]: stored for stored in await self.documents("cases")}
        unsent = [
            stored
            for stored in (*deadlines, *cases.values())
            if stored["outbox"] or stored["pending"] or stored["waiting"]
        ]
        unread = [
            stored for stored in deadlines
            if cases[stored["_id"]]["applied"].get("deadlines", 0) < stored["published"].get("deadlines", 0)
        ]  # fmt: skip
        return not unsent and not unread

    async def close(self) -> None:
        await self.intake.http.aclose()
        await self.routing.http.aclose()
        await self.store.close()


def _people() -> DirectoryFile:
    return DirectoryFile.model_validate(yaml.safe_load(DIRECTORY.read_text("utf-8")))


async def check(traffic: Traffic) -> None:
    """Nothing lost, nothing doubled, nothing out of order, no dead letter."""
    cases = await traffic.documents("cases")
    assert {stored["_id"]: stored["state"]["number"] for stored in cases} == traffic.accepted
    for stored in [*cases, *await traffic.documents("deadlines"), *await traffic.documents("deliveries")]:
        _no_double_in(stored)
    for stored in cases:
        await _verifies(traffic, stored)
    records = await traffic.records()
    for topic in ("cases", "deadlines"):
        _in_order(records[topic], {stored["_id"]: stored for stored in await traffic.documents(topic)}, topic)
    _once_per_level(records["deadlines"])
    for service in ("routing", "sla", "notify", "desk"):
        topic = traffic.environment.prefix + dead_letters.dead_topic(service)
        assert await dead_letters.unreplayed(traffic.environment.stack.addresses.kafka, topic) == []


def _no_double_in(stored: dict[str, Any]) -> None:
    entries = [entry["hash"] for entry in stored["history"]["entries"]]
    breaches = [breach["id"] for breach in (stored["state"] or {}).get("breaches", [])]
    for ids in (*stored["recent"].values(), entries, breaches):
        assert [name for name, count in Counter(ids).items() if count > 1] == []


async def _verifies(traffic: Traffic, stored: dict[str, Any]) -> None:
    pages = [page for page in await traffic.documents("case_history") if page["key"] == stored["_id"]]
    past = [entry for page in sorted(pages, key=lambda page: page["_id"]) for entry in page["entries"]]
    entries = [*past, *stored["history"]["entries"]]
    assert history.broken(entries, stored["history"]["head"]) is None
    acted = [entry["cause"] for entry in entries if entry["event"] == "case.task_accepted"]
    assert len(acted) == len(set(acted))


def _in_order(records: Iterable[Any], documents: dict[str, dict[str, Any]], topic: str) -> None:
    """Without doubles the sequence numbers are 1, 2, 3 … up to what was written; no event id has two."""
    first: dict[UUID, list[UUID]] = defaultdict(list)
    seqs: dict[UUID, int] = {}
    for record in records:
        assert seqs.setdefault(record.id, record.seq) == record.seq
        if record.seq == len(first[record.case_id]) + 1:
            first[record.case_id].append(record.id)
        else:
            assert record.seq <= len(first[record.case_id])
            assert first[record.case_id][record.seq - 1] == record.id
    for case, ids in first.items():
        assert len(ids) == documents[str(case)]["published"][topic]


def _once_per_level(records: Iterable[Any]) -> None:
    """Each (case, deadline or that of one task, cycle, level) has one event id."""
    ids: dict[tuple[Any, ...], set[UUID]] = defaultdict(set)
    for record in records:
        if record.type in {"deadline.breached", "deadline.warned", "deadline.escalation_due"}:
            ids[record.case_id, record.name, record.cycle, record.level].add(record.id)
    assert [key for key, found in ids.items() if len(found) > 1] == []
