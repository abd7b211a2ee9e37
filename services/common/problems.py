"""Refusals over HTTP as problem documents (RFC 9457), each naming what is wrong and what would be right."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from services.common.failures import TRANSIENT

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


def faults(error: ValidationError | RequestValidationError) -> list[Fault]:
    """Every field at fault, where it stands and what is wrong with it; never the value itself."""
    return [Fault(field=".".join(map(str, at["loc"])) or "body", problem=at["msg"]) for at in error.errors()]


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
    return answer(Problem(404, "Nothing is there", f"This room has no {_place(request)}."))


async def _otherwise(request: Request, error: HTTPException) -> JSONResponse:
    allowed = dict(error.headers or {})
    detail = f"{_place(request)} takes {allowed.get('Allow')}."
    return answer(Problem(405, "The method is not allowed", detail, allowed))


def _place(request: Request) -> str:
    return f"{request.url.path:.200}"


HANDLERS: dict[int | type[Exception], Any] = {
    Problem: _refused,
    RequestValidationError: _malformed,
    404: _nowhere,
    405: _otherwise,
    **dict.fromkeys(TRANSIENT, _unavailable),
}


def install(app: FastAPI) -> None:
    """Answer every refusal of a room in this form."""
    for refusal, handler in HANDLERS.items():
        app.add_exception_handler(refusal, handler)
