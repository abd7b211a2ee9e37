"""An SMS provider that misbehaves in every way a server can: nothing is taken as said that was not said."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from schemas.addresses import PhoneNumber
from services.notify.providers import CLAIM_LOST, Letter
from services.notify.providers.sms import SmsProvider
from tests.patience import patience
from tests.unit.notify.fakes import StubClaim

pytestmark = pytest.mark.real

PATIENCE = 2.0  # an answer on a crowded machine takes less; a stall is longer
OCCURRED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Raw:
    """Reads a request and answers as it was told to; `requests` are the bytes that came, one for each connection."""

    answer: Answer
    requests: list[bytes] = field(default_factory=list)
    port: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at = len(self.requests)
        self.requests.append(b"")
        while not self.requests[at].endswith(b"}") and (data := await reader.read(65_536)):
            self.requests[at] += data
            if data.startswith(b"GET"):
                break
        await self.answer(writer)
        writer.close()
        self.ended.set()


@asynccontextmanager
async def raw(answer: Answer) -> AsyncIterator[tuple[Raw, SmsProvider]]:
    """The server, and a provider to it."""
    far = Raw(answer)
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    provider = SmsProvider.of(f"http://127.0.0.1:{far.port}", "", PATIENCE)
    try:
        yield far, provider
    finally:
        await provider.close()
        server.close()


def raw_answer(head: bytes, body: bytes = b"", *, then: float = 0.0) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\n\r\n" + body)
        await writer.drain()
        await asyncio.sleep(then)

    return answer


def drips(every: float) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(every)

    return answer


def pours() -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 65_536)
            await writer.drain()

    return answer


def a_letter(number: str = "13800138000") -> Letter:
    return Letter(uuid4(), OCCURRED, PhoneNumber.parse(number), "", "工单 7K2M 即将到期。")


STRANGE = {
    "hangs": raw_answer(b"", then=5 * PATIENCE),
    "hangs in the head": raw_answer(b"HTTP/1.1 200 OK\r\nContent-Type", then=5 * PATIENCE),
    "hangs in the body": raw_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 50", b'{"ref', then=5 * PATIENCE),
    "closes": raw_answer(b""),
    "closes in the body": raw_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 50", b'{"ref'),
    "is no HTTP": raw_answer(b"220 mail.example ESMTP"),
    "has no status": raw_answer(b"HTTP/1.1 OK"),
    "drips": drips(PATIENCE / 4),
    "pours": pours(),
    "is a portal": raw_answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13", b"<html></html>"
    ),
    "is packed": raw_answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 5",
        b"\x1f\x8b\x08\x00\x00",
    ),
}


@pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE.keys())
async def test_an_answer_that_is_none_leaves_the_fate_open(answer: Answer) -> None:
    async with raw(answer) as (_, provider):
        said, fate = await provider.send(a_letter(), StubClaim()), await provider.ask(uuid4())
    assert [(one.verdict, one.provider) for one in (said, fate)] == [("unknown", "fails")] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_nothing_was_taken(status: int) -> None:
    async with raw(raw_answer(b"")) as (elsewhere, _):
        head = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{elsewhere.port}/messages"
        async with raw(raw_answer(head.encode() + b"\r\nContent-Length: 0")) as (_, provider):
            receipt = await provider.send(a_letter(), StubClaim())
        assert elsewhere.requests == []
    assert (receipt.verdict, receipt.provider) == ("later", "fails")


async def test_a_server_that_speaks_no_tls_takes_nothing() -> None:
    async with raw(raw_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0")) as (far, _):
        secure = SmsProvider.of(f"https://127.0.0.1:{far.port}", "", PATIENCE)
        receipt = await secure.send(a_letter(), StubClaim())
        await secure.close()
    assert (receipt.verdict, receipt.provider) == ("later", "fails")


async def test_a_host_that_does_not_exist_takes_nothing() -> None:
    nowhere = SmsProvider.of("http://sms.invalid:80", "", PATIENCE)
    receipt = await nowhere.send(a_letter(), StubClaim())
    await nowhere.close()
    assert (receipt.verdict, receipt.provider) == ("later", "fails")


@pytest.mark.parametrize("times", [0, 1])
async def test_the_claim_is_asked_for_between_the_connection_and_the_words_and_before_the_last_of_them(
    times: int,
) -> None:
    async with raw(raw_answer(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0")) as (far, provider):
        assert await provider.send(a_letter(), StubClaim(times)) == CLAIM_LOST
        async with patience():
            await far.ended.wait()
    assert not any(b"7K2M" in request for request in far.requests)


@pytest.mark.parametrize("number", ["0755-8888 6666 转 801", "020-8888 6666"])
async def test_a_number_that_takes_no_text_messages_is_final_and_nobodys_fault(number: str) -> None:
    async with raw(raw_answer(b"")) as (far, provider):
        receipt = await provider.send(a_letter(number), StubClaim())
    assert (receipt.verdict, receipt.provider, far.requests) == ("refused", "unasked", [])


async def test_a_number_goes_out_in_one_form() -> None:
    async with raw(raw_answer(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0")) as (far, provider):
        await provider.send(a_letter("tel:138-0013-8000"), StubClaim())
    assert b'"to":"+8613800138000"' in far.requests[0].replace(b'": "', b'":"')
