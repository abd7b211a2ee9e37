"""Reads what a client posts: so much of it, and for so long."""

import asyncio

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.common.problems import Problem


async def read(request: Request, most: int, seconds: float) -> bytes:
    """The whole body; raises a 413 problem for more than `most` bytes, 408 when it does not come in `seconds`.

    What is too large is read to its end and let go: a client that still sends when the connection is closed
    sees a broken pipe instead of the answer.
    """
    kept, size = bytearray(), 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= most:
                    kept += chunk
    except (TimeoutError, ClientDisconnect):
        if size <= most:
            raise Problem(408, "The body did not come in time", "Send it again, in one go.") from None
    if size > most:
        raise Problem(413, "The body is too large", f"It should have at most {most} bytes.")
    return bytes(kept)
