"""`POST /v1/contacts`: accepted means acknowledged by Kafka."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, Field, ValidationError

from schemas import contacts
from services.common.runtime.clock import ticks
from services.common.runtime.failures import TRANSIENT
from services.common.web import body, openapi, tokens
from services.common.web.keyring import Keyring
from services.common.web.problems import Fault, Problem, ProblemDocument, away, faults, invalid
from services.intake import metrics
from services.intake.domain import Identity, PostedContact, Warned, draw_key, read_contact, to_record
from services.intake.settings import IntakeSettings

LONGEST_KEY = 255
KEY = re.compile(rf"[^\x00-\x1f\x7f]{{1,{LONGEST_KEY}}}")
WRONG_KEY = Fault(
    field="Idempotency-Key", problem=f"should have at most {LONGEST_KEY} characters, none of them for control"
)
AUDIENCE = "intake"
INVALID = frozenset({408, 413, 415, 422})

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


class ContactProducer(Protocol):
    """Where contacts go; returns when they are safe."""

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> Any: ...


@dataclass(slots=True)
class FrontDoor:
    """Validates, identifies and publishes one contact at a time.

    `producer` is None until Kafka answers. `failed` is called when it is broken for good.
    """

    settings: IntakeSettings
    now: Callable[[], datetime]
    keyring: Keyring
    producer: ContactProducer | None = None
    failed: Callable[[], None] = lambda: None

    async def accept(self, request: Request) -> Accepted:
        """Return once the contact is on Kafka; raises the problem to answer otherwise."""
        caller = tokens.subject(
            request.headers.get("authorization", ""), self.keyring, AUDIENCE, self.settings.late_tokens
        )
        key = request.headers.get("idempotency-key") or draw_key()
        raw = await body.read(request, self.settings.largest_body, self.settings.body_patience)
        contact, warnings = self._validate(body.parse(request, raw), key)
        identity = Identity.of(caller, key, contact)
        record = to_record(contact, identity, caller, self.now(), warnings)
        try:
            await self._publish(record, identity)
        except Exception as error:
            metrics.CONTACTS.labels(contact.channel, "unavailable").inc()
            if not isinstance(error, TRANSIENT):
                # A producer that lost its place in a sequence never finds it again; a new process does.
                log.exception("producer is broken", extra={"case_id": identity.case_id})
                self.failed()
            raise _unsure(identity, key) from error
        metrics.CONTACTS.labels(contact.channel, "accepted").inc()
        return Accepted(
            case_id=identity.case_id,
            case_number=identity.case_number,
            location=f"{self.settings.routing_url}/v1/cases/{identity.case_id}",
            idempotency_key=key,
            warnings=[Fault(**warning._asdict()) for warning in warnings],
        )

    def _validate(self, value: Any, key: str) -> tuple[PostedContact, list[Warned]]:
        wrong = [] if KEY.fullmatch(key) else [WRONG_KEY]
        try:
            contact, warnings = read_contact(value, self.now())
        except ValidationError as error:
            raise invalid([*wrong, *faults(error)]) from None
        if wrong:
            raise invalid(wrong)
        return contact, warnings

    async def _publish(self, record: bytes, identity: Identity) -> None:
        if self.producer is None:
            raise TimeoutError("not connected yet")
        topic = self.settings.topic_prefix + contacts.TOPIC
        async with asyncio.timeout(self.settings.kafka_patience):
            await self.producer.send_and_wait(topic, record, str(identity.case_id).encode())


def _unsure(identity: Identity, key: str) -> Problem:
    """It may have been recorded all the same: the key lets the client ask again safely."""
    problem = away("Kafka")
    problem.headers["Idempotency-Key"] = key
    problem.body |= {"idempotency_key": key, "case_id": str(identity.case_id)}
    return problem


KEY_HEADER = openapi.header(
    "Idempotency-Key",
    "The same caller, key and body are the same contact, another body a further one of the same case. "
    "Without a key one is drawn and answered.",
    required=False,
    maxLength=LONGEST_KEY,
)
RESPONSES: openapi.Responses = {
    202: openapi.response("Kafka has acknowledged it.", Accepted, "Location", "Idempotency-Key"),
    **openapi.refused(401, 408, 413, 415, 422),
    **openapi.refused(503, model=Unsure, headers=["Idempotency-Key"]),
}

router = APIRouter()


@router.post(
    "/v1/contacts",
    status_code=202,
    responses=RESPONSES,
    openapi_extra=openapi.request(PostedContact, KEY_HEADER),
)
async def post_contact(request: Request, response: Response) -> Accepted:
    """Take a contact of a customer; answered once it is safe."""
    door: FrontDoor = request.app.state.door
    with _measured():
        accepted = await door.accept(request)
    response.headers["Location"] = accepted.location
    response.headers["Idempotency-Key"] = accepted.idempotency_key
    return accepted


@contextmanager
def _measured() -> Iterator[None]:
    started = ticks()
    try:
        yield
    except Problem as problem:
        if problem.status in INVALID:
            metrics.CONTACTS.labels("unknown", "invalid").inc()
        raise
    finally:
        metrics.ACCEPTING.observe(ticks() - started)


def install(app: FastAPI, door: FrontDoor) -> None:
    """Add the one route of the front door."""
    app.state.door = door
    app.include_router(router)
    openapi.complete(app, [PostedContact, Accepted, Unsure])
