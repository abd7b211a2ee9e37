"""Intake as a process: what it accepts is on Kafka, what it cannot keep it does not accept."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import Ports, Stack, choose, patient, start_service
from schemas.contacts import ContactReceived
from services.intake.app import create
from tests.openapi import OpenApi
from tests.patience import SECONDS, patience, until
from tests.signing import BELIEVING, token
from tests.stack import Names, consume

TOKEN = token("operator-1")
Posted = dict[str, Any]


def contact(**changes: Any) -> Posted:
    return {
        "channel": "onsite",
        "shop": "shop-1",
        "received_at": datetime.now(UTC).isoformat(),
        "customer": {"name": "王女士", "phone": "13800000000"},
        "vehicle": {"brand": "sunrise", "model": "S1"},
        "narrative": "空调有异响",
    } | changes


@pytest.fixture(scope="module")
async def door(
    stack: Stack, module_names: Names, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[httpx.AsyncClient, Names]]:
    env = module_names.environment(stack) | {
        **BELIEVING,
        "REDRESS_MONGO": "mongodb://127.0.0.1:1",
    }
    intake = start_service("intake", env, tmp_path_factory.mktemp("intake") / "intake.log")
    await intake.wait_ready()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    hooks = {"response": [OpenApi(create().openapi()).check]}
    async with patient.client(intake.url, SECONDS, headers=headers, event_hooks=hooks) as client:
        yield client, module_names
    await intake.stop()


Door = tuple[httpx.AsyncClient, Names]


async def test_an_accepted_contact_is_on_kafka_though_the_store_is_down(door: Door, stack: Stack) -> None:
    client, names = door
    answer = await client.post("/v1/contacts", json=contact(), headers={"Idempotency-Key": "one"})
    assert answer.status_code == 202
    published = answer.json()
    async with patience():
        [record] = await consume(stack, names.topic("contacts"), 1)
    message = ContactReceived.model_validate_json(record.value)
    assert record.key == published["case_id"].encode() == str(message.case_id).encode()
    assert (message.case_number, message.narrative) == (published["case_number"], "空调有异响")
    assert answer.headers["location"].endswith(f"/v1/cases/{published['case_id']}")


async def test_the_same_key_is_the_same_case(door: Door) -> None:
    client, _ = door
    one = await client.post("/v1/contacts", json=contact(), headers={"Idempotency-Key": "same"})
    two = await client.post("/v1/contacts", json=contact(), headers={"Idempotency-Key": "same"})
    other = await client.post("/v1/contacts", json=contact())
    assert one.json()["case_id"] == two.json()["case_id"] != other.json()["case_id"]
    assert other.json()["idempotency_key"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"narrative": " "}, "narrative"),
        ({"channel": "by pigeon!"}, "channel"),
        ({"received_at": "2026-01-01T00:00:00"}, "received_at"),
        ({"received_at": (datetime.now(UTC) - timedelta(days=31)).isoformat()}, "received_at"),
        ({"received_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "received_at"),
        ({"shop": "No Such Form!"}, "shop"),
        ({"flags": {"injury": "perhaps"}}, "flags.injury"),
        ({"flags": {"hail storm": True}}, "flags"),
        ({"customer": {"kind": "friend"}}, "customer.kind"),
        ({"narrative": "\u200b\u200d\u3000"}, "narrative"),
        ({"received_at": 1772452800}, "received_at"),
    ],
)
async def test_an_invalid_field_is_named(door: Door, changes: Posted, field: str) -> None:
    client, _ = door
    answer = await client.post("/v1/contacts", json=contact(**changes))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert any(error["field"].startswith(field) for error in answer.json()["errors"])


async def test_an_address_that_cannot_be_used_is_warned_of_and_no_reason_to_refuse(door: Door) -> None:
    client, _ = door
    given = {"email": "zhang,wei@example.com", "phone": "0755-8888 6666转801"}
    answer = await client.post("/v1/contacts", json=contact(customer=given))
    [warning] = answer.json()["warnings"]
    assert (answer.status_code, warning["field"]) == (202, "customer.email")


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"shop": "a", "shop": "b"}', "shop"),
        (b'{"narrative": "\\ud800"}', "narrative"),
        (b'{"customer": {"name": "x", "\\udfff": 1}}', "customer.\\udfff"),
        (b'{"received_at": NaN}', "received_at"),
        (b'{"flags": {"injury": 1e999}}', "flags.injury"),
        (b"\xef\xbb\xbf{}", "body"),
        (b'{"shop": "\xff"}', "body"),
        (b"[" * 100_000, "body"),
        (b"", "body"),
    ],
)
async def test_a_body_that_says_two_things_is_refused_by_name(door: Door, raw: bytes, field: str) -> None:
    client, _ = door
    answer = await client.post("/v1/contacts", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_every_invalid_field_is_named_at_once(door: Door) -> None:
    client, _ = door
    answer = await client.post("/v1/contacts", json={"shop": "shop-1"})
    assert {error["field"] for error in answer.json()["errors"]} == {"channel", "received_at", "narrative"}


async def test_what_is_too_large_is_refused(door: Door) -> None:
    client, _ = door
    answer = await client.post("/v1/contacts", content=b"x" * 300_000)
    assert answer.status_code == 413


async def test_what_is_far_too_large_is_refused_readably_also_where_the_connection_ends(door: Door) -> None:
    client, _ = door

    def refused() -> str:
        connection = HTTPConnection(client.base_url.host, client.base_url.port or 80, timeout=SECONDS)
        headers = {"Authorization": f"Bearer {TOKEN}", "Connection": "close"}
        connection.request("POST", "/v1/contacts", b"x" * 20_000_000, headers)
        with closing(connection), connection.getresponse() as answer:
            return f"{answer.status} {json.load(answer)['title']}"

    assert await asyncio.to_thread(refused) == "413 The body is too large"


async def test_nobody_posts_anonymously(door: Door) -> None:
    client, _ = door
    for given in ("", "Bearer x.y.z", f"Basic {TOKEN}"):
        answer = await client.post("/v1/contacts", json=contact(), headers={"Authorization": given})
        assert answer.status_code == 401


async def turns(client: httpx.AsyncClient, status: int) -> None:
    """Wait until the service is ready, or no longer is, and see that its metric says the same."""

    async def turned() -> httpx.Response | None:
        answer = await client.get("/readyz")
        return answer if answer.status_code == status else None

    answer = await until(turned)
    assert answer is not None
    assert ("kafka" in answer.json()) == (status == httpx.codes.SERVICE_UNAVAILABLE)
    ready = float(status == httpx.codes.OK)
    assert f'redress_ready{{service="intake"}} {ready}' in (await client.get("/metrics")).text


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_with_kafka_away_it_says_so_without_waiting_for_it_and_is_not_ready(
    tmp_path: Path, how: str
) -> None:
    own = choose(tmp_path, Ports.free(), "memory")
    await own.start()
    env = own.addresses.environment() | BELIEVING
    intake = start_service("intake", env, tmp_path / "intake.log")
    try:
        await intake.wait_ready()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=intake.url, headers=headers, timeout=SECONDS) as client:

            async def accepts() -> bool:
                return (await client.post("/v1/contacts", json=contact())).status_code == 202

            await until(accepts)
            if how == "killed":
                await own.kafka.kill()
            else:
                own.kafka.pause()
            for _ in range(3):
                answer = await client.post("/v1/contacts", json=contact())
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
                assert answer.json()["idempotency_key"] == answer.headers["idempotency-key"]
            await turns(client, 503)
            if how == "killed":
                await own.kafka.start()
            else:
                own.kafka.resume()
            await turns(client, 200)
            await until(accepts)
    finally:
        own.kafka.resume()
        await intake.kill()
        await asyncio.gather(own.kafka.kill(), own.store.kill())


@pytest.mark.usefixtures("ours")
async def test_it_ends_while_kafka_is_away(tmp_path: Path) -> None:
    own = choose(tmp_path, Ports.free(), "memory")
    await own.start()
    intake = start_service("intake", own.addresses.environment() | BELIEVING, tmp_path / "intake.log")
    try:
        await intake.wait_ready()
        own.kafka.pause()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=intake.url, headers=headers, timeout=SECONDS) as client:
            assert (await client.post("/v1/contacts", json=contact())).status_code == 503
        await intake.stop()
    finally:
        own.kafka.resume()
        await intake.kill()
        await asyncio.gather(own.kafka.kill(), own.store.kill())
