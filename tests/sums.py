"""A tiny domain for testing the write path: a document that adds numbers."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid5

from schemas.base import Message, Stored
from services.common.store.decision import Cause, Change, Entry, Outgoing, Refusal

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = tuple(UUID(int=number) for number in range(1, 5))


class Added(Message):
    """Add `amount`; 13 breaks the decision, 0 is of no interest."""

    type: Literal["added"] = "added"
    amount: int


class Total(Message):
    type: Literal["total"] = "total"
    total: int


class Sum(Stored):
    total: int = 0


def added(key: UUID, number: int, amount: int, *, seq: bool = True) -> Cause[Added]:
    """The `number`th record of a document's stream, or with `seq` off an action."""
    identity = uuid5(key, f"{'record' if seq else 'action'}-{number}")
    message = Added(id=identity, case_id=key, occurred_at=NOON, seq=number if seq else 0, amount=amount)
    raw = message.model_dump_json().encode()
    return Cause(key, identity, message, "numbers" if seq else "", message.seq, raw=raw)


def revive(stream: str, raw: bytes) -> Cause[Added]:
    message = Added.model_validate_json(raw)
    return Cause(message.case_id, message.id, message, stream, message.seq, raw=raw)


def decide(state: Sum | None, cause: Cause[Added]) -> Change[Sum] | Refusal | None:
    amount = cause.message.amount
    if amount == 13:
        raise ValueError("thirteen")
    if amount == 0:
        return None
    if amount < 0:
        return Refusal(409, "no-debts", "only amounts above nought")
    total = (state.total if state else 0) + amount
    event = Total(id=uuid5(cause.id, "total"), case_id=cause.key, occurred_at=NOON, total=total)
    entry = Entry(NOON, "test", "added", {"amount": amount})
    return Change(Sum(total=total), (Outgoing("cases", event),), (entry,), visible=True)
