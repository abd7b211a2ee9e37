"""E-mail over SMTP, phase by phase, so that it is clear at each failure whether the message may be out."""

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.policy import SMTPUTF8
from typing import Literal
from uuid import UUID

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPHeloError, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from schemas.addresses import EmailAddress
from services.common.runtime.clock import ticks
from services.notify.domain.delivery import Receipt, Verdict
from services.notify.providers import CLAIM_LOST, Carrier, Claim, Letter
from services.notify.providers.replies import Stage, judge_smtp
from services.notify.settings import Settings

FRESH_SECONDS = 10.0
READY = 354
TAKEN = {"mail": (250,), "rcpt": (250, 251), "data": (READY,), "body": (250,)}
DOT = re.compile(rb"(?m)^\.")
NO_MAIL = Receipt("refused", "no e-mail address", provider="unasked")
NO_SMTPUTF8 = Receipt("refused", "our mail server cannot reach this address: it offers no SMTPUTF8")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes out, as whom, and how long each answer is awaited, in seconds."""

    host: str
    port: int
    sender: EmailAddress
    seconds: float
    tls: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = field(default="", repr=False)


class RefusedError(Exception):
    """The server answered a phase with another reply than the one that lets it go on."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt.reason)
        self.receipt = receipt


@dataclass(slots=True)
class SmtpTransmission:
    """One message on its way through the phases of SMTP; `stage` is the one that has begun."""

    client: SMTP
    sender: EmailAddress
    letter: Letter
    to: EmailAddress
    stage: Stage = "mail"

    async def run(self, claim: Claim) -> Receipt:
        utf8 = self.to.needs_smtputf8
        mail = self._mail().as_bytes(policy=SMTPUTF8 if utf8 else WIRE)
        options = [b"SMTPUTF8"] if utf8 else []
        await self._command("mail", b"MAIL", b"FROM:" + _path(self.sender), *options)
        # Not by the driver's own command, which would parse the address once more, and loosely.
        await self._command("rcpt", b"RCPT", b"TO:" + _path(self.to))
        await self._command("data", b"DATA")
        if not await claim.holds():
            return CLAIM_LOST
        protocol = self.client.protocol or _gone()
        protocol.write(DOT.sub(b"..", mail) + b".\r\n")
        # Not before: a connection that is gone by now raises, and nothing of the text is out.
        self.stage = "body"
        self._check(await protocol.read_response(timeout=self.client.timeout))
        return Receipt("accepted")

    async def _command(self, stage: Stage, *arguments: bytes) -> None:
        self.stage = stage
        self._check(await self.client.execute_command(*arguments))

    def _check(self, reply: SMTPResponse) -> None:
        if reply.code not in TAKEN[self.stage]:
            raise RefusedError(judge_smtp(self.stage, reply.code, reply.message))

    def _mail(self) -> EmailMessage:
        mail = EmailMessage()
        mail["Message-ID"] = f"<{self.letter.reference}@{self.sender.ascii_domain}>"
        # Of the event, not of the attempt: copies of one message are alike in every respect.
        mail["Date"] = self.letter.at
        mail["From"] = Address(username=self.sender.local, domain=self.sender.ascii_domain)
        mail["To"] = Address(username=self.to.local, domain=self.to.ascii_domain)
        mail["Subject"] = self.letter.subject
        # Neither answers of machines nor out-of-office notes are wanted.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.letter.text, cte="base64")
        return mail


@dataclass(frozen=True, slots=True)
class MailProvider:
    """Connections are used again while they are fresh; one that a message failed on is closed."""

    server: MailServer
    idle: list[tuple[float, SMTP]] = field(default_factory=list)

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        if not isinstance(letter.to, EmailAddress):
            return NO_MAIL
        if used := await self._fresh():
            receipt = await self._send(used, letter, letter.to, claim)
            if (receipt.verdict, receipt.provider) != ("later", "fails"):
                return receipt
            # Servers end connections after a time or a number of messages: only a new one shows how they are.
        client = self._client()
        return await _connect(client) or await self._send(client, letter, letter.to, claim)

    async def _send(self, client: SMTP, letter: Letter, to: EmailAddress, claim: Claim) -> Receipt:
        if to.needs_smtputf8 and not client.supports_extension("smtputf8"):
            self.idle.append((ticks(), client))
            return NO_SMTPUTF8
        receipt = await _transmit(SmtpTransmission(client, self.server.sender, letter, to), claim)
        if receipt.verdict == "accepted":
            self.idle.append((ticks(), client))
        else:
            # In the middle of a message no command can follow; a closed connection takes none either.
            client.close()
        return receipt

    async def ask(self, _reference: UUID, /) -> Receipt:
        """SMTP has no question for it."""
        return Receipt("unknown", provider="unasked")

    async def close(self) -> None:
        while self.idle:
            await _leave(self.idle.pop()[1])

    async def _fresh(self) -> SMTP | None:
        """A connection that was used just now; older ones are left, since servers drop them anyway."""
        while self.idle:
            used, client = self.idle.pop()
            if client.is_connected and ticks() - used < FRESH_SECONDS:
                return client
            await _leave(client)
        return None

    def _client(self) -> SMTP:
        server = self.server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            timeout=server.seconds,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
        )


async def _connect(client: SMTP) -> Receipt | None:
    """Ready for a message, or why not. Whatever fails here, a refused log-in too, is no fault of a message."""
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await _greet(client)
    except SMTPResponseException as error:
        receipt = judge_smtp("connect", error.code, error.message)
    except (SMTPException, OSError, ValueError) as error:
        receipt = Receipt("later", type(error).__name__, provider="fails")
    else:
        return None
    client.close()
    return receipt


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


async def _transmit(transmission: SmtpTransmission, claim: Claim) -> Receipt:
    try:
        return await transmission.run(claim)
    except RefusedError as refused:
        return refused.receipt
    except SMTPResponseException as error:
        return judge_smtp(transmission.stage, error.code, error.message)
    except (SMTPException, OSError) as error:
        verdict: Verdict = "unknown" if transmission.stage == "body" else "later"
        return Receipt(verdict, type(error).__name__, provider="fails")


def _path(address: EmailAddress) -> bytes:
    return b"<" + address.envelope.encode() + b">"


def _gone() -> SMTPProtocol:
    raise ConnectionResetError("the server is gone")


async def _leave(client: SMTP) -> None:
    try:
        await client.quit()
    except (SMTPException, OSError):
        client.close()


def carrier(settings: Settings) -> Carrier:
    """The mail server of the settings."""
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=EmailAddress.parse(settings.mail_from),
        seconds=settings.send_seconds,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
    )
    return Carrier(MailProvider(server), settings.mail_at_once)
