"""What the services answer over HTTP is what they declare, and they declare no status that they do not answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError
from fastapi import FastAPI

from services.common.web import problems
from services.intake.api import FrontDoor
from services.intake.api import install as install_intake
from services.intake.settings import IntakeSettings
from services.routing.api import actions, severity
from services.routing.api import install as install_routing
from services.routing.settings import Settings
from tests.memory_routing import MemoryRouting
from tests.openapi import OpenApi
from tests.signing import keyring, signed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTACT = {"channel": "onsite", "shop": "north", "received_at": NOON.isoformat(), "narrative": "noise"}
NOTE = {"note": "已联系客户"}


class Taking:
    """A producer that takes everything, or refuses it with `error`."""

    error: Exception | None = None

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> None:  # noqa: ARG002 - as a producer
        if self.error:
            raise self.error


@asynccontextmanager
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that holds every answer to the document of `app`."""
    problems.install(app)
    hooks = {"response": [OpenApi(app.openapi()).check]}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service", event_hooks=hooks) as http:
        yield http


async def dawdling() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.sleep(5)


def declared(app: FastAPI, path: str, method: str) -> set[int]:
    return {int(status) for status in app.openapi()["paths"][path][method]["responses"]}


async def test_intake_answers_as_it_declares_and_with_every_status_declared() -> None:
    app, producer = FastAPI(), Taking()
    settings = IntakeSettings(body_patience=0.05)
    install_intake(app, FrontDoor(settings, lambda: NOON, keyring(), producer))
    async with client(app) as http:

        async def post(**request: Any) -> int:
            return (await http.post("/v1/contacts", **{"headers": signed("op-1"), **request})).status_code

        answered = [
            await post(json=CONTACT),
            await post(json=CONTACT, headers={}),
            await post(content=dawdling()),
            await post(content=b"x" * 300_000),
            await post(content=b"x", headers=signed("op-1", **{"Content-Type": "text/plain"})),
            await post(json={}),
        ]
        producer.error = KafkaConnectionError("away")
        answered.append(await post(json=CONTACT))
    assert answered == [202, 401, 408, 413, 415, 422, 503]
    assert set(answered) == declared(app, "/v1/contacts", "post")


@pytest.fixture
def routing() -> MemoryRouting:
    return MemoryRouting()


@pytest.fixture
def desk(routing: MemoryRouting) -> FastAPI:
    app = FastAPI()
    install_routing(app, Settings(), keyring())
    app.state.dependencies = routing.dependencies
    return app


async def test_an_action_is_answered_as_declared_and_with_every_status_declared(
    routing: MemoryRouting, desk: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BODY_SECONDS", 0.05)
    case = await routing.opened()
    async with client(desk) as http:

        def headed(person: str = "cr-1", seen: str = '"1"', **headers: str) -> dict[str, str]:
            return signed(person, **{"Idempotency-Key": uuid4().hex, "If-Match": seen, **headers})

        async def post(path: str, person: str = "cr-1", seen: str = '"1"', **request: Any) -> int:
            asked = {"json": NOTE, "headers": headed(person, seen), **request}
            return (await http.post(f"/v1/cases/{path}", **asked)).status_code

        follow, close = f"{case.id}/actions/follow_up", f"{case.id}/actions/close"
        answered = [
            await post(follow),
            await post(follow, headers=signed("cr-1")),
            await post(follow, headers={}),
            await post(follow, "a-stranger"),
            await post(f"{uuid4()}/actions/follow_up"),
            await post(follow, json=None, content=dawdling()),
            await post(close, seen='"2"'),
            await post(follow, seen='"1"'),
            await post(follow, json=None, content=b"x" * 100_000),
            await post(follow, json=None, content=b"x", headers=headed(**{"Content-Type": "text/plain"})),
            await post(follow, seen='"2"', json={}),
            await post(follow, seen=""),
        ]
        routing.documents.away = True
        answered.append(await post(follow, seen='"2"'))
    assert answered == [200, 400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 428, 503]
    assert set(answered) == declared(desk, "/v1/cases/{case}/actions/follow_up", "post")


async def test_a_reply_is_answered_as_declared(routing: MemoryRouting, desk: FastAPI) -> None:
    case = await routing.opened()
    [task] = case.hand_overs
    async with client(desk) as http:

        async def post(verb: str, seen: str, person: str = "cr-1", **body: str) -> int:
            headers = signed(person, **{"Idempotency-Key": uuid4().hex, "If-Match": seen})
            path = f"/v1/cases/{case.id}/tasks/{task.task_id}/{verb}"
            return (await http.post(path, json=body, headers=headers)).status_code

        answered = [
            await post("answer", '"1"', "op-1"),
            await post("refuse", '"1"'),
            await post("accept", '"1"', note="好"),
            await post("accept", '"1"'),
            await post("refuse", '"2"', reason="不是本店的车"),
        ]
    assert answered == [409, 422, 422, 200, 409]


async def test_a_reply_that_is_sent_again_is_answered_as_before(
    routing: MemoryRouting, desk: FastAPI
) -> None:
    case = await routing.opened()
    [task] = case.hand_overs
    path = f"/v1/cases/{case.id}/tasks/{task.task_id}/refuse"
    headers = signed("cr-1", **{"Idempotency-Key": "once", "If-Match": '"1"'})
    async with client(desk) as http:
        first, again, other = [
            await http.post(path, json={"reason": reason}, headers=headers) for reason in ("甲", "甲", "乙")
        ]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["rule"]) == (422, "one_key")


async def test_reading_is_answered_as_declared(routing: MemoryRouting, desk: FastAPI) -> None:
    case = await routing.opened()
    async with client(desk) as http:

        async def get(path: str, person: str = "cr-1") -> int:
            return (await http.get(f"/v1/cases{path}", headers=signed(person))).status_code

        one = f"/{case.id}"
        assert [await get(one), await get(f"/{uuid4()}"), await get("/one")] == [200, 404, 422]
        assert await get(one, "a-stranger") == 403
        del desk.state.dependencies
        assert await get(one) == 503


async def test_a_text_is_judged_as_declared_and_with_every_status_declared(
    routing: MemoryRouting, desk: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(severity, "BODY_SECONDS", 0.05)
    async with client(desk) as http:

        async def post(**request: Any) -> int:
            wanted = {"json": {"text": "车着火了"}, "headers": signed("cr-1"), **request}
            return (await http.post("/v1/severity", **wanted)).status_code

        answered = [
            await post(),
            await post(headers={}),
            await post(headers=signed("a-stranger")),
            await post(json=None, content=dawdling()),
            await post(json=None, content=b"x" * 300_000),
            await post(json=None, content=b"x", headers=signed("cr-1", **{"Content-Type": "text/plain"})),
            await post(json={}),
        ]
        del desk.state.dependencies
        answered.append(await post())
    assert answered == [200, 401, 403, 408, 413, 415, 422, 503]
    assert set(answered) == declared(desk, "/v1/severity", "post")
    assert not routing.texts.records
