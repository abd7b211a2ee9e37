"""A real SMTP server that keeps what it receives: python -m deploy.local.mail --port N --data DIR."""

import asyncio
import signal
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import click
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.provider import Received, keep
from deploy.local.trouble import take

ACCEPTED = "250 OK"
NOT_LOGGED_IN = "530 5.7.0 authentication required"
REFUSED = "550 5.1.1 no such mailbox"
BUSY = "451 4.3.2 try again later"


@dataclass(frozen=True)
class MailHandler:
    """Accepts mail for anyone, in the trouble ordered for it."""

    data: Path

    async def handle_MAIL(  # noqa: N802 - the names are aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if take(self.data, "account"):
            return NOT_LOGGED_IN
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return ACCEPTED

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if take(self.data, "refuse"):
            return REFUSED
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return ACCEPTED

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        trouble = take(self.data, "busy", "stall", "lose")
        match trouble and trouble.kind:
            case "busy":
                return BUSY
            case "lose":
                pass
            case _:
                self._keep(envelope)
        await asyncio.sleep(trouble.seconds if trouble else 0)
        return ACCEPTED

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content or b""
        mail = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=default)
        body = mail.get_body(("plain",))
        reference = str(mail["Message-ID"] or "").strip("<> ")
        text = body.get_content() if body else ""
        for recipient in envelope.rcpt_tos:
            received = Received(
                reference=reference,
                to=recipient,
                subject=str(mail["Subject"]),
                text=text,
                date=str(mail["Date"]),
            )
            keep(self.data, received)


async def serve(port: int, data: Path) -> None:
    """Until SIGTERM or SIGINT."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    handler = MailHandler(data)
    await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port
    )
    await ended.wait()


@click.command()
@click.option("--port", type=int, required=True, help="Loopback port.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of what is received.")
def main(port: int, data: Path) -> None:
    """Receive mail on 127.0.0.1 and keep it."""
    data.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(port, data))


if __name__ == "__main__":
    main()
