"""Requests to providers over HTTP; at each failure it is clear whether the message may be out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from services.notify.domain.delivery import Receipt, Verdict
from services.notify.providers import CLAIM_LOST, Claim
from services.notify.providers.replies import Reply

LARGEST = 65_536
# Connecting, writing and reading each have their time; all together, however slowly it drips, has this many times it.
TIMES = 3.0
# Closed by us before a provider closes it: a request on a connection that is just going has no certain fate.
IDLE_SECONDS = 2.0
TROUBLE = (httpx.HTTPError, httpx.InvalidURL, TimeoutError)

Judge = Callable[[Reply], Receipt]
Trace = Callable[[str, Any], Awaitable[None]]


class ClaimLostError(Exception):
    """Another process may send this message by now."""


@dataclass(slots=True)
class RequestTrace:
    """Watches one request leave: `began` once a byte of it may be on its way."""

    claim: Claim
    began: bool = False

    async def trace(self, event: str, _info: Any) -> None:
        """Check the claim between the connection and the text, and once more before the last of it."""
        if event in ("http11.send_request_headers.started", "http11.send_request_body.started"):
            if not await self.claim.holds():
                raise ClaimLostError
            self.began = True


@dataclass(frozen=True, slots=True)
class HttpClient:
    """Follows no redirects, and reads no more than LARGEST bytes of an answer; `judge` says what that means."""

    client: httpx.AsyncClient
    seconds: float

    @classmethod
    def of(cls, seconds: float, base_url: str = "", headers: Mapping[str, str] | None = None) -> "HttpClient":
        """Every answer is awaited `seconds`."""
        limits = httpx.Limits(keepalive_expiry=IDLE_SECONDS)
        client = httpx.AsyncClient(
            base_url=base_url,
            timeout=seconds,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
            limits=limits,
        )
        return cls(client, seconds)

    async def post(self, url: str, claim: Claim, judge: Judge, **what: Any) -> Receipt:
        """What became of a message that is posted if the claim still holds."""
        transmission = RequestTrace(claim)
        try:
            reply = await self._reply("POST", url, transmission.trace, **what)
        except ClaimLostError:
            return CLAIM_LOST
        except TROUBLE as error:
            verdict: Verdict = "unknown" if transmission.began else "later"
            return Receipt(verdict, type(error).__name__, provider="fails")
        return judge(reply)

    async def get(self, url: str, judge: Judge) -> Receipt:
        """What the answer to a question means."""
        try:
            reply = await self._reply("GET", url)
        except TROUBLE as error:
            return Receipt("unknown", type(error).__name__, provider="fails")
        return judge(reply)

    async def close(self) -> None:
        await self.client.aclose()

    async def _reply(self, method: str, url: str, trace: Trace | None = None, **what: Any) -> Reply:
        extensions = {"trace": trace} if trace else {}
        async with (
            asyncio.timeout(TIMES * self.seconds),
            self.client.stream(method, url, extensions=extensions, **what) as answer,
        ):
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST:
                    break
            return Reply(answer.status_code, answer.headers, body)
