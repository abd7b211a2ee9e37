"""What happens to accounts, each as a decision: who signs in or out, passwords, locks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas import keys
from schemas.identity import announcement_id
from schemas.keys import SignedOut
from services.common.store.decision import Announced, Cause, Change, Decision, Entry, Refusal
from services.desk.domain.account import Account, Session

FAILURES = 5
"""So many wrong passwords in a row lock an account."""
LOCKED = timedelta(minutes=15)
MOST_SESSIONS = 20


@dataclass(frozen=True, slots=True)
class Creation:
    """A new account with a first password, given by its hash."""

    account: Account
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody gave a password, which was `right` for the account when its hash was `against`."""

    session: Session
    right: bool
    against: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignInElsewhere:
    """An identity provider says that its `subject` has come for this account."""

    session: Session
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignOut:
    """The end of one session, or without one of all sessions and tokens."""

    by: str
    at: datetime
    session: str | None = None


@dataclass(frozen=True, slots=True)
class NewPassword:
    """Another password by its hash, in place of that with the hash `instead_of`; of any, where an administrator gives it.

    One that somebody else knows `must_change`.
    """

    password: str
    by: str
    at: datetime
    instead_of: str | None = None
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """An account is disabled, or enabled again."""

    disabled: bool
    by: str
    at: datetime


_CHANGED = Refusal(409, "password_changed", "The password was changed meanwhile.")
Event = Creation | SignIn | SignInElsewhere | SignOut | NewPassword | Switch


def decide(before: Account | None, cause: Cause[Event]) -> Decision[Account]:
    """What becomes of an account; refused where there is none, or, for a new one, where there is one."""
    if isinstance(cause.message, Creation):
        return _create(before, cause.message)
    if before is None:
        return Refusal(422, "no_account", "There is no account of this login.")
    return _CHANGES[type(cause.message)](before, cause.message, cause)


def _create(before: Account | None, event: Creation) -> Decision[Account]:
    if before is not None:
        return Refusal(409, "account_exists", "There is an account of this login already.")
    facts = {"person": event.account.person, "administrator": event.account.administrator}
    return Change(event.account, (), (Entry(event.at, event.by, "account.created", facts),), visible=True)


def is_open(account: Account, at: datetime) -> bool:
    """Whether a password opens an account now: it is not disabled, nor closed for a while after wrong ones."""
    is_locked = account.locked_until is not None and at < account.locked_until
    return bool(account.password) and not account.disabled and not is_locked


def _sign_in(before: Account, event: SignIn, _cause: Cause[Event]) -> Decision[Account]:
    """A new session; a wrong password counts, and what is closed opens by no password."""
    if event.against != before.password:
        return _CHANGED
    if not is_open(before, event.at):
        # Nothing is written: whoever tries on and on would fill the history.
        return None
    if not event.right:
        return _fail(before, event)
    return _let_in(before.model_copy(update={"failures": 0, "locked_until": None}), event.session, event.at)


def _sign_in_elsewhere(
    before: Account, event: SignInElsewhere, _cause: Cause[Event]
) -> Change[Account] | None:
    """A new session. A provider may give a login to somebody else one day: they do not get this account."""
    if before.disabled or before.elsewhere not in {"", event.subject}:
        return None
    return _let_in(before.model_copy(update={"elsewhere": event.subject}), event.session, event.at)


def _let_in(account: Account, session: Session, at: datetime) -> Change[Account]:
    lasting = [one for one in account.sessions if at < one.until]
    after = account.model_copy(update={"sessions": (*lasting[-(MOST_SESSIONS - 1) :], session)})
    return _noted(after, at, "account.signed_in", {"client": session.client})


def _fail(before: Account, event: SignIn) -> Change[Account]:
    failures = before.failures + 1
    locks = failures >= FAILURES
    after = before.model_copy(
        update={
            "failures": 0 if locks else failures,
            "locked_until": event.at + LOCKED if locks else before.locked_until,
        }
    )
    name = "account.locked" if locks else "account.sign_in_failed"
    return _noted(after, event.at, name, {"client": event.session.client})


def _noted(
    after: Account, at: datetime, name: str, facts: dict[str, Any] | None = None, by: str = ""
) -> Change[Account]:
    return Change(after, (), (Entry(at, by or after.login, name, facts or {}),), visible=True)


def _sign_out(before: Account, event: SignOut, cause: Cause[Event]) -> Change[Account] | None:
    if event.session is None:
        return _end_all(before, cause, event.at, "account.signed_out_everywhere", event.by)
    kept = tuple(one for one in before.sessions if one.id != event.session)
    if kept == before.sessions:
        return None
    after = before.model_copy(update={"sessions": kept})
    return _noted(after, event.at, "account.signed_out", by=event.by)


def _give_password(before: Account, event: NewPassword, cause: Cause[Event]) -> Decision[Account]:
    """Who knew the old one is signed out everywhere."""
    if event.instead_of not in {None, before.password}:
        return _CHANGED
    changed = {
        "password": event.password,
        "must_change": event.must_change,
        "failures": 0,
        "locked_until": None,
    }
    name = "account.password_reset" if event.must_change else "account.password_changed"
    return _end_all(before.model_copy(update=changed), cause, event.at, name, event.by)


def _switch(before: Account, event: Switch, cause: Cause[Event]) -> Change[Account] | None:
    if before.disabled == event.disabled:
        return None
    after = before.model_copy(update={"disabled": event.disabled})
    if event.disabled:
        return _end_all(after, cause, event.at, "account.disabled", event.by)
    return _noted(after, event.at, "account.enabled", by=event.by)


def _end_all(after: Account, cause: Cause[Event], at: datetime, name: str, by: str) -> Change[Account]:
    """No session lasts, and no token that was issued before counts anywhere."""
    ended = SignedOut(id=after.subject, at=at)
    announced = Announced(keys.TOPIC, announcement_id(cause.id), keys.key(ended), ended)
    entry = Entry(at, by, name)
    return Change(after.model_copy(update={"sessions": ()}), (announced,), (entry,), visible=True)


_CHANGES: dict[type[Event], Callable[[Account, Any, Cause[Event]], Decision[Account]]] = {
    SignIn: _sign_in,
    SignInElsewhere: _sign_in_elsewhere,
    SignOut: _sign_out,
    NewPassword: _give_password,
    Switch: _switch,
}
