"""What the routes depend on: accounts, who is signed in, and that the request comes from our own pages."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from schemas import readers
from schemas.directory import Person
from schemas.staffing import Directory
from schemas.vocabulary import Role
from services.common.runtime.clock import wall
from services.common.store.decision import Outcome
from services.common.web import body, tokens
from services.common.web.keyring import Keyring
from services.common.web.problems import Problem, away
from services.desk.domain import passwords
from services.desk.domain.account import Account, Session, digest
from services.desk.domain.signing import Signer
from services.desk.settings import Settings
from services.desk.store import Accounts, MachineTokens, Rows

M = TypeVar("M", bound=BaseModel)

AUDIENCE = "desk"
COOKIE = "redress_session"
LARGEST_BODY = 8 * 1024
BODY_SECONDS = 10.0
LONGEST_CLIENT = 100
AT_ONCE = 2
"""Passwords that are checked at the same time: each takes 46 MiB."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The service's accounts and tokens, its directory, its keys, and the rows of its lists."""

    settings: Settings
    accounts: Accounts
    machines: MachineTokens
    directory: Callable[[], Directory]
    signer: Signer
    keyring: Keyring
    rows: Rows
    last_resorts: Callable[[], frozenset[Role]]
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def check(self, password: str, hashed: str) -> bool:
        """Whether a password is that of a hash; no more than a few at once."""
        async with self.hashing:
            return await asyncio.to_thread(passwords.matches, password, hashed)

    async def hash(self, password: str) -> str:
        """The hash under which a password is kept."""
        async with self.hashing:
            return await asyncio.to_thread(passwords.HASHER.hash, password)

    def keys(self, person: str) -> frozenset[str]:
        """The keys by which somebody sees cases now."""
        return readers.keys(person, self.directory(), self.last_resorts(), self.rows.store.now())

    def is_active(self, account: Account) -> bool:
        """Whether whoever has the account is still with us: who leaves has no session and no token."""
        if account.person is None:
            return account.administrator
        return self.directory().person(account.person) is not None


class SignedIn(NamedTuple):
    """Who asks, and in which session."""

    account: Account
    session: Session


def dependencies(request: Request) -> Desk:
    """What the service works with; answered with 503 while it starts."""
    ready: Desk | None = getattr(request.app.state, "dependencies", None)
    if ready is None:
        raise away("The service is starting; it")
    return ready


Needed = Annotated[Desk, Depends(dependencies)]


async def signed_in(request: Request, depends: Needed) -> SignedIn:
    """Whose session the cookie names; raises a 401 problem where there is none that lasts."""
    key, _, secret = request.cookies.get(COOKIE, "").partition(".")
    account = await depends.accounts.find(UUID(key)) if _is_id(key) else None
    session = account.session(secret, wall()) if account else None
    if account is None or session is None or account.disabled or not depends.is_active(account):
        raise unknown("Nobody is signed in", "Sign in with POST /v1/session.")
    return SignedIn(account, session)


def unknown(title: str, detail: str) -> Problem:
    """Who is asking is not known."""
    return Problem(401, title, detail, {"WWW-Authenticate": "Session"})


def _is_id(text: str) -> bool:
    return len(text) == 32 and text.isalnum() and text.isascii() and _reads(text)


def _reads(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def own_password(found: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
    """Somebody who is signed in by a password that nobody else knows."""
    if found.account.must_change:
        raise Problem(
            403, "The password is to be changed first", "Give a new one with PUT /v1/session/password.",
            rule="must_change",
        )  # fmt: skip
    return found


async def administrator(found: Annotated[SignedIn, Depends(own_password)]) -> SignedIn:
    """An administrator who is signed in."""
    if not found.account.administrator:
        raise Problem(403, "Only administrators may do this", "Ask one of them.", rule="administrator")
    return found


async def reader(request: Request, depends: Needed) -> Person:
    """Whom a token names or, without one, whose session it is; they must be in the directory."""
    authorization = request.headers.get("authorization")
    if authorization is None:
        name = (await own_password(await signed_in(request, depends))).account.person or ""
    else:
        name = tokens.subject(authorization, depends.keyring, AUDIENCE)
    person = depends.directory().person(name)
    if person is None:
        raise Problem(403, "Not in the directory", f"Nobody is known as {name!r}.", rule="known_person")
    return person


def from_our_pages(request: Request) -> None:
    """Refuse what another site's page lets a browser ask for: the browser says where it comes from."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Problem(
            403, "The request comes from another site", "Ask from a page of this one.", rule="origin"
        )


async def read(request: Request, model: type[M]) -> M:
    """The body of a request as the model takes it."""
    sent = await body.read(request, LARGEST_BODY, BODY_SECONDS)
    return body.validate(model, body.parse(request, sent))


def must_succeed(outcome: Outcome[Any, Any]) -> None:
    """Raise the problem that says why something was refused; a fault of ours as itself."""
    if outcome.refusal is not None:
        refusal = outcome.refusal
        raise Problem(refusal.status, "A rule forbids it", refusal.detail, rule=refusal.rule)
    if outcome.error is not None:
        raise outcome.error


def begin_session(request: Request, settings: Settings) -> tuple[Session, str]:
    """A new session of this browser, and the secret by which it is known."""
    secret, now = secrets.token_urlsafe(32), wall()
    client = request.headers.get("user-agent", "")[:LONGEST_CLIENT]
    return Session(id=digest(secret), since=now, until=now + settings.session, client=client), secret


def keep(response: Response, value: str, settings: Settings) -> None:
    """Let the browser keep a session for as long as it lasts; what another site's page asks for goes without it."""
    response.set_cookie(
        COOKIE,
        value,
        max_age=int(settings.session.total_seconds()),
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


Reader = Annotated[Person, Depends(reader)]
Asking = Annotated[SignedIn, Depends(signed_in)]
OwnPassword = Annotated[SignedIn, Depends(own_password)]
Administrator = Annotated[SignedIn, Depends(administrator)]
OUR_PAGES = [Depends(from_our_pages)]
