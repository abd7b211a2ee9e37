"""What is announced and cannot be used stops no service, and what waits for a policy version is lost nowhere."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from deploy.local import Stack, service
from deploy.local.patient import ONCE, client
from schemas.cases import CaseEvent
from schemas.policies import PublishedPolicy, key
from services.common.runtime.clock import Clock
from services.common.store.backlog import MOST_WAITING
from services.routing.settings import POLICIES as SHIPPED
from services.routing.store.policy_files import load_policy
from tests.dealership import a_contact
from tests.e2e.test_notify import far_end
from tests.e2e.test_notify import outreach as customers
from tests.e2e.test_sla import POLICY, RunningSla
from tests.patience import SECONDS, patience, until
from tests.policy_folder import PolicyFolder
from tests.routing_service import redress, routing
from tests.signing import BELIEVING, signed
from tests.stack import Names, consume, database, produce
from tests.unit.sla.story import a_deadline, a_policy

LEFT_OUT = 'redress_entries_left_out{service="routing",topic="policy files"}'
LATER = a_policy(a_deadline("P", on_breach=[]), a_deadline("Q", on_breach=[]))
GTMC = load_policy(SHIPPED / "gtmc")
RETITLED = GTMC.model_copy(update={"title": GTMC.title.model_copy(update={"en": "Another"})})


async def publish(stack: Stack, names: Names, policy: Any, name: str = "") -> str:
    """Announce a policy version; its name."""
    published = PublishedPolicy(version=policy.version, policy=policy)
    name = name or key(published)
    await produce(stack, names.topic("policies"), [(name.encode(), published.model_dump_json().encode())])
    return name


async def notes(service: Any) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=SECONDS) as http:
        answer = await http.get(f"{service.url}/readyz")
    found: dict[str, str] = answer.json().get("notes", {})
    return found


async def metrics(service: Any) -> str:
    async with httpx.AsyncClient(timeout=SECONDS) as http:
        return (await http.get(f"{service.url}/metrics")).text


@pytest.fixture
async def far(stack: Stack, names: Names, tmp_path: Path) -> AsyncIterator[RunningSla]:
    await publish(stack, names, POLICY)
    epoch = time.time()
    speed = {"REDRESS_TIME_SCALE": "1", "REDRESS_TIME_EPOCH": repr(epoch)}
    sla = service("sla", names.environment(stack) | speed, tmp_path / "sla.log")
    await sla.start()
    yield RunningSla(stack, names, Clock(1, epoch), sla)
    await sla.stop()


def story(far: RunningSla, count: int) -> list[CaseEvent]:
    """A case of the version that is published later, and so many events of it."""
    opened = far.open()
    moved = opened.header.model_copy(update={"policy_version": LATER.version})
    events = [
        far.event("follow_up", opened.case_id, seq, opened.occurred_at + timedelta(seconds=seq))
        for seq in range(2, count + 1)
    ]
    return [event.model_copy(update={"header": moved}) for event in (opened, *events)]


async def applied(far: RunningSla, case: UUID) -> dict[str, Any]:
    stored = await far.documents({case})
    return stored[0] if stored else {"applied": {}, "pending": [], "waiting": []}


async def test_clocks_of_a_missing_version_wait_others_go_on_and_kills_lose_and_double_nothing(
    far: RunningSla,
) -> None:
    events = story(far, MOST_WAITING + 40)
    case = events[0].case_id
    await far.send(*events[: MOST_WAITING + 20])
    other = far.open()
    await far.send(other)
    assert await far.published({other.case_id}, "started", 1)

    async def is_waiting() -> bool:
        stored = await applied(far, case)
        return len(stored["waiting"]) == MOST_WAITING and stored["parked"]["id"] == str(
            events[MOST_WAITING + 19].id
        )

    await until(is_waiting)
    await far.service.kill()
    await far.service.start()
    await far.send(*events[MOST_WAITING + 20 :])

    async def is_reported() -> bool:
        return "records of 1 cases wait for gtmc@" in (await notes(far.service)).get("waiting", "")

    await until(is_reported)
    await publish(far.stack, far.names, LATER)
    await asyncio.sleep(0.3)
    await far.service.kill()
    await far.service.start()

    async def done() -> bool:
        stored = await applied(far, case)
        return (
            stored["applied"] == {"cases": len(events)}
            and stored["parked"] is None
            and not stored["pending"]
            and not stored["waiting"]
        )

    await until(done)
    said = await far.published({case}, "started", 2)
    assert [one.seq for one in sorted(said, key=lambda one: one.seq)][:2] == [1, 2]
    assert {one.id for one in said if one.type == "deadline.started"} == {one.id for one in said}
    stored = await applied(far, case)
    assert stored["published"] == {"deadlines": 2}

    async def is_clear() -> bool:
        return "waiting" not in await notes(far.service)

    await until(is_clear)


WRONG: dict[str, Callable[[], tuple[str, bytes]]] = {
    "is not valid": lambda: ("gtmc@wrong", b'{"version": "wrong", "policy": {"id": "gtmc"}}'),
    "is no JSON": lambda: ("gtmc@wrong", b"\xff{"),
    "stands under the key of another": lambda: ("gtmc@other", _published(GTMC)[1]),
}


def _with_criteria_of_its_own() -> tuple[str, bytes]:
    """A policy whose criteria no other has, by signals that nothing finds."""
    default = next(one for one in GTMC.severity.criteria if one.default)
    strange = default.model_copy(update={"id": "NOWHERE", "default": False, "signals": ("nowhere",)})
    severity = GTMC.severity.model_copy(update={"criteria": (strange, default)})
    return _published(GTMC.model_copy(update={"severity": severity}))


def _published(policy: Any) -> tuple[str, bytes]:
    published = PublishedPolicy(version=policy.version, policy=policy)
    return key(published), published.model_dump_json().encode()


async def test_a_policy_that_cannot_be_used_stops_no_start_and_is_refused_by_name_with_its_key(
    stack: Stack, tmp_path: Path
) -> None:
    async with routing(stack, tmp_path) as running:
        records, usable = [wrong() for wrong in WRONG.values()], _with_criteria_of_its_own()
        topic = running.names.topic("policies")
        await produce(stack, topic, [(name.encode(), value) for name, value in (usable, *records)])

        async def is_reported() -> bool:
            said = (await notes(running.process)).get("policies", "")
            return all(name in said for name, _ in records)

        await until(is_reported)
        await running.process.kill()
        await running.process.start()
        await until(is_reported)
        assert usable[0] not in (await notes(running.process))["policies"]
        path, _ = await running.opened()
        assert (await running.get("gm-1", path)).status_code == httpx.codes.OK


async def test_a_wrong_file_of_ours_stops_no_start_while_a_good_version_is_published(
    stack: Stack, tmp_path: Path
) -> None:
    policies = PolicyFolder(tmp_path / "policies")
    async with routing(stack, tmp_path) as running:
        await running.opened()
        policies.change("ladders:", "ladder:", "policy.yaml")
        again = service(
            "routing", running.env | {"REDRESS_POLICIES": str(policies.folder.parent)}, tmp_path / "again.log"
        )
        await running.process.stop()
        await again.start()
        assert "gtmc/policy.yaml" in (await notes(again))["policy files"]
        contact = a_contact("音响没有声音")
        await running.receive(contact)
        assert (await running.events(contact.case_id, 1))[0].header.policy_version == GTMC.version
        assert LEFT_OUT + " 1.0" in await metrics(again)
        policies.change("ladder:", "ladders:", "policy.yaml")

        async def is_mended() -> bool:
            return "policy files" not in await notes(again) and LEFT_OUT + " 0.0" in await metrics(again)

        await until(is_mended)
        await again.stop()
        await running.process.start()


async def test_without_any_policy_routing_waits_and_says_for_which(
    stack: Stack, names: Names, tmp_path: Path
) -> None:
    policies = PolicyFolder(tmp_path / "policies")
    policies.change("ladders:", "ladder:", "policy.yaml")
    env = {"REDRESS_POLICIES": str(policies.folder.parent), **BELIEVING}
    routing = service("routing", names.environment(stack) | env, tmp_path / "routing.log")
    routing.runner.launch()

    async def is_reported() -> bool:
        async with httpx.AsyncClient(timeout=SECONDS) as http:
            try:
                answer = await http.get(f"{routing.url}/readyz")
            except httpx.HTTPError:
                return False
        said = answer.json()
        return (
            answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            and "'gtmc' has no policy that can be used" in said.get("policies", "")
            and "gtmc/policy.yaml" in said["notes"]["policy files"]
        )

    await until(is_reported)
    policies.change("ladder:", "ladders:", "policy.yaml")
    await routing.wait_ready()
    await routing.stop()


async def test_a_case_whose_version_vanished_waits_says_so_to_people_and_goes_on_when_it_is_back(
    stack: Stack, tmp_path: Path
) -> None:
    policies = PolicyFolder(tmp_path / "policies")
    async with routing(stack, tmp_path) as running:
        path, seen = await running.opened()
        case = UUID(path.rsplit("/", 1)[1])
        name = f"gtmc@{GTMC.version}"
        await tombstone(running.stack, running.names, name)
        answer = await running.accept("cr-1", path, seen)
        assert answer.status_code == httpx.codes.OK  # compiled, it serves on until the next start
        policies.change("en: ", "en: Another ", "policy.yaml")
        others = running.env | {"REDRESS_POLICIES": str(policies.folder.parent)}
        await asyncio.to_thread(redress, others, "policy", "publish", "gtmc", "--reason", "another title")
        await running.process.stop()
        again = service("routing", others, tmp_path / "again.log")
        await again.start()
        further = [a_contact(f"further {number}", case_id=case) for number in range(MOST_WAITING + 10)]
        await running.receive(*further)
        other = a_contact("音响没有声音")
        await running.receive(other)
        assert (await running.events(other.case_id, 1))[0].type == "case.opened"

        async def is_waiting() -> bool:
            return name in (await notes(again)).get("waiting", "")

        await until(is_waiting)
        # What people said rests on the topic that is for it, and waits there.
        assert "further 7" not in await resting(running, "cases") + await spoken(
            running, "routing.waiting", 10
        )
        async with client(again.url, SECONDS) as http:
            shown = await http.get(path, headers=signed("dm-service"))
            assert (shown.json()["actions"], shown.json()["replies"]) == ([], {})
            seen = shown.headers["ETag"]
            headers = signed("cr-1") | {"If-Match": seen, "Idempotency-Key": "once"}

            async def is_refused_by_name() -> bool:
                answer = await http.post(
                    f"{path}/actions/contact", json={"note": "called"}, headers=headers, extensions=ONCE
                )
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
                return name in answer.json()["title"]

            await until(is_refused_by_name)
        with pytest.raises(subprocess.CalledProcessError) as refused:
            await asyncio.to_thread(redress, running.env, "resync", str(case))
        assert f"its policy {name} is not published" in refused.value.stderr
        await publish(stack, running.names, GTMC)

        async def all_there() -> bool:
            async with database(stack, running.names.database) as store:
                stored = await store.cases.find_one({"_id": str(case)})
            assert stored
            return (
                len(stored["state"]["contacts"]) == len(further) + 1
                and not stored["pending"]
                and not stored["waiting"]
            )

        await until(all_there)
        async with database(stack, running.names.database) as store:
            stored = await store.cases.find_one({"_id": str(case)})
        assert stored
        assert [one["id"] for one in stored["state"]["contacts"][1:]] == [str(one.id) for one in further]
        await again.stop()
        await running.process.start()


async def resting(running: Any, collection: str) -> str:
    async with database(running.stack, running.names.database) as store:
        return repr([stored async for stored in store[collection].find()])


async def spoken(running: Any, topic: str, count: int) -> str:
    """Everything that stands on a topic, once that is so many records."""
    async with patience():
        records = await consume(running.stack, running.names.topic(topic), count)
    return repr([(record.key, record.value, record.headers) for record in records])


async def emptied(stack: Stack, topic: str) -> None:
    """Kafka's retention, at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.addresses.kafka)
    await admin.start()
    parts = [TopicPartition(topic, number) for number in range(12)]
    await admin.delete_records({part: RecordsToDelete(before_offset=-1) for part in parts})
    await admin.close()


@pytest.mark.parametrize("gone", [False, True])
async def test_messages_to_customers_wait_at_their_place_and_are_set_aside_when_they_are_gone_from_there(
    stack: Stack, tmp_path: Path, *, gone: bool
) -> None:
    async with far_end(stack, tmp_path) as far:
        first = customers("email").model_copy(update={"policy_version": RETITLED.version})
        count = MOST_WAITING + 10
        waiting = [first.model_copy(update={"id": uuid4()}) for _ in range(count)]
        await far.publish("outreach", *waiting)
        resting_there = await spoken(far, "notify.waiting", 10) + await resting(far, "waiting_notices")
        assert resting_there.count("sha256") >= count
        for words in ("wang@customer.example", "王女士", "\\xe7\\x8e\\x8b"):
            assert words not in resting_there
        if gone:
            await emptied(stack, far.names.topic("outreach"))
        after = first.model_copy(update={"id": uuid4()})
        await far.publish("outreach", after)
        await publish(stack, far.names, RETITLED)
        arrived = [after] if gone else [*waiting, after]
        results = await far.reported(len(arrived), *(one.id for one in arrived))
        assert {one.result for one in results} == {"sent"}
        if gone:
            dead = await spoken(far, "notify.dead", count)
            assert dead.count("('redress-reason', b'gone')") == count

        async def is_clear() -> bool:
            return "waiting" not in await notes(far.notify)

        await until(is_clear)


async def tombstone(stack: Stack, names: Names, name: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=stack.addresses.kafka) as producer:
        await producer.send_and_wait(names.topic("policies"), None, name.encode())
    await consume(stack, names.topic("policies"), 1)
