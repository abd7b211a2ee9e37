"""A row of the lists: one case as its events tell it, with the keys that open it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from schemas.base import EMPTY, Count, Frozen, Instant, Stored
from schemas.cases import CaseHeader, CaseMessage, CaseOpened, CaseRebased, CaseSnapshot
from schemas.deadlines import (
    DeadlineBreached,
    DeadlineCancelled,
    DeadlineMessage,
    DeadlineMet,
    DeadlineMoved,
    DeadlinePaused,
    DeadlineStarted,
    DeadlineWithdrawn,
)
from schemas.readers import readers
from schemas.staffing import Directory
from services.common.store.decision import Cause, Change

NEVER = datetime(9999, 12, 31, tzinfo=UTC)

Progress = Literal["owed", "paused", "done"]
BECOMES: dict[type[DeadlineMessage], Progress] = {
    DeadlineStarted: "owed",
    DeadlineMoved: "owed",
    DeadlineBreached: "owed",
    DeadlinePaused: "paused",
    DeadlineMet: "done",
    DeadlineWithdrawn: "done",
    DeadlineCancelled: "done",
}


class DeadlineRound(Frozen):
    """The present round of one deadline; one that has passed is owed until it is met."""

    cycle: Count
    due_at: Instant
    progress: Progress


class Row(Stored):
    """A case in a list: `header` is what its events say of it.

    `rounds` are its deadlines by name, each in its present round; `next_due` is the earliest time still owed, far in the
    future where there is none, and `breach_count` counts the breaches that stand. `readers` are the keys that open it,
    `holders` the people and queues with a part in it.
    """

    header: CaseHeader
    received_at: Instant
    updated_at: Instant
    rounds: dict[str, DeadlineRound] = EMPTY
    next_due: Instant = NEVER
    breach_count: Count = 0
    is_open: bool
    readers: tuple[str, ...]
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadersChanged:
    """Who works where, or who is away, is not what it was: who may see the case is asked anew."""


Event = CaseMessage | DeadlineMessage | ReadersChanged


def fold(row: Row | None, cause: Cause[Event], directory: Directory, now: datetime) -> Change[Row] | None:
    """The row after an event, None where it stays as it is. Nothing is published: what follows was decided elsewhere."""
    event = cause.message
    if isinstance(event, ReadersChanged):
        after = row and row.model_copy(update={"readers": _readers(row.header, directory, now)})
    elif isinstance(event, CaseMessage):
        after = _with_case(row, event, directory, now)
    else:
        after = _timed(row or _with_case(None, event, directory, now), event)
    return Change(after) if after is not None and after != row else None


def _with_case(
    row: Row | None, event: CaseMessage | DeadlineMessage, directory: Directory, now: datetime
) -> Row:
    """The row with the case as an event says that it is."""
    header = (event.after if isinstance(event, CaseMessage) else None) or event.header
    changed: dict[str, Any] = {
        "header": header,
        "updated_at": event.occurred_at,
        "is_open": header.stage != "over",
        "readers": _readers(header, directory, now),
        "holders": tuple(sorted({header.owner, *(task.to for task in header.tasks)})),
    }
    if isinstance(event, CaseOpened | CaseRebased | CaseSnapshot):
        changed["received_at"] = event.received_at
    return row.model_copy(update=changed) if row else Row(**{"received_at": event.occurred_at, **changed})


def _timed(row: Row, event: DeadlineMessage) -> Row:
    """The row with one deadline as it now stands; of a round that is over nothing more is noted."""
    breaches = row.breach_count + isinstance(event, DeadlineBreached) - isinstance(event, DeadlineWithdrawn)
    changed: dict[str, Any] = {"breach_count": max(0, breaches)}
    progress, present = BECOMES.get(type(event)), row.rounds.get(event.name)
    if progress is not None and (present is None or event.cycle >= present.cycle):
        rounds = {
            **row.rounds,
            event.name: DeadlineRound(cycle=event.cycle, due_at=event.due_at, progress=progress),
        }
        owed = (one.due_at for one in rounds.values() if one.progress == "owed")
        changed |= {"rounds": rounds, "next_due": min(owed, default=NEVER)}
    return row.model_copy(update=changed)


def _readers(header: CaseHeader, directory: Directory, now: datetime) -> tuple[str, ...]:
    return tuple(sorted(readers(header, directory, now)))
