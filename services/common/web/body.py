"""Reads what a client posts: so much of it, for so long, and only JSON that says one thing."""

import asyncio
import re
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from services.common.web import strict_json
from services.common.web.problems import Problem, faults, invalid
from services.common.web.strict_json import JsonError

M = TypeVar("M", bound=BaseModel)

JSON = re.compile(
    r"""application/([\w.!#$&^+-]+\+)?json *(; *charset *= *"?utf-?8"? *)?;?""", re.IGNORECASE | re.ASCII
)


async def read(request: Request, most: int, seconds: float) -> bytes:
    """The whole body; raises a 413 problem for more than `most` bytes, 408 when it does not come in `seconds`.

    What is too large is read to its end and let go: a client that still sends when the connection is closed
    sees a broken pipe instead of the answer.
    """
    kept, size = bytearray(), 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= most:
                    kept += chunk
    except (TimeoutError, ClientDisconnect):
        if size <= most:
            raise Problem(408, "The body did not come in time", "Send it again, in one go.") from None
    if size > most:
        raise Problem(413, "The body is too large", f"It should have at most {most} bytes.")
    return bytes(kept)


def parse(request: Request, raw: bytes) -> Any:
    """The JSON value of a body; raises a 415 problem where it is said to be something else, 422 for a wrong one."""
    media = request.headers.get("content-type", "").strip()
    if media and not JSON.fullmatch(media):
        raise Problem(415, "The body is of another type", "Send application/json in UTF-8.")
    try:
        return strict_json.read(raw)
    except JsonError as error:
        raise invalid(faults(error)) from None


def validate(model: type[M], value: Any) -> M:
    """The value as the model takes it; raises a 422 problem naming every field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid(faults(error)) from None
