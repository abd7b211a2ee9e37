"""The actions of people as values; words come sealed, since only their ids may travel."""

from schemas.base import Frozen
from schemas.cases import Role
from schemas.severity import Level
from services.routing.domain.words import Sealed


class Action(Frozen):
    """Something a person wants to do; `actor` is his id in the directory."""

    actor: str


class Accept(Action):
    """Take what was offered."""


class HandBack(Action):
    """Decline what was offered."""

    reason: Sealed


class Transfer(Action):
    """Hand over to a named person: store, authority, person and a note to him (S0 CR manager, step 4)."""

    shop: str
    role: Role
    person: str
    note: Sealed


class JudgeNature(Action):
    """Settle the severity."""

    severity: Level
    reason: Sealed | None = None


class LogContact(Action):
    """The department spoke with the customer."""

    note: Sealed


class FollowUp(Action):
    """Progress was checked; or the customer was tried and not reached."""

    note: Sealed
    reached: bool = True


class Resolve(Action):
    """Course and result are recorded."""

    note: Sealed


class Close(Action):
    """The call-back is confirmed."""

    note: Sealed
