"""Signed webhooks to a real endpoint, and to endpoints that misbehave."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from deploy.local.addresses import free_port
from deploy.local.provider import Provider as Server
from deploy.local.provider import provider
from deploy.local.trouble import Kind, Trouble
from deploy.local.webhook import SECRET
from schemas.addresses import WebhookUrl
from services.notify.providers import CLAIM_LOST, Letter
from services.notify.providers.http_client import HttpClient
from services.notify.providers.webhook import AT_REST, NO_SECRET, WebhookProvider
from tests.contract.test_sms_answers import STRANGE, Answer, Raw, raw_answer
from tests.patience import patience
from tests.unit.notify.fakes import StubClaim

pytestmark = pytest.mark.real

PATIENCE = 2.0  # an answer on a crowded machine takes less; a stall is longer
OCCURRED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
KEY = b"a secret of this endpoint alone"
NO_ANSWER = (
    "hangs",
    "hangs in the head",
    "hangs in the body",
    "closes",
    "is no HTTP",
    "has no status",
    "drips",
)


def a_letter(port: int, path: str = "/redress") -> Letter:
    to = WebhookUrl.parse(f"http://127.0.0.1:{port}{path}")
    return Letter(uuid4(), OCCURRED, to, "major_opened", '{"number": "7K2M", "severity": "重要投诉"}')


@asynccontextmanager
async def webhooks(*ports: int, rest: float = 0.0, key: bytes = KEY) -> AsyncIterator[WebhookProvider]:
    secrets = {f"127.0.0.1:{port}": key for port in ports}
    webhook = WebhookProvider(HttpClient.of(PATIENCE), secrets, rest)
    try:
        yield webhook
    finally:
        await webhook.close()


@asynccontextmanager
async def raw(answer: Answer) -> AsyncIterator[Raw]:
    far = Raw(answer)
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    try:
        yield far
    finally:
        server.close()


def status(code: int, body: bytes = b"", kind: str = "application/json", more: str = "") -> Answer:
    head = f"HTTP/1.1 {code} SealedForm\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}{more}"
    return raw_answer(head.encode(), body)


@pytest.fixture(scope="module")
async def endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    data = tmp_path_factory.mktemp("webhook")
    (data / SECRET).write_text(f"whsec_{base64.b64encode(KEY).decode()}")
    running = provider("webhook", data)
    await running.start()
    yield running
    await running.stop()


async def test_what_is_signed_arrives_as_json_under_its_id(endpoint: Server) -> None:
    letter = a_letter(endpoint.port, "/hooks/redress?tenant=7")
    async with webhooks(endpoint.port) as webhook:
        assert (await webhook.send(letter, StubClaim())).verdict == "accepted"
    [received] = [one for one in endpoint.received() if one.reference == str(letter.reference)]
    assert (received.to, json.loads(received.text)) == (
        "/hooks/redress",
        {
            "type": "major_opened",
            "timestamp": "2026-03-02T01:30:00.000Z",
            "data": {"number": "7K2M", "severity": "重要投诉"},
        },
    )


async def test_what_is_signed_with_another_secret_is_not_taken_and_comes_again(endpoint: Server) -> None:
    letter = a_letter(endpoint.port)
    async with webhooks(endpoint.port, key=b"a secret of some other endpoint") as webhook:
        receipt = await webhook.send(letter, StubClaim())
    assert (receipt.verdict, receipt.reason) == ("later", "http 401")
    assert str(letter.reference) not in {one.reference for one in endpoint.received()}


@pytest.mark.parametrize(
    ("kind", "verdict", "arrived"),
    [
        ("account", "later", 0),
        ("refuse", "refused", 0),
        ("busy", "later", 0),
        ("stall", "unknown", 1),
        ("lose", "unknown", 0),
    ],
)
async def test_a_message_in_trouble_comes_again_under_the_same_id_unless_it_is_refused(
    endpoint: Server, kind: Kind, verdict: str, arrived: int
) -> None:
    letter = a_letter(endpoint.port)
    endpoint.trouble(Trouble(kind=kind, seconds=4 * PATIENCE))

    def copies() -> list[str]:
        return [one.text for one in endpoint.received() if one.reference == str(letter.reference)]

    async with webhooks(endpoint.port) as webhook:
        assert (await webhook.send(letter, StubClaim())).verdict == verdict
        assert len(copies()) == arrived
        assert (await webhook.send(letter, StubClaim())).verdict == "accepted"
        assert (await webhook.ask(letter.reference)).verdict == "unknown"
    assert len(copies()) == arrived + 1
    assert len({*copies()}) == 1


@pytest.mark.parametrize("name", NO_ANSWER)
async def test_an_answer_that_is_none_leaves_the_fate_open(name: str) -> None:
    async with raw(STRANGE[name]) as far, webhooks(far.port) as webhook:
        receipt = await webhook.send(a_letter(far.port), StubClaim())
    assert (receipt.verdict, receipt.provider) == ("unknown", "unasked")


@pytest.mark.parametrize("code", [200, 201, 202, 204])
async def test_any_2xx_takes_the_message(code: int) -> None:
    async with (
        raw(status(code, b"" if code == 204 else b"ok", "text/plain")) as far,
        webhooks(far.port) as webhook,
    ):
        assert (await webhook.send(a_letter(far.port), StubClaim())).verdict == "accepted"


@pytest.mark.parametrize("code", [400, 410, 413, 422])
@pytest.mark.parametrize(
    ("body", "kind", "verdicts"),
    [
        (b"", "text/plain", {"refused"}),
        (b'{"error": "no"}', "application/json", {"refused"}),
        (b"<html></html>", "text/html", {"later", "unknown"}),
    ],
)
async def test_what_is_agreed_on_refuses_a_message_and_the_page_of_a_proxy_does_not(
    code: int, body: bytes, kind: str, verdicts: set[str]
) -> None:
    async with raw(status(code, body, kind)) as far, webhooks(far.port) as webhook:
        assert (await webhook.send(a_letter(far.port), StubClaim())).verdict in verdicts


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (401, "later"),
        (403, "later"),
        (404, "later"),
        (429, "later"),
        (503, "later"),
        (408, "unknown"),
        (500, "unknown"),
    ],
)
async def test_any_other_answer_is_of_the_endpoint_and_not_of_the_message(code: int, verdict: str) -> None:
    async with raw(status(code)) as far, webhooks(far.port) as webhook:
        receipt = await webhook.send(a_letter(far.port), StubClaim())
    assert (receipt.verdict, receipt.provider, receipt.reason) == (verdict, "unasked", f"http {code}")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(code: int) -> None:
    async with raw(status(200)) as elsewhere:
        more = f"\r\nLocation: http://127.0.0.1:{elsewhere.port}/redress"
        async with raw(status(code, more=more)) as far, webhooks(far.port, elsewhere.port) as webhook:
            receipt = await webhook.send(a_letter(far.port), StubClaim())
        assert (receipt.verdict, elsewhere.requests) == ("later", [])


async def test_an_endpoint_at_fault_rests_as_long_as_it_asks_and_others_go_on() -> None:
    async with (
        raw(status(503, more="\r\nRetry-After: 600")) as busy,
        raw(status(200)) as other,
        webhooks(busy.port, other.port) as webhook,
    ):
        first = await webhook.send(a_letter(busy.port), StubClaim())
        second = await webhook.send(a_letter(busy.port), StubClaim())
        third = await webhook.send(a_letter(other.port), StubClaim())
    assert (first.verdict, second, third.verdict) == ("later", AT_REST, "accepted")
    assert len(busy.requests) == 1


async def test_nothing_goes_to_an_endpoint_without_a_secret_of_its_own() -> None:
    async with raw(status(200)) as far, webhooks(free_port()) as webhook:
        assert await webhook.send(a_letter(far.port), StubClaim()) == NO_SECRET
    assert far.requests == []


async def test_an_endpoint_that_is_away_is_tried_later() -> None:
    port = free_port()
    async with webhooks(port) as webhook:
        assert (await webhook.send(a_letter(port), StubClaim())).verdict == "later"


@pytest.mark.parametrize("times", [0, 1])
async def test_the_claim_is_checked_between_the_connection_and_the_text(times: int) -> None:
    async with raw(status(200)) as far, webhooks(far.port) as webhook:
        assert await webhook.send(a_letter(far.port), StubClaim(times)) == CLAIM_LOST
        async with patience():
            await far.ended.wait()
    assert not any(b"7K2M" in request for request in far.requests)


async def test_what_is_printed_of_a_provider_does_not_hold_a_secret() -> None:
    async with webhooks(80) as webhook:
        printed = repr(webhook)
    assert KEY.decode() not in printed
