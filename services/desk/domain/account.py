"""An account: how somebody signs in, and the sessions in which they are signed in now."""

from datetime import datetime
from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.base import Count, Frozen, Instant, Key, Stored

ACCOUNT = "account:"
"""Before the login of somebody who is not in the directory, where tokens name them."""


class Session(Frozen):
    """Somebody is signed in; `id` is the digest of a secret that only their browser has."""

    id: str
    since: Instant
    until: Instant
    client: str = ""


class Account(Stored):
    """Somebody who may sign in: a person of the directory, an administrator, or both.

    `password` is a hash; empty where they sign in elsewhere only. One that `must_change` was known to somebody else.
    `elsewhere` is whom an identity provider first meant by this login, as `issuer subject`: nobody else gets in by it.
    """

    login: Key
    person: Key | None = None
    administrator: bool = False
    password: str = ""
    must_change: bool = False
    disabled: bool = False
    failures: Count = 0
    locked_until: Instant | None = None
    elsewhere: str = ""
    sessions: tuple[Session, ...] = ()

    @property
    def subject(self) -> str:
        """How tokens name them."""
        return self.person or f"{ACCOUNT}{self.login}"

    def session(self, secret: str, at: datetime) -> Session | None:
        """The session of this secret, if it lasts."""
        name = digest(secret)
        return next((one for one in self.sessions if one.id == name and at < one.until), None)


def account_id(login: str) -> UUID:
    """The document of an account; a login is the same however it is capitalised."""
    return uuid5(NAMESPACE_URL, f"redress:account:{login.strip().casefold()}")


def digest(secret: str) -> str:
    """By what a secret is recognised; whoever reads the store cannot sign in by it."""
    return sha256(secret.encode()).hexdigest()
