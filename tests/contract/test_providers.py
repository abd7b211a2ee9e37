"""Every provider tells the same truth about a message: the one in memory, real SMTP and real HTTP."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.addresses import free_port
from deploy.local.provider import Provider as Server
from deploy.local.provider import provider
from deploy.local.trouble import Trouble
from schemas.addresses import Address, EmailAddress, PhoneNumber
from services.notify.providers import CLAIM_LOST, Letter, Provider
from services.notify.providers.mail import MailProvider, MailServer
from services.notify.providers.sms import SmsProvider
from tests.unit.notify.fakes import MemoryProvider, StubClaim

PATIENCE = 2.0  # an answer on a crowded machine takes less; a stall is longer
OCCURRED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


@dataclass
class Bench:
    """A provider, and the far end of it."""

    provider: Provider
    arrived: Callable[[], Sequence[str]]
    trouble: Callable[[Trouble], None]
    to: Address
    askable: bool = True

    def letter(self) -> Letter:
        return a_letter(self.to)


MAILBOX = EmailAddress.parse("li.na@shop.example")
NUMBER = PhoneNumber.parse("138 0013 8000")


def a_letter(to: Address = MAILBOX) -> Letter:
    text = "工单 7K2M-9QXD 请于 10:30 前联系客户。\nPlease call.\n"
    return Letter(uuid4(), OCCURRED, to, "工单 7K2M 即将到期", text)


def references(far_end: Server) -> Sequence[str]:
    return [message.reference.partition("@")[0] for message in far_end.received()]


@pytest.fixture(scope="module")
async def mail_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    running = provider("mail", tmp_path_factory.mktemp("mail"))
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(scope="module")
async def sms_endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    running = provider("sms", tmp_path_factory.mktemp("sms"))
    await running.start()
    yield running
    await running.stop()


def by_mail(port: int) -> MailProvider:
    return MailProvider(MailServer("127.0.0.1", port, EmailAddress.parse("redress@mfr.example"), PATIENCE))


def by_sms(port: int) -> SmsProvider:
    return SmsProvider.of(f"http://127.0.0.1:{port}", "", PATIENCE)


@pytest.fixture
async def mail_bench(mail_server: Server) -> AsyncIterator[Bench]:
    carrier = by_mail(mail_server.port)
    yield Bench(carrier, lambda: references(mail_server), mail_server.trouble, MAILBOX, askable=False)
    await carrier.close()


@pytest.fixture
async def sms_bench(sms_endpoint: Server) -> AsyncIterator[Bench]:
    carrier = by_sms(sms_endpoint.port)
    yield Bench(carrier, lambda: references(sms_endpoint), sms_endpoint.trouble, NUMBER)
    await carrier.close()


@pytest.fixture(params=["memory", *(pytest.param(name, marks=pytest.mark.real) for name in ("mail", "sms"))])
def bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "memory":
        memory = MemoryProvider()
        return Bench(memory, memory.references, memory.trouble, MAILBOX)
    bench: Bench = request.getfixturevalue(f"{request.param}_bench")
    return bench


async def test_an_accepted_message_has_arrived_once(bench: Bench) -> None:
    letter = bench.letter()
    assert (await bench.provider.send(letter, StubClaim())).verdict == "accepted"
    assert bench.arrived().count(str(letter.reference)) == 1


async def test_a_refused_message_has_not_arrived(bench: Bench) -> None:
    letter = bench.letter()
    bench.trouble(Trouble(kind="refuse"))
    assert (await bench.provider.send(letter, StubClaim())).verdict == "refused"
    assert str(letter.reference) not in bench.arrived()


async def test_a_busy_provider_takes_the_message_later(bench: Bench) -> None:
    letter = bench.letter()
    bench.trouble(Trouble(kind="busy", times=2))
    verdicts = [(await bench.provider.send(letter, StubClaim())).verdict for _ in range(3)]
    assert verdicts == ["later", "later", "accepted"]
    assert bench.arrived().count(str(letter.reference)) == 1


async def test_no_answer_after_taking_the_message_over_is_unknown(bench: Bench) -> None:
    letter = bench.letter()
    bench.trouble(Trouble(kind="stall", seconds=4 * PATIENCE))
    assert (await bench.provider.send(letter, StubClaim())).verdict == "unknown"
    assert bench.arrived().count(str(letter.reference)) == 1
    assert (await bench.provider.ask(letter.reference)).verdict == (
        "accepted" if bench.askable else "unknown"
    )


async def test_no_answer_without_taking_the_message_over_is_unknown_too(bench: Bench) -> None:
    letter = bench.letter()
    bench.trouble(Trouble(kind="lose", seconds=4 * PATIENCE))
    assert (await bench.provider.send(letter, StubClaim())).verdict == "unknown"
    assert str(letter.reference) not in bench.arrived()
    assert (await bench.provider.ask(letter.reference)).verdict == ("later" if bench.askable else "unknown")


@pytest.mark.parametrize(("carrier", "to"), [(by_mail, MAILBOX), (by_sms, NUMBER)])
async def test_a_provider_that_is_away_is_tried_later(
    carrier: Callable[[int], Provider], to: Address
) -> None:
    away = carrier(free_port())
    receipt = await away.send(a_letter(to), StubClaim())
    assert (receipt.verdict, receipt.provider) == ("later", "fails")
    assert (await away.ask(uuid4())).verdict == "unknown"
    await away.close()


async def test_an_account_that_is_not_in_order_is_the_provider_and_not_the_message(bench: Bench) -> None:
    letter = bench.letter()
    bench.trouble(Trouble(kind="account"))
    receipts = [await bench.provider.send(letter, StubClaim()) for _ in range(2)]
    said = [(receipt.verdict, receipt.provider) for receipt in receipts]
    assert said == [("later", "fails"), ("accepted", "works")]


async def test_a_claim_that_is_lost_when_all_is_ready_sends_nothing(bench: Bench) -> None:
    letter = bench.letter()
    assert await bench.provider.send(letter, StubClaim(times=0)) == CLAIM_LOST
    assert (await bench.provider.send(bench.letter(), StubClaim())).verdict == "accepted"
    assert str(letter.reference) not in bench.arrived()


@pytest.mark.real
async def test_mail_keeps_both_languages_and_its_message_id(mail_server: Server) -> None:
    letter = a_letter()
    await by_mail(mail_server.port).send(letter, StubClaim())
    mail = mail_server.received()[-1]
    assert mail.reference == f"{letter.reference}@mfr.example"
    assert (mail.to, mail.subject, mail.text) == (letter.to.text, letter.subject, letter.text)


@pytest.mark.real
async def test_every_copy_of_a_mail_is_dated_when_its_event_occurred(mail_server: Server) -> None:
    letter, carrier = a_letter(), by_mail(mail_server.port)
    for _ in range(2):
        await carrier.send(letter, StubClaim())
    await carrier.close()
    copies = [mail for mail in mail_server.received() if mail.reference.startswith(str(letter.reference))]
    assert [mail.date for mail in copies] == ["Mon, 02 Mar 2026 01:30:00 +0000"] * 2


@pytest.mark.real
async def test_mail_goes_on_over_the_same_connection_and_over_a_new_one_once_it_is_gone(
    tmp_path: Path,
) -> None:
    far_end = provider("mail", tmp_path)
    carrier = by_mail(far_end.port)
    await far_end.start()
    verdicts = [(await carrier.send(a_letter(), StubClaim())).verdict for _ in range(3)]
    assert (verdicts, len(carrier.idle)) == (["accepted"] * 3, 1)
    await far_end.kill()
    assert (await carrier.send(a_letter(), StubClaim())).verdict == "later"
    await far_end.start()
    assert (await carrier.send(a_letter(), StubClaim())).verdict == "accepted"
    await carrier.close()
    await far_end.stop()
    assert len(far_end.received()) == 4


@pytest.mark.real
async def test_what_was_received_survives_the_death_of_the_server(tmp_path: Path) -> None:
    far_end = provider("mail", tmp_path)
    await far_end.start()
    letter = a_letter()
    await by_mail(far_end.port).send(letter, StubClaim())
    await far_end.kill()
    assert list(references(far_end)) == [str(letter.reference)]
