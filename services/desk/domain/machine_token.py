"""Tokens of machines: which there are, who had them issued, and which count no more."""

from dataclasses import dataclass
from datetime import datetime

from schemas import keys
from schemas.base import Instant, Key, Stored
from schemas.identity import announcement_id
from schemas.keys import Revoked
from services.common.store.decision import Announced, Cause, Change, Decision, Entry, Refusal

MOST_DAYS = 90


class MachineToken(Stored):
    """A token that a machine has; itself it is shown once and kept nowhere."""

    name: Key
    services: tuple[str, ...]
    since: Instant
    until: Instant
    by: Key
    revoked_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """A new token for a machine."""

    token: MachineToken


@dataclass(frozen=True, slots=True)
class Revocation:
    """A token is to count no more from now on."""

    by: str
    at: datetime


def decide(before: MachineToken | None, cause: Cause[Issue | Revocation]) -> Decision[MachineToken]:
    """What becomes of a token; one that is revoked already is announced once more."""
    event = cause.message
    if isinstance(event, Issue):
        facts = {"name": event.token.name, "services": list(event.token.services)}
        entry = Entry(event.token.since, event.token.by, "token.issued", facts)
        return Change(event.token, (), (entry,), visible=True)
    if before is None:
        return Refusal(422, "no_token", "There is no token of this id.")
    revoked = Revoked(id=cause.key, until=before.until)
    announced = Announced(keys.TOPIC, announcement_id(cause.id), keys.key(revoked), revoked)
    if before.revoked_at is not None:
        return Change(before, (announced,))
    after = before.model_copy(update={"revoked_at": event.at})
    return Change(after, (announced,), (Entry(event.at, event.by, "token.revoked"),), visible=True)
