"""An HTTP client that costs little: ready-made requests over connections that stay open."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.common.runtime.clock import ticks

CONNECTIONS = 32
ACCEPTED = 202
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class BenchError(Exception):
    """What was to be measured did not happen."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and the tick at which it was read."""

    body: bytes
    at: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Connection:
    """One request at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> Answer:
        """The answer to a request; BenchError when it is not 202."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await self.reader.readexactly(int(length[1]) if length else 0)
        if int(head[9:12]) != ACCEPTED:
            raise BenchError(f"answered {head[9:12].decode()}: {body.decode()}")
        return Answer(body, ticks())


@asynccontextmanager
async def connections(port: int) -> AsyncIterator[list[Connection]]:
    """As many as the load needs, open until the block ends."""
    opened = [Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    try:
        yield opened
    finally:
        for each in opened:
            each.writer.close()


async def closed_loop(port: int, requests: Sequence[bytes]) -> float:
    """Requests per second when every connection asks again as soon as it is answered."""
    waiting = iter(requests)

    async def work(connection: Connection) -> None:
        for request in waiting:
            await connection.ask(request)

    async with connections(port) as opened, asyncio.TaskGroup() as group:
        started = ticks()
        for connection in opened:
            group.create_task(work(connection))
    return len(requests) / (ticks() - started)


async def open_loop(port: int, requests: Sequence[bytes], rate: float) -> list[Answer]:
    """The answers when a request leaves every 1/`rate` seconds, however slow the answers are."""
    free: asyncio.Queue[Connection] = asyncio.Queue()

    async def work(request: bytes) -> Answer:
        connection = await free.get()
        answer = await connection.ask(request)
        free.put_nowait(connection)
        return answer

    async with connections(port) as opened, asyncio.TaskGroup() as group:
        for connection in opened:
            free.put_nowait(connection)
        started, tasks = ticks(), []
        for number, request in enumerate(requests):
            await asyncio.sleep(started + number / rate - ticks())
            tasks.append(group.create_task(work(request)))
    return [task.result() for task in tasks]
