"""E-mail over SMTP, phase by phase, so that what went wrong tells whether the message may be out."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from typing import Literal
from uuid import UUID

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException

from services.common.clock import ticks
from services.notify.channels import Letter
from services.notify.domain.delivery import Receipt

TEMPORARY = range(400, 500)
FRESH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes out, as whom, and how long each answer is awaited, in seconds."""

    host: str
    port: int
    sender: str
    seconds: float
    tls: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MailChannel:
    """Connections are used again while they are fresh; one that a message failed on is closed."""

    server: MailServer
    idle: list[tuple[float, SMTP]] = field(default_factory=list)

    async def send(self, letter: Letter) -> Receipt:
        client = await self._fresh() or self._client()
        try:
            if not client.is_connected:
                await client.connect()
        except (SMTPException, OSError) as error:
            # Whatever fails here, a refused log-in too, is not the fault of this message.
            client.close()
            return Receipt("later", type(error).__name__)
        receipt = await self._hand_over(client, letter)
        if receipt.verdict == "accepted":
            self.idle.append((ticks(), client))
        else:
            await _leave(client)
        return receipt

    async def _hand_over(self, client: SMTP, letter: Letter) -> Receipt:
        body_sent = False
        try:
            mail = self._mail(letter).as_bytes(policy=WIRE)
            await client.mail(self.server.sender)
            await client.rcpt(letter.to)
            body_sent = True
            await client.data(mail)
        except ValueError:
            return Receipt("refused", "malformed address")
        except SMTPResponseException as error:
            return _refusal(error)
        except (SMTPException, OSError) as error:
            return Receipt("unknown" if body_sent else "later", type(error).__name__)
        return Receipt("accepted")

    async def knows(self, _reference: UUID) -> bool | None:
        """SMTP has no question for it."""
        return None

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

    def _mail(self, letter: Letter) -> EmailMessage:
        mail = EmailMessage()
        mail["Message-ID"] = f"<{letter.reference}@{self.server.sender.partition('@')[2]}>"
        # Of the event, not of the attempt: copies of one message are alike in every respect.
        mail["Date"] = letter.at
        mail["From"] = self.server.sender
        mail["To"] = letter.to
        mail["Subject"] = letter.subject
        # Neither answers of machines nor out-of-office notes are wanted.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text, cte="base64")
        return mail


def _refusal(error: SMTPResponseException) -> Receipt:
    """The server's text may repeat the address, hence only its code."""
    return Receipt("later" if error.code in TEMPORARY else "refused", f"smtp {error.code}")


async def _leave(client: SMTP) -> None:
    try:
        await client.quit()
    except (SMTPException, OSError):
        client.close()
