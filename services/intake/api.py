"""`POST /v1/contacts`: accepted means acknowledged by Kafka."""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas import contacts
from services.common.runtime.clock import ticks
from services.common.runtime.failures import TRANSIENT
from services.common.web import body, openapi, problems, tokens
from services.common.web.problems import Fault, Problem, ProblemDocument, away, faults, invalid
from services.intake import metrics
from services.intake.domain import Identity, PostedContact, Warned, drawn_key, posted, record
from services.intake.settings import IntakeSettings

PATH = "/v1/contacts"
LONGEST_KEY = 255
KEY = re.compile(rf"[^\x00-\x1f\x7f]{{1,{LONGEST_KEY}}}")
WRONG_KEY = Fault(
    field="Idempotency-Key", problem=f"should have at most {LONGEST_KEY} characters, none of them for control"
)

TELLS_AGAIN = openapi.header(
    "Idempotency-Key",
    "The same caller, key and body are the same contact, another body a further one of the same case. "
    "Without a key one is drawn and answered.",
    required=False,
    maxLength=LONGEST_KEY,
)

log = logging.getLogger(__name__)


class Accepted(BaseModel):
    """A contact that is safe, and the case it belongs to."""

    case_id: UUID
    case_number: str
    location: str
    idempotency_key: str
    warnings: list[Fault] = Field(
        description="What was given but cannot be used; the contact is safe without it."
    )


class Unsure(ProblemDocument):
    """Whether the contact is recorded is not known; the same key asks again safely."""

    idempotency_key: str
    case_id: UUID


class Producer(Protocol):
    """Where contacts go; returns when they are safe."""

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> Any: ...


@dataclass(slots=True)
class FrontDoor:
    """Validates, identifies and publishes one contact at a time.

    `producer` is None until Kafka answers. `failed` is called when it is broken for good.
    """

    settings: IntakeSettings
    now: Callable[[], datetime]
    producer: Producer | None = None
    failed: Callable[[], None] = lambda: None

    async def accept(self, request: Request) -> Response:
        """Answer 202 once the contact is on Kafka; raises the problem to answer otherwise."""
        caller = tokens.subject(
            request.headers.get("authorization", ""), self.settings.token_key.get_secret_value()
        )
        key = request.headers.get("idempotency-key") or drawn_key()
        raw = await body.read(request, self.settings.largest_body, self.settings.body_patience)
        contact, warnings = self._validate(body.parse(request, raw), key)
        said, refused = contact.model_dump_json(), [each.field for each in warnings]
        identity = Identity.of(caller, key, said)
        try:
            await self._publish(record(said, identity, caller, self.now(), refused), identity)
        except Exception as error:
            metrics.CONTACTS.labels(contact.channel, "unavailable").inc()
            if not isinstance(error, TRANSIENT):
                # A producer that lost its place in a sequence never finds it again; a new process does.
                log.exception("producer is broken", extra={"case_id": identity.case_id})
                self.failed()
            raise _unsure(identity, key) from error
        metrics.CONTACTS.labels(contact.channel, "accepted").inc()
        return self._accepted(identity, key, warnings)

    def _validate(self, told: Any, key: str) -> tuple[PostedContact, list[Warned]]:
        wrong = [] if KEY.fullmatch(key) else [WRONG_KEY]
        try:
            contact, warnings = posted(told, self.now())
        except ValidationError as error:
            raise invalid([*wrong, *faults(error)]) from None
        if wrong:
            raise invalid(wrong)
        return contact, warnings

    async def _publish(self, message: bytes, identity: Identity) -> None:
        if self.producer is None:
            raise TimeoutError("not connected yet")
        topic = self.settings.topic_prefix + contacts.TOPIC
        async with asyncio.timeout(self.settings.kafka_patience):
            await self.producer.send_and_wait(topic, message, identity.case_id.encode())

    def _accepted(self, identity: Identity, key: str, warnings: list[Warned]) -> Response:
        location = f"{self.settings.routing_url}/v1/cases/{identity.case_id}"
        answer = {
            "case_id": identity.case_id,
            "case_number": identity.case_number,
            "location": location,
            "idempotency_key": key,
            "warnings": [each._asdict() for each in warnings],
        }
        headers = {"Location": location, "Idempotency-Key": key}
        return Response(json.dumps(answer), 202, headers, "application/json")


def _unsure(identity: Identity, key: str) -> Problem:
    """It may have been recorded all the same: the key lets the client ask again safely."""
    problem = away("Kafka")
    problem.headers["Idempotency-Key"] = key
    problem.body |= {"idempotency_key": key, "case_id": identity.case_id}
    return problem


ANSWERS: openapi.Responses = {
    202: openapi.shown("Kafka has acknowledged it.", Accepted, "Location", "Idempotency-Key"),
    **openapi.refused(401, 408, 413, 415, 422),
    **openapi.refused(503, model=Unsure, headers=["Idempotency-Key"]),
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """Takes contacts before the framework does, whose way to an endpoint costs as much as all our work."""

    door: FrontDoor
    beyond: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            answer = await self.answered(Request(scope, receive))
            await answer(scope, receive, send)
        else:
            await self.beyond(scope, receive, send)

    async def answered(self, request: Request) -> Response:
        """Take a contact of a customer; answered once it is safe."""
        started = ticks()
        try:
            return await self.door.accept(request)
        except Problem as problem:
            if problem.status in {408, 413, 415, 422}:
                metrics.CONTACTS.labels("unknown", "invalid").inc()
            return problems.answer(problem)
        except Exception as error:  # noqa: BLE001 - the framework's own net hangs behind us
            return problems.unexpected(error)
        finally:
            metrics.ACCEPTING.observe(ticks() - started)


def install(app: FastAPI, door: FrontDoor) -> None:
    """Add the front door's one route; the framework only documents it and refuses other methods."""
    threshold = Threshold(door, app.build_middleware_stack())
    app.middleware_stack = threshold
    extra = openapi.asked(PostedContact, TELLS_AGAIN)
    app.post(PATH, status_code=202, responses=ANSWERS, openapi_extra=extra)(threshold.answered)
    openapi.complete(app, [PostedContact, Accepted, Unsure])
