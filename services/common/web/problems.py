"""Refusals over HTTP as problem documents (RFC 9457), each naming what is wrong and what would be right."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.faults import describe
from services.common.runtime.failures import TRANSIENT
from services.common.web.strict_json import JsonError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "2"


class Fault(BaseModel):
    """One field at fault, and what would be right."""

    field: str
    problem: str


class ProblemDocument(BaseModel):
    """A refusal as it is answered (RFC 9457); some have members of their own besides."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] = Field([], description="Every field at fault, where fields are.")
    rule: str = Field("", description="The rule that forbids it, where one does.")


class Problem(Exception):  # noqa: N818 - a problem document, raised
    """An answer other than success; `extra` are members of the document."""

    def __init__(
        self, status: int, title: str, detail: str = "", headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = headers or {}
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}


def answer(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.body, problem.status, problem.headers, MEDIA_TYPE)


def away(what: str) -> Problem:
    """A part is not to be had now; what was asked may still be carried out."""
    return Problem(503, f"{what} is not available", "Try again shortly.", {"Retry-After": RETRY_AFTER})


def faults(error: ValidationError | RequestValidationError | JsonError) -> list[Fault]:
    """Every field at fault, where it stands and what would be right; never the value itself."""
    if isinstance(error, JsonError):
        return [Fault(field=_field(place), problem=says) for place, says in error.faults]
    return [Fault(field=_field(at["loc"]), problem=describe(at)) for at in error.errors()]


def _field(place: Sequence[int | str]) -> str:
    """The place in a body or question; names that were given are shown to some length only."""
    return ".".join(f"{step!s:.100}" for step in place)[:400] or "body"


def invalid(found: Sequence[Fault]) -> Problem:
    """What is asked cannot be taken; every field at fault is named."""
    errors = [fault.model_dump() for fault in found]
    return Problem(422, "The request is not valid", f"Fields at fault: {len(errors)}.", errors=errors)


async def _refused(_request: Request, problem: Problem) -> JSONResponse:
    return answer(problem)


async def _malformed(_request: Request, error: RequestValidationError) -> JSONResponse:
    return answer(invalid(faults(error)))


async def _unavailable(_request: Request, _error: Exception) -> JSONResponse:
    return answer(away("A part of the system"))


async def _nowhere(request: Request, _error: HTTPException) -> JSONResponse:
    return answer(Problem(404, "Nothing is there", f"This service has no {_place(request)}."))


async def _otherwise(request: Request, error: HTTPException) -> JSONResponse:
    allowed = dict(error.headers or {})
    detail = f"{_place(request)} takes {allowed.get('Allow')}."
    return answer(Problem(405, "The method is not allowed", detail, allowed))


def _place(request: Request) -> str:
    return f"{request.url.path:.200}"


async def _unforeseen(request: Request, error: HTTPException) -> JSONResponse:
    """What the framework refuses by itself, whatever that is."""
    detail = f"{_place(request)} cannot be answered like this."
    return answer(Problem(error.status_code, "The request is not valid", detail, dict(error.headers or {})))


def unexpected(error: Exception) -> JSONResponse:
    """The answer to a fault of ours: a reference under which the log has its stack, and nothing else of it."""
    reference = str(uuid4())
    log.error("unexpected error", exc_info=error, extra={"reference": reference})
    detail = (
        f"It is in the log under the reference {reference}; nothing is known to be wrong with the request."
    )
    return answer(Problem(500, "Something went wrong here", detail, reference=reference))


@dataclass(frozen=True, slots=True)
class CatchAll:
    """Middleware that answers what nobody else has; the framework's own net raises it again beside the answer."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await unexpected(error)(scope, receive, send)


HANDLERS: dict[int | type[Exception], Any] = {
    Problem: _refused,
    RequestValidationError: _malformed,
    404: _nowhere,
    405: _otherwise,
    HTTPException: _unforeseen,
    **dict.fromkeys(TRANSIENT, _unavailable),
}


def install(app: FastAPI) -> None:
    """Answer every refusal of a service in this form, and every fault of ours."""
    app.add_middleware(CatchAll)
    for refusal, handler in HANDLERS.items():
        app.add_exception_handler(refusal, handler)
