"""SMS by a provider that takes JSON over HTTP and can be asked about a reference."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from schemas.addresses import PhoneNumber
from services.notify.domain.delivery import Receipt
from services.notify.providers import Carrier, Claim, Letter
from services.notify.providers.http_client import HttpClient
from services.notify.providers.replies import judge_fate, judge_message
from services.notify.settings import Settings

NO_TEXTS = Receipt("refused", "the number takes no text messages", provider="unasked")


@dataclass(frozen=True, slots=True)
class SmsProvider:
    """`POST /messages` {reference, to, text} sends, `GET /messages/{reference}` asks.

    Both answer JSON {reference, status}; see `replies` for what counts.
    """

    http: HttpClient

    @classmethod
    def of(cls, url: str, token: str, seconds: float) -> "SmsProvider":
        """At `url`, with a bearer token unless it is empty; every answer is awaited `seconds`."""
        return cls(HttpClient.of(seconds, url, {"Authorization": f"Bearer {token}"} if token else {}))

    async def send(self, letter: Letter, claim: Claim, /) -> Receipt:
        if not isinstance(letter.to, PhoneNumber) or not letter.to.takes_texts:
            return NO_TEXTS
        body = {"reference": str(letter.reference), "to": letter.to.e164, "text": letter.text}
        return await self.http.post("/messages", claim, partial(judge_message, letter.reference), json=body)

    async def ask(self, reference: UUID, /) -> Receipt:
        return await self.http.get(f"/messages/{reference}", partial(judge_fate, reference))

    async def close(self) -> None:
        await self.http.close()


def carrier(settings: Settings) -> Carrier:
    """The SMS provider of the settings."""
    token = settings.sms_token.get_secret_value()
    return Carrier(SmsProvider.of(settings.sms_url, token, settings.send_seconds), settings.sms_at_once)
