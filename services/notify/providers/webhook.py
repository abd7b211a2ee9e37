"""Notices as signed JSON to webhooks of people and manufacturers; see https://www.standardwebhooks.com."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from uuid import UUID

from schemas.addresses import WebhookUrl
from schemas.base import stamp
from services.common.runtime.clock import ticks, wall
from services.notify.domain.delivery import Receipt
from services.notify.providers import Carrier, Claim, Letter
from services.notify.providers.http_client import HttpClient
from services.notify.providers.replies import FINAL, Reply, judge_other, may_refuse
from services.notify.settings import Settings

# The endpoint is there no longer, or will never take this message.
REFUSED = {410, *FINAL}
# An endpoint at fault is left alone for so many seconds, or for as long as it asks within the longest.
REST_SECONDS, LONGEST_REST = 5.0, 600.0
NO_URL = Receipt("refused", "no webhook", provider="unasked")
NO_SECRET = Receipt("later", "no secret for this endpoint in REDRESS_WEBHOOK_SECRETS", provider="unasked")
AT_REST = Receipt("later", "the endpoint is at fault", provider="unasked")


@dataclass(frozen=True, slots=True)
class WebhookProvider:
    """Posts {type, timestamp, data}, signed with the secret of its endpoint; the id is the same at every attempt.

    There is no provider between us and an endpoint: one at fault rests, and the others' messages go on.
    """

    http: HttpClient
    secrets: Mapping[str, bytes] = field(repr=False)
    rest: float = REST_SECONDS
    _resting: dict[str, float] = field(default_factory=dict)

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        if not isinstance(letter.to, WebhookUrl):
            return NO_URL
        endpoint = letter.to.endpoint
        if endpoint not in self.secrets:
            return NO_SECRET
        if ticks() < self._resting.get(endpoint, 0.0):
            return AT_REST
        receipt = await self._post(letter, letter.to.text, self.secrets[endpoint], claim)
        if receipt.provider != "fails":
            return receipt
        self._resting[endpoint] = ticks() + max(self.rest, min(receipt.pause, LONGEST_REST))
        return replace(receipt, provider="unasked")

    async def _post(self, letter: Letter, url: str, secret: bytes, claim: Claim) -> Receipt:
        body = _body(letter)
        headers = {"Content-Type": "application/json", **signed(secret, letter.reference, body)}
        judge = partial(judge_webhook, letter.reference)
        return await self.http.post(url, claim, judge, content=body, headers=headers)

    async def ask(self, _reference: UUID, /) -> Receipt:
        """Endpoints answer no questions."""
        return Receipt("unknown", provider="unasked")

    async def close(self) -> None:
        await self.http.close()


def _body(letter: Letter) -> bytes:
    content = {"type": letter.subject, "timestamp": stamp(letter.at), "data": json.loads(letter.text)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def signed(secret: bytes, reference: UUID, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows that a body is ours, of now, and which message it is."""
    seconds = int(wall().timestamp())
    digest = hmac.digest(secret, f"{reference}.{seconds}.".encode() + body, sha256)
    return {
        "webhook-id": str(reference),
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def judge_webhook(reference: UUID, reply: Reply) -> Receipt:
    """What the answer of an endpoint means: any 2xx takes the message, and only what is agreed on refuses it."""
    if 200 <= reply.status <= 299:
        return Receipt("accepted")
    if reply.status in REFUSED and may_refuse(reference, reply):
        return Receipt("refused", f"http {reply.status}")
    return judge_other(reply)


def carrier(settings: Settings) -> Carrier:
    """Webhooks with the secrets of the settings."""
    secrets = {
        endpoint.strip().lower(): base64.b64decode(secret.get_secret_value().removeprefix("whsec_"))
        for endpoint, secret in settings.webhook_secrets.items()
    }
    return Carrier(WebhookProvider(HttpClient.of(settings.send_seconds), secrets), settings.webhook_at_once)
