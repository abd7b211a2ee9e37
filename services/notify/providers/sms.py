"""SMS by a provider that takes JSON over HTTP and can be asked about a reference."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from schemas.addresses import PhoneNumber
from services.notify.domain.delivery import Receipt, Verdict
from services.notify.providers import CLAIM_LOST, Carrier, Claim, Letter
from services.notify.providers.replies import Reply, judge_fate, judge_message
from services.notify.settings import Settings

LARGEST = 65_536
# Connecting, writing and reading each have their time; all together, however slowly it drips, has this many times it.
TIMES = 3.0
# Closed by us before a provider closes it: a request on a connection that is just going has no certain fate.
IDLE_SECONDS = 2.0
NO_TEXTS = Receipt("refused", "the number takes no text messages", provider="unasked")
TROUBLE = (httpx.HTTPError, httpx.InvalidURL, TimeoutError)

Trace = Callable[[str, Any], Awaitable[None]]


class ClaimLostError(Exception):
    """Another process may send this message by now."""


@dataclass(slots=True)
class Transmission:
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
class SmsProvider:
    """`POST /messages` {reference, to, text} hands over, `GET /messages/{reference}` asks.

    Both answer JSON {reference, status}; see `replies` for what counts.
    """

    client: httpx.AsyncClient
    seconds: float

    @classmethod
    def of(cls, url: str, token: str, seconds: float) -> "SmsProvider":
        """At `url`, with a bearer token unless it is empty; every answer is awaited `seconds`."""
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(keepalive_expiry=IDLE_SECONDS)
        return cls(httpx.AsyncClient(base_url=url, timeout=seconds, headers=headers, limits=limits), seconds)

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        if not isinstance(letter.to, PhoneNumber) or not letter.to.takes_texts:
            return NO_TEXTS
        body = {"reference": str(letter.reference), "to": letter.to.e164, "text": letter.text}
        transmission = Transmission(claim)
        try:
            reply = await self._reply("POST", "/messages", transmission.trace, json=body)
        except ClaimLostError:
            return CLAIM_LOST
        except TROUBLE as error:
            verdict: Verdict = "unknown" if transmission.began else "later"
            return Receipt(verdict, type(error).__name__, provider="fails")
        return judge_message(letter.reference, reply)

    async def ask(self, reference: UUID, /) -> Receipt:
        try:
            reply = await self._reply("GET", f"/messages/{reference}")
        except TROUBLE as error:
            return Receipt("unknown", type(error).__name__, provider="fails")
        return judge_fate(reference, reply)

    async def close(self) -> None:
        await self.client.aclose()

    async def _reply(self, method: str, path: str, trace: Trace | None = None, **what: Any) -> Reply:
        extensions = {"trace": trace} if trace else {}
        async with (
            asyncio.timeout(TIMES * self.seconds),
            self.client.stream(method, path, extensions=extensions, **what) as answer,
        ):
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST:
                    break
            return Reply(answer.status_code, answer.headers, body)


def carrier(settings: Settings) -> Carrier:
    """The SMS provider of the settings."""
    token = settings.sms_token.get_secret_value()
    return Carrier(SmsProvider.of(settings.sms_url, token, settings.send_seconds), settings.sms_at_once)
