"""What is kept of the deadlines of one case. Moments are milliseconds since 1970 UTC."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter

from schemas import formats
from schemas.base import Frozen, Stored
from schemas.cases import CaseHeader
from schemas.formats import first, second
from schemas.vocabulary import Level

Json = dict[str, Any]

Effect = Literal["arm", "disarm", "cancel", "stop", "pause", "resume", "restart", "start"]
Phase = Literal["idle", "running", "met", "cancelled"]
Status = Literal["dormant", "running", "paused", "met", "cancelled"]
Round = tuple[int, int]
"""Which round: the sequence number of the event that began it, and how often it renewed itself."""


class Occurrence(Frozen):
    """What one event of the case, the `seq`th, means to one deadline, at the time it occurred.

    `again` says that the case was over: what begins then counts from there, not from when the customer first spoke.
    """

    at: int
    seq: int
    effects: tuple[Effect, ...] = ()
    severity: Level | None = None
    again: bool = False


@dataclass(slots=True)
class Run:
    """Where a deadline is at one moment, as follows from its occurrences.

    `origin` and `renewal` name the round, `anchor` is the moment from which its limit counts. A breach is never
    before `not_before`, a warning never before `since`. `due` is None whenever it may have moved.
    """

    phase: Phase = "idle"
    armed: bool = False
    severity: Level = ""
    origin: int = 0
    renewal: int = 0
    anchor: int = 0
    since: int = 0
    not_before: int = 0
    pauses: tuple[tuple[int, int], ...] = ()
    paused_since: int | None = None
    breached: int | None = None
    ended: int | None = None
    late: bool = False
    due: int | None = None
    provisional: bool = False

    @property
    def round(self) -> Round:
        return self.origin, self.renewal

    @property
    def status(self) -> Status:
        """What can be seen of it: a deadline that does not apply shows nothing, however far it has come."""
        if self.phase == "running":
            if not self.armed:
                return "dormant"
            return "running" if self.paused_since is None else "paused"
        return "dormant" if self.phase == "idle" else self.phase


class Fired(Frozen):
    """A warning (negative level) or breach (0) that was published and stands."""

    origin: int
    renewal: int
    cycle: int
    level: int
    at: int

    @property
    def round(self) -> Round:
        return self.origin, self.renewal


class PendingEscalation(Frozen):
    """A breach that waits to escalate a rung at `at`."""

    origin: int
    cycle: int
    due: int
    at: int


class View(Frozen):
    """A deadline as its events have published it so far."""

    status: Status = "dormant"
    cycle: int = 0
    origin: int = 0
    renewal: int = 0
    due: int | None = None
    provisional: bool = False
    ended: int | None = None
    late: bool = False


class DeadlineState(Frozen):
    """One deadline. Its run follows from `base` and `occurrences` by the times at which they occurred.

    `reached` is the moment up to which it has fired, `floor` the one before which nothing can be
    changed any more, `next_at` when it must be looked at. `cycles` is how many cycle numbers were
    given, `retired` are those whose breach was withdrawn. `task_id` is the task that it is a deadline of.
    """

    task_id: UUID | None = None
    occurrences: tuple[Occurrence, ...] = ()
    base: Run | None = None
    floor: int = 0
    reached: int = 0
    cycles: int = 0
    fired: tuple[Fired, ...] = ()
    retired: tuple[int, ...] = ()
    escalation: PendingEscalation | None = None
    view: View = View()
    next_at: int | None = None


_HEADER = TypeAdapter(CaseHeader)
_DEADLINES = TypeAdapter(dict[str, DeadlineState])


def _upgrade_deadline(state: Json) -> Json:
    present = first.renamed(state, {"signals": "occurrences", "climb": "escalation"})
    occurrences = [first.renamed(signal, {"deeds": "effects"}) for signal in present.get("occurrences", ())]
    if (base := present.get("base")) is not None:
        # What had its default rests unwritten, and the lowest level was one.
        lowest = {"severity": first.LEVELS[0]}
        present["base"] = lowest | first.renamed(base, first.DEADLINE)
    return {**present, "occurrences": occurrences}


def _parsed(value: str | Json) -> Json:
    """An object that rests as JSON text, or as early documents had it as it is."""
    parsed: Json = json.loads(value) if isinstance(value, str) else value
    return parsed


def _header_of(value: Any) -> Any:
    return _HEADER.validate_json(value) if isinstance(value, str) else value


def _deadlines_of(value: Any) -> Any:
    return _DEADLINES.validate_json(value) if isinstance(value, str) else value


def _header_text(header: CaseHeader) -> str:
    return _HEADER.dump_json(header, exclude_defaults=True).decode()


def _deadlines_text(deadlines: dict[str, DeadlineState]) -> str:
    return _DEADLINES.dump_json(deadlines, exclude_defaults=True).decode()


class Deadlines(Stored):
    """All deadlines of one case; `calendar` is the JSON text of its shop's calendar, `armed` counts what runs.

    At rest the header and the deadlines are JSON text as well: a store asks only for what stands beside
    them, and one text costs it a fraction of some two hundred fields.
    """

    header: Annotated[
        CaseHeader, BeforeValidator(_header_of), PlainSerializer(_header_text, when_used="json")
    ]
    received_at: int
    calendar: str
    deadlines: Annotated[
        dict[str, DeadlineState],
        BeforeValidator(_deadlines_of),
        PlainSerializer(_deadlines_text, when_used="json"),
    ] = {}
    next_due: int | None = None
    armed: int = 0
    provisional: bool = False

    @classmethod
    def upgraded(cls, state: Json, of: int) -> Json:
        """The deadlines of a case in an earlier format."""
        return formats.upgraded(state, of, _to_second, _to_third)


def _to_second(state: Json) -> Json:
    """What was written under other names."""
    present = first.renamed(state, {"clocks": "deadlines"})
    header = first.upgrade_header(_parsed(present["header"]))
    deadlines = _parsed(present.get("deadlines", {}))
    states = {name: _upgrade_deadline(state) for name, state in deadlines.items()}
    return {**present, "header": json.dumps(header), "deadlines": json.dumps(states)}


def _to_third(state: Json) -> Json:
    """What was said of the case when a hand-over was no task."""
    return {**state, "header": json.dumps(second.upgrade_header(_parsed(state["header"])))}
