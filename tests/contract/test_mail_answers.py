"""A mail server that misbehaves at every phase of SMTP, and addresses that need more than ASCII."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from schemas.addresses import EmailAddress
from services.notify.domain.delivery import Receipt
from services.notify.providers import CLAIM_LOST, Letter
from services.notify.providers.mail import NO_SMTPUTF8, MailProvider, MailServer
from tests.unit.notify.fakes import StubClaim

pytestmark = pytest.mark.real

PATIENCE = 2.0  # an answer on a crowded machine takes less; a stall is longer
OCCURRED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
WELL = {
    "greeting": "220 mail.example ESMTP",
    "EHLO": "250-mail.example\r\n250 AUTH PLAIN LOGIN",
    "HELO": "250 mail.example",
    "AUTH": "235 ok",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "body": "250 taken",
    "QUIT": "221 bye",
}


@dataclass
class Scripted:
    """Answers each phase as told, `once` otherwise; an empty answer closes the connection, HANG gives none."""

    answers: Mapping[str, str]
    once: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = await self._answer("greeting", writer)
        while going and (line := (await reader.readline()).decode().rstrip()):
            self.lines.append(line)
            phase = line.split(" ")[0].upper()
            going = await self._answer(phase, writer)
            if phase == "DATA" and going and self.answers["DATA"].startswith("354"):
                self.bodies.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                going = await self._answer("body", writer)
        writer.close()

    async def _answer(self, phase: str, writer: asyncio.StreamWriter) -> bool:
        answer = self.once.pop(phase, self.answers.get(phase, "500 what?"))
        if answer == "HANG":
            await asyncio.sleep(5 * PATIENCE)
            return False
        writer.write(f"{answer}\r\n".encode() if answer else b"")
        await writer.drain()
        return bool(answer)


def provider_to(port: int, tls: Literal["none", "starttls", "tls"] = "none", user: str = "") -> MailProvider:
    sender = EmailAddress.parse("redress@mfr.example")
    return MailProvider(MailServer("127.0.0.1", port, sender, PATIENCE, tls, user, "expired" if user else ""))


@asynccontextmanager
async def scripted(**answers: str) -> AsyncIterator[tuple[Scripted, int]]:
    far = Scripted(WELL | answers)
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    try:
        yield far, server.sockets[0].getsockname()[1]
    finally:
        server.close()


def a_letter(to: str = "li.na@shop.example") -> Letter:
    return Letter(uuid4(), OCCURRED, EmailAddress.parse(to), "工单 7K2M 即将到期", "请联系客户。\n.\n..\n")


async def once(provider: MailProvider, letter: Letter, claim: StubClaim) -> Receipt:
    """What becomes of one message, the provider closed after it."""
    receipt = await provider.send(letter, claim)
    await provider.close()
    return receipt


PHASES = ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "body"]
NO_ANSWER = ["", "HANG", "hello", "HTTP/1.1 400 Bad Request", "25O ok", "999 what"]


@pytest.mark.parametrize("answer", NO_ANSWER)
@pytest.mark.parametrize("phase", PHASES)
async def test_what_is_no_answer_of_smtp_is_the_providers_and_open_once_the_text_is_out(
    phase: str, answer: str
) -> None:
    script = {phase: answer} | ({"HELO": answer} if phase == "EHLO" else {})
    async with scripted(**script) as (_, port):
        receipt = await once(provider_to(port, user="redress"), a_letter(), StubClaim())
    assert (receipt.verdict, receipt.provider) == ("unknown" if phase == "body" else "later", "fails")


@pytest.mark.parametrize("code", [421, 450, 454, 500, 530, 535, 550, 553, 554])
@pytest.mark.parametrize("phase", ["greeting", "EHLO", "AUTH", "MAIL", "DATA"])
async def test_a_refusal_before_the_recipient_or_before_the_text_is_never_the_messages(
    phase: str, code: int
) -> None:
    script = {phase: f"{code} 5.7.0 no"} | ({"HELO": f"{code} no"} if phase == "EHLO" else {})
    async with scripted(**script) as (_, port):
        receipt = await once(provider_to(port, user="redress"), a_letter(), StubClaim())
    assert (receipt.verdict, receipt.provider) == ("later", "fails")


@pytest.mark.parametrize("code", [550, 551, 552, 553, 554, 556])
async def test_a_recipient_refused_for_good_is_final(code: int) -> None:
    async with scripted(RCPT=f"{code} 5.1.1 <li.na@shop.example>: no such mailbox") as (far, port):
        receipt = await once(provider_to(port), a_letter(), StubClaim())
    assert (receipt.verdict, receipt.provider, far.bodies) == ("refused", "works", [])
    assert "li.na" not in receipt.reason


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_server_without_tls_takes_nothing_where_tls_is_asked_for(
    tls: Literal["starttls", "tls"],
) -> None:
    async with scripted() as (far, port):
        receipt = await once(provider_to(port, tls), a_letter(), StubClaim())
    assert (receipt.verdict, receipt.provider, far.bodies) == ("later", "fails", [])


async def test_the_claim_is_asked_for_when_the_server_waits_for_the_text() -> None:
    async with scripted() as (far, port):
        assert await once(provider_to(port), a_letter(), StubClaim(times=0)) == CLAIM_LOST
    assert ("DATA" in far.lines, far.bodies) == (True, [])


@pytest.mark.parametrize(
    "answer", ["421 4.7.0 too many messages on this connection", "", "550 5.7.0 no more"]
)
async def test_a_connection_that_the_server_ends_says_nothing_about_the_server(answer: str) -> None:
    async with scripted() as (far, port):
        provider = provider_to(port)
        await provider.send(a_letter(), StubClaim())
        far.once["MAIL"] = answer
        assert (await provider.send(a_letter(), StubClaim())).verdict == "accepted"
        await provider.close()
    assert (far.once, len(far.bodies)) == ({}, 2)


async def test_lines_of_dots_arrive_as_they_were_written() -> None:
    async with postbox(smtputf8=False) as (box, port):
        letter = a_letter()
        assert (await once(provider_to(port), letter, StubClaim())).verdict == "accepted"
    [envelope] = box.taken
    assert isinstance(envelope.content, bytes)
    assert b"\r\n.\r\n" not in envelope.content


@dataclass
class Postbox:
    """A real mail server that keeps envelopes."""

    taken: list[Envelope] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.taken.append(envelope)
        return "250 OK"


@asynccontextmanager
async def postbox(*, smtputf8: bool) -> AsyncIterator[tuple[Postbox, int]]:
    box, loop = Postbox(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, hostname="localhost", enable_SMTPUTF8=smtputf8, loop=loop), "127.0.0.1", 0
    )
    try:
        yield box, server.sockets[0].getsockname()[1]
    finally:
        server.close()


ASCII_ENVELOPES = {
    "li.na@shop.example": "li.na@shop.example",
    "li@例子.中国": "li@xn--fsqu00a.xn--fiqs8s",
    "LI@SHOP.example": "LI@shop.example",
    "o'brien+car=1@shop.example": "o'brien+car=1@shop.example",
    "a/b!c@sub.shop.example": "a/b!c@sub.shop.example",
}


@pytest.mark.parametrize(("given", "envelope"), ASCII_ENVELOPES.items())
@pytest.mark.parametrize("smtputf8", [True, False])
async def test_the_recipient_is_the_parsed_address_and_nothing_else(
    given: str, envelope: str, *, smtputf8: bool
) -> None:
    async with postbox(smtputf8=smtputf8) as (box, port):
        assert (await once(provider_to(port), a_letter(given), StubClaim())).verdict == "accepted"
    assert [one.rcpt_tos for one in box.taken] == [[envelope]]
    assert not box.taken[0].smtp_utf8


@pytest.mark.parametrize("given", ["用户@例子.中国", "josé@shop.example", "Žofie.Å@bücher.example"])
async def test_a_mailbox_that_is_not_ascii_is_reached_where_the_server_offers_it(given: str) -> None:
    address = EmailAddress.parse(given)
    async with postbox(smtputf8=True) as (box, port):
        assert (await once(provider_to(port), a_letter(given), StubClaim())).verdict == "accepted"
    [envelope] = box.taken
    assert (envelope.rcpt_tos, envelope.smtp_utf8) == ([address.envelope], True)
    assert f"To: {address.envelope}".encode() in (envelope.original_content or b"")


@pytest.mark.parametrize("given", ["用户@例子.中国", "josé@shop.example"])
async def test_a_mailbox_that_is_not_ascii_is_final_where_the_server_does_not_offer_it(given: str) -> None:
    async with postbox(smtputf8=False) as (box, port):
        provider = provider_to(port)
        assert await provider.send(a_letter(given), StubClaim()) == NO_SMTPUTF8
        assert (await provider.send(a_letter(), StubClaim())).verdict == "accepted"
        await provider.close()
    assert [one.rcpt_tos for one in box.taken] == [["li.na@shop.example"]]
