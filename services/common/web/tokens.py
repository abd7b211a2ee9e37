"""Signed tokens: who is asking. Nothing is anonymous.

Only desk has the private key; everybody else has the public ones, and believes a token without asking anybody.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.common.runtime.clock import wall
from services.common.web.keyring import Keyring
from services.common.web.problems import Problem, away

ALGORITHM = "EdDSA"
MACHINE = "machine:"
"""Before the name of a machine, so that none is ever taken for a person."""
AHEAD = timedelta(seconds=60)
"""How far the clock of whoever signed may be ahead of ours."""
_NEEDED = ["aud", "exp", "iat", "jti", "sub"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says; times are seconds since 1970 by the clock of whoever signed it."""

    id: str
    subject: str
    issued: float
    expires: float


def subject(authorization: str, keyring: Keyring, audience: str, late: timedelta = timedelta()) -> str:
    """Whom an Authorization header names to this audience; raises a 401 problem when it names nobody.

    503 where what was announced has not been read yet, and the key may be among that.
    A person's token counts until it has been over for longer than `late`, a machine's until its end.
    """
    try:
        return _believed(_claims(authorization, keyring, audience), keyring, late)
    except jwt.InvalidTokenError as error:
        headers = {"WWW-Authenticate": "Bearer"}
        raise Problem(
            401, "Who is asking is not known", f"Bearer token refused: {error}.", headers
        ) from error


def _claims(authorization: str, keyring: Keyring, audience: str) -> Claims:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise jwt.InvalidTokenError("a bearer token is needed")
    key = keyring.public_keys.get(str(jwt.get_unverified_header(token).get("kid")))
    if key is None and not keyring.is_read:
        raise away("The list of keys by which tokens are believed")
    if key is None:
        raise jwt.InvalidTokenError("the key that it names is not known")
    return _read(token, key, audience)


@lru_cache(4_096)
def _read(token: str, key: bytes, audience: str) -> Claims:
    """What a token says whose signature is good; whether it still counts is for the caller to see."""
    said: dict[str, Any] = jwt.decode(
        token,
        Ed25519PublicKey.from_public_bytes(key),
        algorithms=[ALGORITHM],
        audience=audience,
        leeway=AHEAD,
        options={"require": _NEEDED, "verify_exp": False},
    )
    return Claims(str(said["jti"]), str(said["sub"]), float(said["iat"]), float(said["exp"]))


def _believed(claims: Claims, keyring: Keyring, late: timedelta) -> str:
    allowed = 0.0 if claims.subject.startswith(MACHINE) else late.total_seconds()
    if claims.expires + allowed <= wall().timestamp():
        raise jwt.ExpiredSignatureError("it has expired")
    if claims.id in keyring.revoked:
        raise jwt.InvalidTokenError("it has been revoked")
    if claims.issued < keyring.signed_out.get(claims.subject, 0.0):
        raise jwt.InvalidTokenError("whom it names has signed out since")
    return claims.subject
