"""What is published of a deadline. Every event's id derives from what it says, never from who asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from schemas import deadlines
from schemas.cases import CaseHeader, Role
from schemas.deadline_spec import DeadlineSpec
from schemas.deadlines import (
    DeadlineBreached,
    DeadlineCancelled,
    DeadlineEscalationDue,
    DeadlineMet,
    DeadlineMoved,
    DeadlinePaused,
    DeadlineStarted,
    DeadlineWarned,
    DeadlineWithdrawn,
)
from schemas.identity import name_in_ids
from services.common.store.decision import Outgoing
from services.sla.domain.instants import from_ms
from services.sla.domain.settling import Firing, Settlement
from services.sla.domain.state import Fired, PendingEscalation, View

RUNS = {"running", "paused"}


@dataclass(frozen=True, slots=True)
class Occasion:
    """On which something is said: of which case, when (milliseconds), `why` a due time may have moved.

    `mark` is the sequence number of the event behind it, or empty for the passing of time. `late`
    says that the deadlines themselves had stood still.
    """

    case: UUID
    header: CaseHeader
    now: int
    at: int
    why: str
    mark: str = ""
    late: bool = False


def firing_id(case: UUID, deadline: str, cycle: int, level: int) -> UUID:
    """The one id of a warning, breach or escalation, whatever crashes in between."""
    return uuid5(case, f"{deadline}:{cycle}:{level}")


def accountable(spec: DeadlineSpec, header: CaseHeader) -> Role:
    """The role that answers for a deadline as the case stands."""
    match spec.accountable:
        case "owner":
            return header.owner_role
        case "receiver":
            return header.hand_over_role or header.owner_role
        case role:
            return role


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks for one deadline on one occasion."""

    spec: DeadlineSpec
    occasion: Occasion

    def told(self, settlement: Settlement) -> Iterator[Outgoing]:
        """Takes back first; a cycle is announced before what it fires, and ends after it."""
        after = settlement.after.view
        present = after.cycle if after.status in RUNS else None
        yield from (self._withdrawn(breach) for breach in settlement.withdrawn)
        yield from (self._fired(one) for one in settlement.firings if one.fired.cycle != present)
        yield from self._standing(settlement.before.view, after)
        yield from (self._fired(one) for one in settlement.firings if one.fired.cycle == present)

    def escalation_due(self, escalation: PendingEscalation) -> Outgoing:
        """A rung is to be escalated for a breach."""
        breach = firing_id(self.occasion.case, self.spec.id, escalation.cycle, 0)
        return self._say(
            DeadlineEscalationDue,
            escalation.cycle,
            escalation.due,
            id=self._id(escalation.cycle, 1),
            level=1,
            breach=breach,
        )

    def _withdrawn(self, fired: Fired) -> Outgoing:
        breach = self._id(fired.cycle, 0)
        return self._say(
            DeadlineWithdrawn, fired.cycle, fired.at,
            id=uuid5(breach, "withdrawn"), breach=breach, met_at=from_ms(self.occasion.at),
        )  # fmt: skip

    def _fired(self, firing: Firing) -> Outgoing:
        fired, name = firing.fired, self._id(firing.fired.cycle, firing.fired.level)
        if fired.level < 0:
            # A warning belongs to its moment: found too late it is no longer worth sending.
            moment = from_ms(fired.at)
            return self._say(
                DeadlineWarned, fired.cycle, firing.due, id=name, occurred_at=moment, level=fired.level
            )
        return self._say(
            DeadlineBreached, fired.cycle, firing.due,
            id=name, late=self.occasion.late, repeat=fired.renewal,
        )  # fmt: skip

    def _standing(self, before: View, after: View) -> Iterable[Outgoing]:
        if after.status in RUNS:
            yield from self._running(before, after)
        elif after.status == "dormant":
            if before.status in RUNS:
                yield self._view(DeadlineCancelled, before)
        elif _ending(before) != _ending(after):
            yield self._ended(after)

    def _running(self, before: View, after: View) -> Iterable[Outgoing]:
        known = before.status in RUNS and before.cycle == after.cycle
        moved = before.status == "paused" or before.due != after.due
        if not known:
            yield self._view(DeadlineStarted, after, provisional=after.provisional)
        elif moved and after.status == "running":
            yield self._view(DeadlineMoved, after, reason=self.occasion.why, provisional=after.provisional)
        if after.status == "paused" and not (known and before.status == "paused"):
            yield self._view(DeadlinePaused, after)

    def _ended(self, after: View) -> Outgoing:
        if after.status == "cancelled" or after.ended is None:
            return self._view(DeadlineCancelled, after)
        return self._view(DeadlineMet, after, met_at=from_ms(after.ended), late=after.late)

    def _view(self, kind: type[deadlines.DeadlineMessage], view: View, **fields: Any) -> Outgoing:
        assert view.due is not None  # noqa: S101 - only a deadline that never began has none
        name = name_in_ids(kind.model_fields["type"].default)
        mark = self.occasion.mark or str(view.due)
        ident = uuid5(self.occasion.case, f"{self.spec.id}:{view.cycle}:{name}:{mark}")
        return self._say(kind, view.cycle, view.due, id=ident, **fields)

    def _id(self, cycle: int, level: int) -> UUID:
        return firing_id(self.occasion.case, self.spec.id, cycle, level)

    def _say(self, kind: type[deadlines.DeadlineMessage], cycle: int, due: int, **fields: Any) -> Outgoing:
        occasion = self.occasion
        message = kind(
            **{
                "case_id": occasion.case,
                "occurred_at": from_ms(occasion.now),
                "header": occasion.header,
                "deadline": self.spec.id,
                "cycle": cycle,
                "accountable": accountable(self.spec, occasion.header),
                "due_at": from_ms(due),
                **fields,
            }
        )
        return Outgoing(deadlines.TOPIC, message)


def _ending(view: View) -> tuple[object, ...]:
    return view.status, view.cycle, view.ended, view.late
