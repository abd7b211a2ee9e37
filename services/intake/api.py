"""`POST /v1/contacts`: accepted means acknowledged by Kafka."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from schemas import contacts
from services.common import tokens
from services.common.clock import ticks
from services.common.failures import TRANSIENT
from services.common.problems import Problem, away, invalid
from services.intake import metrics
from services.intake.domain import Identity, PostedContact, drawn_key, message
from services.intake.settings import IntakeSettings

LONGEST_KEY = 255


class Producer(Protocol):
    """Where contacts go; returns when they are safe."""

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> Any: ...


@dataclass(slots=True)
class FrontDoor:
    """Validates, identifies and publishes one contact at a time. `producer` is None until Kafka answers."""

    settings: IntakeSettings
    now: Callable[[], datetime]
    producer: Producer | None = None

    async def accept(self, request: Request) -> JSONResponse:
        """Answer 202 once the contact is on Kafka; raises the problem to answer otherwise."""
        caller = tokens.subject(
            request.headers.get("authorization", ""), self.settings.token_key.get_secret_value()
        )
        key = request.headers.get("idempotency-key") or drawn_key()
        if len(key) > LONGEST_KEY:
            raise Problem(422, "The Idempotency-Key is too long", f"At most {LONGEST_KEY} characters.")
        posted = self._parse(await self._body(request))
        identity = Identity.of(caller, key, posted)
        await self._publish(posted, identity, caller, key)
        return self._accepted(identity, key)

    async def _body(self, request: Request) -> bytes:
        most = self.settings.largest_body
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise Problem(413, "The contact is too large", f"At most {most} bytes.")
        return bytes(body)

    def _parse(self, body: bytes) -> PostedContact:
        try:
            posted = PostedContact.model_validate_json(body)
        except ValidationError as error:
            raise invalid(error) from None
        if untimely := posted.untimely(self.now()):
            fault = [{"field": "received_at", "problem": untimely}]
            raise Problem(422, "The request is not valid", "1 fields need attention.", errors=fault)
        return posted

    async def _publish(self, posted: PostedContact, identity: Identity, caller: str, key: str) -> None:
        topic = self.settings.topic_prefix + contacts.TOPIC
        record = message(posted, identity, caller, self.now()).model_dump_json().encode()
        try:
            if self.producer is None:
                raise TimeoutError("not connected yet")
            async with asyncio.timeout(self.settings.kafka_patience):
                await self.producer.send_and_wait(topic, record, str(identity.case_id).encode())
        except TRANSIENT as error:
            metrics.CONTACTS.labels(posted.channel, "unavailable").inc()
            problem = away("Kafka")
            # It may have been recorded all the same: the key lets the client ask again safely.
            problem.headers["Idempotency-Key"] = key
            problem.body |= {"idempotency_key": key, "case_id": str(identity.case_id)}
            raise problem from error
        metrics.CONTACTS.labels(posted.channel, "accepted").inc()

    def _accepted(self, identity: Identity, key: str) -> JSONResponse:
        location = f"{self.settings.routing_url}/v1/cases/{identity.case_id}"
        body = {
            "case_id": str(identity.case_id),
            "case_number": identity.case_number,
            "location": location,
            "idempotency_key": key,
        }
        return JSONResponse(body, 202, {"Location": location, "Idempotency-Key": key})


def routes(door: FrontDoor) -> APIRouter:
    """The front door's one route."""
    router = APIRouter()
    schema = {
        "content": {"application/json": {"schema": PostedContact.model_json_schema()}},
        "required": True,
    }

    # The body is read by hand: the framework's own reading costs more than the rest of the work.
    @router.post("/v1/contacts", status_code=202, openapi_extra={"requestBody": schema})
    async def post_contact(request: Request) -> JSONResponse:
        started = ticks()
        try:
            return await door.accept(request)
        except Problem as problem:
            if problem.status in {413, 422}:
                metrics.CONTACTS.labels("unknown", "invalid").inc()
            raise
        finally:
            metrics.ACCEPTING.observe(ticks() - started)

    return router
