"""One message to one person by one medium, and how it gets from recorded to final."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from schemas import formats, identity, outreach
from schemas.base import Instant, Stored
from schemas.contacts import Language
from schemas.deliveries import TOPIC, DeliveryReported, Result
from schemas.formats import first, second
from schemas.media import MEDIA, Audience, IfUnknown, Medium
from schemas.outreach import DeliveryResent
from services.common.store.decision import Cause, Change, Decision, Entry, Outgoing

CUSTOMER = "customer"
MANUFACTURER = "manufacturer:"
"""Before its id where a manufacturer itself is notified and not a person."""
NO_ADDRESS = "no address"
ASK_UNTIL = timedelta(days=1)
"""How long past its time a provider is still asked what became of a message, before that is left open."""
OPEN = ("queued", "sending", "unknown")
RESENDABLE: tuple["Status", ...] = ("failed", "expired")

Status = Literal["queued", "sending", "sent", "failed", "expired", "unknown"]
Verdict = Literal["accepted", "refused", "later", "unknown"]
ProviderState = Literal["works", "fails", "unasked"]


class Delivery(Stored):
    """One message and what became of it so far; neither its text nor an address is kept here.

    `facts` fill the template. `copies` counts how often it may have been taken over by a provider.
    `partition` is that of its case, by which instances share the work; `origin` is the offset of the
    customer's request on topic `outreach`, where their address is read again. `resent_at` is when a person
    last queued it again. `attempt` counts its attempts, also the one in which it expired: each result has an id.
    """

    @classmethod
    def upgraded(cls, state: dict[str, Any], of: int) -> dict[str, Any]:
        """A delivery of an earlier format: what was written under other names."""
        return formats.upgraded(state, of, _to_second, _to_third)

    id: UUID
    case_id: UUID
    event: UUID
    partition: int
    person: str
    medium: Medium
    template: str
    language: Language
    policy: str
    facts: dict[str, str | int | bool]
    occurred_at: Instant
    not_after: Instant
    origin: int | None = None
    resent_at: Instant | None = None
    status: Status = "queued"
    attempt: int = 0
    copies: int = 0
    reason: str = ""

    @property
    def awaits_person(self) -> bool:
        """Whether only a person may say what becomes of it: a customer is not written to twice on a guess."""
        return self.status == "unknown" and self._if_unknown == "person"

    @property
    def is_askable(self) -> bool:
        """Whether the provider is asked what became of it."""
        return self.status == "unknown" and self._if_unknown == "ask"

    @property
    def audience(self) -> Audience:
        if self.person.startswith(MANUFACTURER):
            return "manufacturer"
        return "customer" if self.person == CUSTOMER else "staff"

    @property
    def _if_unknown(self) -> IfUnknown:
        return MEDIA[self.medium].if_unknown[self.audience]


def _to_second(state: dict[str, Any]) -> dict[str, Any]:
    present = first.renamed(state, {"profile": "policy"})
    return {**first.with_queues(present, "person"), "facts": first.upgrade_facts(present["facts"])}


def _to_third(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "facts": second.upgrade_facts(state["facts"])}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider made of one message; `reason` never holds an address or a text.

    `refused` names this recipient or this text, `later` and `refused` are certain that it was not taken
    over. `provider` says whether the provider itself, our account there or its address is in order, and
    `pause` for how many seconds it asked not to be called.
    """

    verdict: Verdict
    reason: str = ""
    provider: ProviderState = "works"
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Due:
    """Its turn has come."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """Attempt `attempt` came to an end, if only because the process that made it did."""

    attempt: int
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Renewed:
    """Attempt `attempt` is about to be handed over, after longer than a claim lasts."""

    attempt: int


@dataclass(frozen=True, slots=True)
class FateReported:
    """The provider says that it took the message of attempt `attempt` over, or that it did not."""

    attempt: int
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person looked into it: it has arrived, or is to be sent once more."""

    how: Literal["sent", "resend"]
    by: str


@dataclass(frozen=True, slots=True)
class Resent:
    """A person corrected why it failed: it is to be sent after all."""

    by: str


Step = Due | Renewed | Attempted | FateReported | Resolved | Resent


WHERE: Mapping[type[Step], Sequence[Status]] = {
    Due: ("queued", "unknown"),
    Renewed: ("sending",),
    Attempted: ("sending",),
    FateReported: ("unknown",),
    Resolved: ("unknown",),
    Resent: RESENDABLE,
}
"""The states a step fits."""
STEP_NAMES: Mapping[type[Step], identity.Step] = {
    Due: "Due",
    Renewed: "Renewed",
    Attempted: "Attempted",
    FateReported: "Asked",
    Resolved: "Settled",
    Resent: "Resent",
}
"""What a step is called in its id, whatever its class is called."""


def advance(delivery: Delivery | None, cause: Cause[Step], now: datetime) -> Decision[Delivery]:
    """The next state of a delivery; None where the step no longer fits."""
    step = cause.message
    return None if delivery is None or not _fits(delivery, step) else _next(delivery, step, now)


def _fits(delivery: Delivery, step: Step) -> bool:
    """Whether the delivery still is where the step found it."""
    attempt = getattr(step, "attempt", delivery.attempt)
    return delivery.status in WHERE[type(step)] and attempt == delivery.attempt


def _next(delivery: Delivery, step: Step, now: datetime) -> Decision[Delivery]:
    match step:
        case Due():
            return _due(delivery, now)
        case Renewed():
            return Change(delivery)
        case Attempted():
            return _attempted(delivery, step.receipt, now)
        case FateReported():
            return _fate_reported(delivery, step, now)
        case Resolved() | Resent():
            return _by_person(delivery, step, now)


def _due(delivery: Delivery, now: datetime) -> Decision[Delivery]:
    is_asked_for = delivery.is_askable and now < delivery.not_after + ASK_UNTIL
    if is_asked_for or delivery.awaits_person:
        return None
    turn = delivery.model_copy(update={"attempt": delivery.attempt + 1})
    if now >= delivery.not_after:
        reason = "perhaps arrived" if delivery.status == "unknown" else delivery.reason
        return _to(turn, "expired", now, reason)
    return Change(turn.model_copy(update={"status": "sending"}))


def _attempted(delivery: Delivery, receipt: Receipt, now: datetime) -> Change[Delivery]:
    match receipt.verdict:
        case "accepted":
            return _to(delivery, "sent", now, copies=1)
        case "refused":
            return _to(delivery, "failed", now, receipt.reason)
        case "later":
            return _to(delivery, "queued", now, receipt.reason)
        case "unknown":
            return _to(delivery, "unknown", now, receipt.reason, copies=1)


def _fate_reported(delivery: Delivery, fate: FateReported, now: datetime) -> Change[Delivery]:
    # What the provider does not know was never taken over.
    return _to(delivery, "sent", now) if fate.is_taken else _to(delivery, "queued", now, copies=-1)


def _by_person(delivery: Delivery, step: Resolved | Resent, now: datetime) -> Change[Delivery]:
    return _resolved(delivery, step, now) if isinstance(step, Resolved) else _resent(delivery, step, now)


def _resolved(delivery: Delivery, resolved: Resolved, now: datetime) -> Change[Delivery]:
    status: Status = "sent" if resolved.how == "sent" else "queued"
    change = _to(delivery, status, now)
    entry = Entry(now, resolved.by, "delivery.settled_by_person", {"how": resolved.how})
    return Change(change.state, change.events, (entry,))


def _resent(delivery: Delivery, resent: Resent, now: datetime) -> Change[Delivery]:
    """Queued again, and worth sending for as long as it was at first; an event says so to whoever looks after it."""
    worth = delivery.not_after - (delivery.resent_at or delivery.occurred_at)
    line = {"status": "queued", "reason": "", "not_after": now + worth, "resent_at": now}
    queued = delivery.model_copy(update=line)
    message = DeliveryResent(
        id=identity.resent_id(delivery.id, delivery.attempt, delivery.status),
        case_id=delivery.case_id,
        occurred_at=now,
        delivery=delivery.id,
    )
    entry = Entry(now, resent.by, "delivery.resent_by_person", {"was": delivery.status})
    event = Outgoing(outreach.TOPIC, message, key=str(delivery.case_id))
    return Change(queued, (event,), (entry,))


def _to(
    delivery: Delivery, status: Status, now: datetime, reason: str = "", *, copies: int = 0
) -> Change[Delivery]:
    update: dict[str, Any] = {"status": status, "reason": reason, "copies": delivery.copies + copies}
    after = delivery.model_copy(update=update)
    if status in ("sent", "failed", "expired"):
        return Change(after, (_report(after, status, now),))
    if after.awaits_person:
        return Change(after, (_report(after, "unknown", now),))
    return Change(after)


def _report(delivery: Delivery, result: Result, now: datetime) -> Outgoing:
    message = DeliveryReported(
        id=identity.result_id(delivery.id, result, delivery.attempt),
        case_id=delivery.case_id,
        occurred_at=now,
        delivery=delivery.id,
        event=delivery.event,
        person=delivery.person,
        medium=delivery.medium,
        template=delivery.template,
        result=result,
        copies=max(1, delivery.copies),
    )
    return Outgoing(TOPIC, message, key=str(delivery.case_id))
