"""The complaints reach the front door: one after the other, now and then twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from deploy.demo.api import Api
from deploy.demo.complaints import Telling
from schemas.base import instant, stamp
from services.common.runtime.clock import Clock

EVERY_TWICE = 10


class NotAcceptedError(Exception):
    """The front door refused a complaint that is in order."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A telling and what the 202 said of it."""

    telling: Telling
    case_id: str
    number: str


async def post(api: Api, clock: Clock, told: Sequence[Telling], gap: float) -> AsyncIterator[Accepted]:
    """Each answer as it comes; `gap` seconds lie between two calls.

    Every tenth is posted again with the same key, as by somebody who did not trust the first answer.
    """
    for number, telling in enumerate(told, start=1):
        body = telling.body(stamp(instant(clock.now() - telling.age)), number)
        for _ in range(2 if number % EVERY_TWICE == 0 else 1):
            answer = await api.ask(
                telling.caller, "POST", "/v1/contacts", {"Idempotency-Key": telling.name}, json=body
            )
            if answer.status_code != 202:
                raise NotAcceptedError(f"{telling.name}: {answer.status_code} {answer.text}")
            said = answer.json()
            yield Accepted(telling, said["case_id"], said["case_number"])
        await asyncio.sleep(gap)
