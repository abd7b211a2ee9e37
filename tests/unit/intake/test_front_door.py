"""The front door beside its happy path: clients that dawdle, and a producer that is broken."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError, OutOfOrderSequenceNumber
from fastapi import FastAPI
from pydantic import SecretStr

from services.common import problems, tokens
from services.intake.api import FrontDoor, install
from services.intake.settings import IntakeSettings

KEY = "a key for tests only, 32 characters or more"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTACT = {"channel": "onsite", "shop": "shop-1", "received_at": NOON.isoformat(), "narrative": "noise"}


class Refusing:
    """A producer that has only one answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> Any:  # noqa: ARG002 - as a producer
        raise self.error


async def post(door: FrontDoor, **request: Any) -> httpx.Response:
    app = FastAPI()
    problems.install(app)
    install(app, door)
    token = {"Authorization": f"Bearer {tokens.issue('operator-1', KEY, timedelta(hours=1))}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake", headers=token) as client:
        return await client.post("/v1/contacts", **request)


def door(error: Exception) -> FrontDoor:
    settings = IntakeSettings(token_key=SecretStr(KEY), body_patience=0.05)
    return FrontDoor(settings, lambda: NOON, Refusing(error))


@pytest.mark.parametrize(
    ("error", "ends"), [(KafkaConnectionError("away"), []), (OutOfOrderSequenceNumber(), ["ended"])]
)
async def test_only_a_broken_producer_ends_the_process(error: Exception, ends: list[str]) -> None:
    standing, ended = door(error), list[str]()
    standing.failed = lambda: ended.append("ended")
    answer = await post(standing, json=CONTACT)
    assert (answer.status_code, ended) == (503, ends)
    assert answer.json()["idempotency_key"]


async def test_a_client_that_dawdles_is_not_waited_for() -> None:
    async def dawdling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    assert (await post(door(TimeoutError()), content=dawdling())).status_code == 408


async def test_one_answer_names_every_field_at_fault_once() -> None:
    wrong = {
        "narrative": " ",
        "received_at": (NOON - timedelta(days=31)).isoformat(),
        "customer": {"phone": "call me", "email": "at home"},
        "vehicle": {"brand": "No Brand!", "vin": "short"},
        "criteria": ["M4", "perhaps"],
        "flags": {"injury": "perhaps"},
        "colour": "red",
    }
    answer = await post(door(TimeoutError()), json=CONTACT | wrong, headers={"Idempotency-Key": "k" * 256})
    named = [fault["field"] for fault in answer.json()["errors"]]
    assert (answer.status_code, answer.json()["detail"]) == (422, "Fields at fault: 10.")
    assert sorted(named) == [
        "Idempotency-Key", "colour", "criteria.1", "customer.email", "customer.phone", "flags.injury",
        "narrative", "received_at", "vehicle.brand", "vehicle.vin",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("received", "problem"),
    [(timedelta(days=-31), "should be at most 30 days back"), (timedelta(minutes=6), "should be at most 5 minutes ahead")],
)  # fmt: skip
async def test_a_contact_is_received_neither_long_ago_nor_in_the_future(
    received: timedelta, problem: str
) -> None:
    answer = await post(door(TimeoutError()), json=CONTACT | {"received_at": (NOON + received).isoformat()})
    assert answer.json()["errors"] == [{"field": "received_at", "problem": problem}]


async def test_a_key_that_is_too_long_is_named_beside_a_right_body() -> None:
    answer = await post(door(TimeoutError()), json=CONTACT, headers={"Idempotency-Key": "k" * 256})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
