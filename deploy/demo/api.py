"""How people and machines speak with Redress: over HTTP, patiently, each under his own name."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpx

PAUSE = 0.2
AWAY = frozenset({httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE})


@dataclass(slots=True)
class Api:
    """One service over HTTP. A service that is away is asked again, under the same key, until it answers."""

    http: httpx.AsyncClient
    sign: Callable[[str], str]
    answers: Counter[str] = field(default_factory=Counter)

    async def ask(
        self, who: str, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """The answer of a service that is there."""
        signed = {"Authorization": f"Bearer {self.sign(who)}", **(headers or {})}
        while True:
            try:
                answer = await self.http.request(method, path, headers=signed, **more)
            except httpx.TransportError:
                self.answers["away"] += 1
            else:
                self.answers[str(answer.status_code)] += 1
                if answer.status_code not in AWAY:
                    return answer
            await asyncio.sleep(PAUSE)

    async def find(self, who: str, number: str) -> str | None:
        """The id of a case by its number; None where it is not for him to see."""
        answer = await self.ask(who, "GET", "/v1/cases", params={"q": number})
        found = answer.json().get("cases", []) if answer.is_success else []
        return found[0]["id"] if found else None

    async def case(self, who: str, case: str) -> dict[str, Any] | None:
        answer = await self.ask(who, "GET", f"/v1/cases/{case}")
        return answer.json() if answer.is_success else None

    async def act(
        self, who: str, case: Mapping[str, Any], action: str, body: Mapping[str, Any]
    ) -> httpx.Response:
        """Act on a case as it was seen; the key follows from what is done to which revision."""
        key = f"{who}:{action}:{case['revision']}"
        headers = {"If-Match": f'"{case["revision"]}"', "Idempotency-Key": key}
        return await self.ask(who, "POST", f"/v1/cases/{case['id']}/{action}", headers, json=dict(body))


def signer(issue: Callable[[str], str]) -> Callable[[str], str]:
    """Everybody signs in once."""
    return lru_cache(maxsize=None)(issue)
