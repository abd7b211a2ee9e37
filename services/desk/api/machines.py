"""`/v1/machine-tokens`: the tokens by which machines are known, for certain services and until a certain day."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from schemas.base import Identifier, Strict
from schemas.faults import FILLED
from services.common.runtime.clock import wall
from services.common.web import openapi
from services.common.web.openapi import IN_SESSION
from services.common.web.tokens import MACHINE
from services.desk.api.dependencies import OUR_PAGES, Administrator, Needed, must_succeed, read
from services.desk.domain.machine_token import MOST_DAYS, Issue, MachineToken, Revocation

router = APIRouter(prefix="/v1/machine-tokens", tags=["machines"], dependencies=OUR_PAGES)


class MachineTokenRequest(Strict):
    """A token for a machine: to which services it names the machine, and for how many days."""

    name: Identifier
    services: Annotated[tuple[Literal["intake", "routing", "desk"], ...], FILLED, Field(max_length=3)]
    days: int = Field(MOST_DAYS, ge=1, le=MOST_DAYS)


class IssuedToken(BaseModel):
    """A new token; it is shown only here."""

    id: UUID
    token: str
    until: datetime


class MachineTokenResponse(BaseModel):
    """What is known of a token."""

    id: UUID
    name: str
    services: tuple[str, ...]
    since: datetime
    until: datetime
    by: str
    revoked_at: datetime | None


class MachineTokenList(BaseModel):
    """The tokens, the first to end first."""

    tokens: list[MachineTokenResponse]


MODELS: list[type[BaseModel]] = [
    MachineTokenRequest, IssuedToken, MachineTokenResponse, MachineTokenList,
]  # fmt: skip
REFUSED = openapi.refused(401, 403, 408, 409, 413, 415, 422, 503)
LISTED: openapi.Responses = {200: openapi.response("The tokens.", MachineTokenList), **REFUSED}
ISSUED: openapi.Responses = {200: openapi.response("The token.", IssuedToken), **REFUSED}
ASKS = openapi.request(signed=IN_SESSION)


@router.get("", name="machine tokens", responses=LISTED, openapi_extra=ASKS)
async def list_all(_asking: Administrator, depends: Needed) -> MachineTokenList:
    """All tokens of machines."""
    found = await depends.machines.all()
    return MachineTokenList(tokens=[MachineTokenResponse(id=key, **one.model_dump()) for key, one in found])


@router.post(
    "",
    name="issue token",
    responses=ISSUED,
    openapi_extra=openapi.request(MachineTokenRequest, signed=IN_SESSION),
)
async def issue(request: Request, asking: Administrator, depends: Needed) -> IssuedToken:
    """Issue a token; what is known of it is written before it is shown."""
    asked = await read(request, MachineTokenRequest)
    key, since, life = uuid4(), wall(), timedelta(days=asked.days)
    token = MachineToken(
        name=asked.name,
        services=tuple(dict.fromkeys(asked.services)),
        since=since,
        until=since + life,
        by=asking.account.login,
    )
    must_succeed(await depends.machines.change(key, Issue(token)))
    signed = depends.signer.sign(f"{MACHINE}{token.name}", token.services, key, since, life)
    return IssuedToken(id=key, token=signed, until=token.until)


@router.delete("/{token}", name="revoke token", status_code=204, responses=REFUSED, openapi_extra=ASKS)
async def revoke(token: UUID, asking: Administrator, depends: Needed) -> None:
    """Let a token count no more, at any service."""
    must_succeed(await depends.machines.change(token, Revocation(asking.account.login, wall())))
