"""A TCP proxy that can be shut and opened: one client loses a part that goes on for all others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from deploy.local.addresses import free_port


@dataclass
class Proxy:
    """Passes bytes to `target` while it is open; shutting it cuts every connection."""

    target: tuple[str, int]
    port: int = field(default_factory=free_port)
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)

    def shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self.target)
        self._writers |= {writer, there_writer}
        with suppress(ConnectionError):
            await asyncio.gather(_pump(reader, there_writer, self.seen), _pump(there_reader, writer))

    def seen(self, data: bytes) -> None:
        """Called with what has just gone to the target."""


def _unseen(_data: bytes) -> None:
    """What comes back is nobody's concern."""


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Callable[[bytes], None] = _unseen
) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
        seen(data)
    writer.close()


@asynccontextmanager
async def proxy(host: str, port: int) -> AsyncIterator[Proxy]:
    """An open proxy to an address; shut when the block ends."""
    opened = Proxy((host, port))
    await opened.open()
    try:
        yield opened
    finally:
        opened.shut()
