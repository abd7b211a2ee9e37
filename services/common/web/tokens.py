"""Signed tokens: who is asking. Nothing is anonymous."""

from datetime import timedelta
from functools import lru_cache

import jwt

from services.common.runtime.clock import wall
from services.common.web.problems import Problem

ALGORITHM = "HS256"
AUDIENCE = "redress"
SHORTEST_KEY = 32


def issue(subject: str, key: str, lifetime: timedelta) -> str:
    """A token that names `subject`; raises `WeakKeyError` when the key is too short to protect it."""
    must_protect(key)
    now = wall()
    return jwt.encode({"sub": subject, "aud": AUDIENCE, "iat": now, "exp": now + lifetime}, key, ALGORITHM)


class WeakKeyError(ValueError):
    """The key is too short to protect what it signs."""


def must_protect(key: str) -> None:
    """Raises `WeakKeyError` for a key that could be guessed; asked when a service starts."""
    if len(key) < SHORTEST_KEY:
        raise WeakKeyError(f"REDRESS_TOKEN_KEY must have at least {SHORTEST_KEY} characters")


@lru_cache(4_096)
def _claims(token: str, key: str) -> tuple[str, float]:
    claims = jwt.decode(
        token, key, algorithms=[ALGORITHM], audience=AUDIENCE, options={"require": ["exp", "sub", "aud"]}
    )
    return str(claims["sub"]), float(claims["exp"])


def subject(authorization: str, key: str) -> str:
    """Whom an Authorization header names; raises a 401 problem when it names nobody."""
    try:
        return _live(authorization, key)
    except jwt.InvalidTokenError as error:
        headers = {"WWW-Authenticate": "Bearer"}
        raise Problem(
            401, "Who is asking is not known", f"Bearer token refused: {error}.", headers
        ) from error


def _live(authorization: str, key: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise jwt.InvalidTokenError("a bearer token is needed")
    name, expires = _claims(token, key)
    if expires <= wall().timestamp():
        raise jwt.ExpiredSignatureError("it has expired")
    return name
