"""`/v1/session`: signing in and out, the token for other services, and one's own password."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from schemas.base import Strict
from services.common.runtime.clock import wall
from services.common.web import openapi
from services.common.web.openapi import IN_SESSION
from services.common.web.problems import Fault, Problem, invalid
from services.desk import metrics
from services.desk.api.dependencies import (
    COOKIE,
    OUR_PAGES,
    Asking,
    Desk,
    Needed,
    OwnPassword,
    begin_session,
    keep,
    must_succeed,
    read,
    unknown,
)
from services.desk.domain import passwords
from services.desk.domain.account import Account, Session, account_id
from services.desk.domain.account_changes import NewPassword, SignIn, SignOut, is_open

router = APIRouter(prefix="/v1/session", tags=["session"], dependencies=OUR_PAGES)

AUDIENCES = ("intake", "routing", "desk")
"""The services to which a person's token names them."""
Given = Annotated[str, Field(min_length=1, max_length=passwords.LONGEST)]


class SignInRequest(Strict):
    """Who wants to sign in."""

    login: Given
    password: Given


class SessionResponse(BaseModel):
    """Who is signed in and until when; with `must_change` only a new password is taken."""

    login: str
    person: str | None
    administrator: bool
    must_change: bool
    until: datetime


class TokenResponse(BaseModel):
    """A token that names whoever is signed in to other services."""

    token: str
    until: datetime


class PasswordRequest(Strict):
    """One's password, and the one that is to follow it."""

    old: Given
    new: Given


MODELS: list[type[BaseModel]] = [SignInRequest, SessionResponse, TokenResponse, PasswordRequest]
SIGNED_IN: openapi.Responses = {
    200: openapi.response("Who is signed in.", SessionResponse),
    **openapi.refused(401, 403, 408, 413, 415, 422, 503),
}
TOKEN: openapi.Responses = {
    200: openapi.response("A token for Authorization: Bearer.", TokenResponse),
    **openapi.refused(401, 403, 503),
}
DONE = openapi.refused(401, 403, 408, 413, 415, 422, 503)


@router.post("", name="sign in", responses=SIGNED_IN, openapi_extra=openapi.request(SignInRequest, signed={}))
async def sign_in(request: Request, response: Response, depends: Needed) -> SessionResponse:
    """Sign in by login and password; the session is a cookie."""
    asked = await read(request, SignInRequest)
    session, secret = begin_session(request, depends.settings)
    account = await _signed_in(asked, session, depends)
    metrics.SIGN_INS.labels("password", "refused" if account is None else "signed_in").inc()
    if account is None:
        raise unknown(
            "Not signed in",
            "Login and password do not belong together, or the account is closed: after several wrong"
            " passwords for a quarter of an hour.",
        )
    keep(response, f"{account_id(account.login).hex}.{secret}", depends.settings)
    return _response(account, session)


async def _signed_in(asked: SignInRequest, session: Session, depends: Desk) -> Account | None:
    """The account in which the session has begun; None where it has not, for whatever reason.

    A password is checked even where that opens nothing, so that the time taken does not tell which logins there are.
    """
    account = await depends.accounts.find(account_id(asked.login))
    if account is None or not is_open(account, session.since):
        await depends.check(asked.password, passwords.NOBODYS)
        return None
    right = await depends.check(asked.password, account.password)
    if right and not depends.is_active(account):
        return None
    event = SignIn(session, right, account.password, session.since)
    after = (await depends.accounts.change(asked.login, event)).state
    return after if after is not None and session in after.sessions else None


@router.get("", name="session", responses=SIGNED_IN, openapi_extra=openapi.request(signed=IN_SESSION))
async def show(asking: Asking) -> SessionResponse:
    """Who is signed in."""
    return _response(*asking)


def _response(account: Account, session: Session) -> SessionResponse:
    return SessionResponse(
        login=account.login,
        person=account.person,
        administrator=account.administrator,
        must_change=account.must_change,
        until=session.until,
    )


@router.post("/token", name="token", responses=TOKEN, openapi_extra=openapi.request(signed=IN_SESSION))
async def token(asking: OwnPassword, depends: Needed) -> TokenResponse:
    """A token by which other services know who is signed in; it lasts some minutes."""
    since, life = wall(), depends.settings.token_life
    signed = depends.signer.sign(asking.account.subject, AUDIENCES, uuid4(), since, life)
    return TokenResponse(token=signed, until=since + life)


@router.delete(
    "", name="sign out", status_code=204, responses=DONE, openapi_extra=openapi.request(signed=IN_SESSION)
)
async def sign_out(asking: Asking, depends: Needed, response: Response, *, everywhere: bool = False) -> None:
    """End this session, or all sessions and tokens of whoever is signed in."""
    event = SignOut(asking.account.login, wall(), None if everywhere else asking.session.id)
    await depends.accounts.change(asking.account.login, event)
    response.delete_cookie(COOKIE)


@router.put(
    "/password",
    name="password",
    status_code=204,
    responses=DONE,
    openapi_extra=openapi.request(PasswordRequest, signed=IN_SESSION),
)
async def change_password(request: Request, asking: Asking, depends: Needed, response: Response) -> None:
    """Give oneself another password; it ends all sessions and tokens, this one too."""
    asked = await read(request, PasswordRequest)
    login = asking.account.login
    if not is_open(asking.account, wall()):
        raise Problem(
            403,
            "The account is closed",
            "After several wrong passwords it opens again by itself.",
            rule="locked",
        )
    wrong = [Fault(field="new", problem=fault) for fault in passwords.faults(asked.new, login)]
    if asked.new == asked.old:
        wrong.append(Fault(field="new", problem="should be another than the old one"))
    was = asking.account.password
    if not await depends.check(asked.old, was):
        wrong.append(Fault(field="old", problem="should be the present password"))
        # Whoever sits at the desk of another may guess no more often here than where one signs in.
        await depends.accounts.change(login, SignIn(asking.session, right=False, against=was, at=wall()))
    if wrong:
        raise invalid(wrong)
    event = NewPassword(await depends.hash(asked.new), login, wall(), instead_of=was)
    must_succeed(await depends.accounts.change(login, event))
    response.delete_cookie(COOKIE)
