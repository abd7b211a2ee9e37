"""SMS by a provider that takes JSON over HTTP and can be asked about a reference."""

from dataclasses import dataclass
from uuid import UUID

import httpx

from services.notify.channels import Letter
from services.notify.domain.delivery import Receipt

# Raised before a request is on its way; whatever else fails, the provider may have read it.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# A refused token is our fault, not the message's.
NOT_NOW = {
    httpx.codes.UNAUTHORIZED,
    httpx.codes.FORBIDDEN,
    httpx.codes.TOO_MANY_REQUESTS,
    httpx.codes.SERVICE_UNAVAILABLE,
}
# A gateway says so when it does not know what became of the request behind it.
NOT_KNOWN = {
    httpx.codes.REQUEST_TIMEOUT,
    httpx.codes.INTERNAL_SERVER_ERROR,
    httpx.codes.BAD_GATEWAY,
    httpx.codes.GATEWAY_TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class SmsChannel:
    """`POST /messages` {reference, to, text} hands over, `GET /messages/{reference}` asks."""

    client: httpx.AsyncClient

    @classmethod
    def of(cls, url: str, token: str, seconds: float) -> "SmsChannel":
        """At `url`, with a bearer token unless it is empty; every answer is awaited `seconds`."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return cls(httpx.AsyncClient(base_url=url, timeout=seconds, headers=headers))

    async def send(self, letter: Letter) -> Receipt:
        body = {"reference": str(letter.reference), "to": letter.to, "text": letter.text}
        try:
            answer = await self.client.post("/messages", json=body)
        except NOT_SENT as error:
            return Receipt("later", type(error).__name__)
        except httpx.HTTPError as error:
            return Receipt("unknown", type(error).__name__)
        return _judged(answer.status_code)

    async def knows(self, reference: UUID) -> bool | None:
        try:
            answer = await self.client.get(f"/messages/{reference}")
        except httpx.HTTPError:
            return None
        if answer.is_success:
            return True
        return False if answer.status_code == httpx.codes.NOT_FOUND else None

    async def close(self) -> None:
        await self.client.aclose()


def _judged(status: int) -> Receipt:
    # 409: the provider already has a message of this reference.
    if httpx.codes.is_success(status) or status == httpx.codes.CONFLICT:
        return Receipt("accepted")
    if status in NOT_NOW:
        return Receipt("later", f"http {status}")
    return Receipt("unknown" if status in NOT_KNOWN else "refused", f"http {status}")
