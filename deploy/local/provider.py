"""Local stand-ins for those who carry messages: real servers that keep what they received."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from deploy.local.addresses import free_port
from deploy.local.part import Part, Runner
from deploy.local.process import ChildProcess, Command
from deploy.local.trouble import Trouble, order
from schemas.base import Frozen

FILE = "received.jsonl"


class Received(Frozen):
    """One message as it came in; `reference` is the Message-ID of mail without its brackets, `date` its Date."""

    reference: str
    to: str
    subject: str = ""
    text: str
    date: str = ""


def keep(data: Path, message: Received) -> None:
    """Append to what was received, before the sender is told that it was."""
    with (data / FILE).open("a", encoding="utf-8") as kept:
        kept.write(message.model_dump_json() + "\n")


def received(data: Path) -> list[Received]:
    """Everything kept in `data`, oldest first, doubles included."""
    if not (data / FILE).exists():
        return []
    lines = (data / FILE).read_text(encoding="utf-8").splitlines()
    return [Received.model_validate_json(line) for line in lines]


@dataclass(frozen=True)
class Provider(Part):
    """A mail server, SMS or webhook endpoint with its port and the folder of what it received."""

    port: int = 0
    data: Path = field(default_factory=Path)

    def received(self) -> list[Received]:
        return received(self.data)

    def trouble(self, trouble: Trouble) -> None:
        order(self.data, trouble)


def provider(
    name: Literal["mail", "sms", "webhook"],
    data: Path,
    port: int | None = None,
    run: Callable[[Command], Runner] = ChildProcess,
) -> Provider:
    """A server that is not started yet; its messages and its log stay in `data`."""
    at = port or free_port()
    data.mkdir(parents=True, exist_ok=True)
    arguments = (sys.executable, "-m", f"deploy.local.{name}", "--port", str(at), "--data", str(data))
    runner = run(Command(arguments, data / f"{name}.log"))
    return Provider(name, runner, partial(_accepts, at), port=at, data=data)


def serve(routes: Sequence[Route], port: int) -> None:
    """Answer on a port of this machine until the process is ended."""
    app = Starlette(routes=routes)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, timeout_graceful_shutdown=1)


async def _accepts(port: int) -> bool:
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
