"""How people and machines call Redress: over HTTP, each under their own name, again until it answers."""

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
class Client:
    """One service over HTTP. While it is away a request is sent again, under the same key, until it answers."""

    http: httpx.AsyncClient
    sign: Callable[[str], str]
    statuses: Counter[str] = field(default_factory=Counter)

    async def request(
        self, caller: str, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """The response of a service that is there."""
        signed = {"Authorization": f"Bearer {self.sign(caller)}", **(headers or {})}
        while True:
            try:
                response = await self.http.request(method, path, headers=signed, **more)
            except httpx.TransportError:
                self.statuses["away"] += 1
            else:
                self.statuses[str(response.status_code)] += 1
                if response.status_code not in AWAY:
                    return response
            await asyncio.sleep(PAUSE)

    async def case(self, caller: str, case: str) -> dict[str, Any] | None:
        response = await self.request(caller, "GET", f"/v1/cases/{case}")
        return response.json() if response.is_success else None

    async def act(
        self, caller: str, case: Mapping[str, Any], what: str, body: Mapping[str, Any]
    ) -> httpx.Response:
        """Do `actions/<action>` or `tasks/<task>/<reply>` with a case as it was seen.

        The key follows from what is done to which revision.
        """
        key = f"{caller}:{what}:{case['revision']}"
        headers = {"If-Match": f'"{case["revision"]}"', "Idempotency-Key": key}
        return await self.request(caller, "POST", f"/v1/cases/{case['id']}/{what}", headers, json=dict(body))


def signer(issue: Callable[[str], str]) -> Callable[[str], str]:
    """Tokens by subject, each issued once."""
    return lru_cache(maxsize=None)(issue)
