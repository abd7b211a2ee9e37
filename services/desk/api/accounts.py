"""`/v1/accounts`: what administrators do with accounts."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from schemas.base import Key, Strict
from services.common.runtime.clock import wall
from services.common.web import openapi
from services.common.web.openapi import IN_SESSION
from services.common.web.problems import Fault, invalid
from services.desk.api.dependencies import (
    OUR_PAGES,
    Administrator,
    Needed,
    must_succeed,
    read,
)
from services.desk.domain import passwords
from services.desk.domain.account import Account
from services.desk.domain.account_changes import Creation, NewPassword, SignOut, Switch

router = APIRouter(prefix="/v1/accounts", tags=["accounts"], dependencies=OUR_PAGES)


class AccountRequest(Strict):
    """A new account: of a person in the directory, of an administrator, or of somebody who is both."""

    login: Annotated[Key, Field(min_length=1)]
    person: Annotated[Key, Field(min_length=1)] | None = None
    administrator: bool = False


class AccountResponse(BaseModel):
    """An account, without anything by which somebody could sign in."""

    login: str
    person: str | None
    administrator: bool
    must_change: bool
    disabled: bool
    locked_until: datetime | None
    sessions: int


class AccountList(BaseModel):
    """The accounts, by login."""

    accounts: list[AccountResponse]


class FirstPassword(BaseModel):
    """A password to hand over; it is shown only here, and has to be changed at the first sign-in."""

    login: str
    password: str


class SwitchRequest(Strict):
    """Whether nobody can sign in by the account."""

    disabled: bool


MODELS: list[type[BaseModel]] = [
    AccountRequest, AccountResponse, AccountList, FirstPassword, SwitchRequest,
]  # fmt: skip
REFUSED = openapi.refused(401, 403, 408, 409, 413, 415, 422, 503)
LISTED: openapi.Responses = {200: openapi.response("The accounts.", AccountList), **REFUSED}
GIVEN: openapi.Responses = {200: openapi.response("The first password.", FirstPassword), **REFUSED}
ASKS = openapi.request(signed=IN_SESSION)


@router.get("", name="accounts", responses=LISTED, openapi_extra=ASKS)
async def list_all(_asking: Administrator, depends: Needed) -> AccountList:
    """All accounts."""
    return AccountList(accounts=[_response(one) for one in await depends.accounts.all()])


@router.post(
    "",
    name="create account",
    responses=GIVEN,
    openapi_extra=openapi.request(AccountRequest, signed=IN_SESSION),
)
async def create(request: Request, asking: Administrator, depends: Needed) -> FirstPassword:
    """Make an account with a first password."""
    asked = await read(request, AccountRequest)
    if asked.person is None and not asked.administrator:
        raise invalid([Fault(field="person", problem="should be given, except for an administrator")])
    if asked.person is not None and depends.directory().person(asked.person) is None:
        raise invalid([Fault(field="person", problem="should be somebody in the directory")])
    password = passwords.draw()
    account = Account(
        login=asked.login,
        person=asked.person,
        administrator=asked.administrator,
        password=await depends.hash(password),
        must_change=True,
    )
    event = Creation(account, asking.account.login, wall())
    must_succeed(await depends.accounts.change(asked.login, event))
    return FirstPassword(login=asked.login, password=password)


@router.post("/{login}/password", name="reset password", responses=GIVEN, openapi_extra=ASKS)
async def reset(login: Key, asking: Administrator, depends: Needed) -> FirstPassword:
    """Give an account a first password once more, which ends all its sessions and tokens."""
    password = passwords.draw()
    event = NewPassword(await depends.hash(password), asking.account.login, wall(), must_change=True)
    must_succeed(await depends.accounts.change(login, event))
    return FirstPassword(login=login, password=password)


@router.delete(
    "/{login}/sessions", name="sign somebody out", status_code=204, responses=REFUSED, openapi_extra=ASKS
)
async def sign_out(login: Key, asking: Administrator, depends: Needed) -> None:
    """End all sessions and tokens of an account."""
    must_succeed(await depends.accounts.change(login, SignOut(asking.account.login, wall())))


@router.put(
    "/{login}/disabled",
    name="disable account",
    status_code=204,
    responses=REFUSED,
    openapi_extra=openapi.request(SwitchRequest, signed=IN_SESSION),
)
async def switch(login: Key, request: Request, asking: Administrator, depends: Needed) -> None:
    """Disable an account, which ends all its sessions and tokens, or enable it again."""
    asked = await read(request, SwitchRequest)
    event = Switch(asked.disabled, asking.account.login, wall())
    must_succeed(await depends.accounts.change(login, event))


def _response(account: Account) -> AccountResponse:
    return AccountResponse(
        login=account.login,
        person=account.person,
        administrator=account.administrator,
        must_change=account.must_change,
        disabled=account.disabled,
        locked_until=account.locked_until,
        sessions=sum(wall() < one.until for one in account.sessions),
    )
