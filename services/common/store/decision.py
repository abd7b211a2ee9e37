"""What a service decides and what came of it, as values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel

from schemas.base import Message, Stored

S = TypeVar("S", bound=Stored)
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Cause(Generic[M]):
    """Why a document may change: a record of `stream` or, with no stream, an action or a tick.

    `id` identifies the cause for ever: what was applied once is not applied again, and the ids
    of its events derive from it. `seq` > 0 orders the records of one stream. `digest` tells two
    bodies under one id apart. `revision` is the one the actor saw, where they had to see it. `place` is the
    partition/offset of a record. `waited` says that it comes from among those that wait for an announcement.
    Of what is `personal` nothing but its place is kept while it waits.
    """

    key: UUID
    id: UUID
    message: M
    stream: str = ""
    seq: int = 0
    digest: str = ""
    revision: int | None = None
    raw: bytes = b""
    place: str = ""
    waited: bool = False
    personal: bool = False
    restarts: bool = False
    once: bool = True


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event to publish; its `seq` is given when it is written.

    Without `key` it goes out under the key of the document that publishes it.
    """

    topic: str
    message: Message
    key: str | None = None

    @property
    def id(self) -> UUID:
        return self.message.id


@dataclass(frozen=True, slots=True)
class Announced:
    """The newest record of a key on a compacted topic; it has no place in a sequence."""

    topic: str
    id: UUID
    key: str
    value: BaseModel


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history; `sealed` holds HMACs that stand for personal words."""

    at: datetime
    actor: str
    event: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """The next state, what to publish and what to remember; `visible` moves the revision.

    Raises ValueError for two events under one id: the second would never be published.
    """

    state: S
    events: tuple[Outgoing | Announced, ...] = ()
    history: tuple[Entry, ...] = ()
    visible: bool = False

    def __post_init__(self) -> None:
        ids = [event.id for event in self.events]
        if len(set(ids)) < len(ids):
            raise ValueError(
                f"a decision publishes {len(ids)} events under {len(set(ids))} ids: each has one id"
            )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule forbids it: `status` 409 (not now) or 422 (not so), `rule` names the rule."""

    status: Literal[409, 422]
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be decided before what is `named`, such as the policy version of a case, is announced."""

    named: str


Decision = Change[S] | Refusal | Wait | None
Decide = Callable[[S | None, Cause[M]], Decision[S]]

OutcomeKind = Literal[
    "applied",
    "ignored",
    "duplicate",
    "reused",
    "pending",
    "waiting",
    "parked",
    "refused",
    "stale",
    "gap",
    "failed",
]
"""`pending` waits for the record before it; `waiting`, in its document, and `parked`, on a topic, for an announcement."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S, M]):
    """What became of one cause; `error` only where deciding raised, `awaits` only where it waits."""

    kind: OutcomeKind
    cause: Cause[M]
    state: S | None = None
    revision: int = 0
    refusal: Refusal | None = None
    error: Exception | None = None
    awaits: str = ""
