"""HTTP for whoever tries Redress: what is answered 503 is sent again after the pause that the answer names.

Every such answer asks for that, and a busy machine gives one now and then where nothing is broken.
"""

import asyncio
from typing import Any

import httpx

from deploy.local.services import NO_TLS
from services.common.runtime.clock import ticks

PATIENCE = 120.0
ONCE = {"once": True}
"""The extension of a request whose first answer is to be seen, whatever it is."""


class PatientTransport(httpx.AsyncBaseTransport):
    """Sends a request until it is answered otherwise than 503, for so many seconds; the key is the same each time."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._transport = httpx.AsyncHTTPTransport(verify=NO_TLS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        until = ticks() + self._patience
        while True:
            response = await self._transport.handle_async_request(request)
            pause = response.headers.get("Retry-After")
            is_away = response.status_code == httpx.codes.SERVICE_UNAVAILABLE and pause is not None
            if not is_away or "once" in request.extensions or ticks() > until:
                return response
            await response.aclose()
            await asyncio.sleep(float(pause))

    async def aclose(self) -> None:
        await self._transport.aclose()


def client(url: str, patience: float = PATIENCE, **more: Any) -> httpx.AsyncClient:
    """A client of the service at this address, which waits so many seconds for an answer, and for one other than 503."""
    return httpx.AsyncClient(base_url=url, timeout=patience, transport=PatientTransport(patience), **more)
