"""Makes the events of a deadline. The id of an event derives from what it says, never from who published it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas import deadlines
from schemas.cases import CaseHeader
from schemas.deadlines import (
    DeadlineBreached,
    DeadlineCancelled,
    DeadlineEscalationDue,
    DeadlineMessage,
    DeadlineMet,
    DeadlineMoved,
    DeadlinePaused,
    DeadlineStarted,
    DeadlineWarned,
    DeadlineWithdrawn,
)
from schemas.identity import deadline_event_id, firing_id, withdrawal_id
from schemas.vocabulary import Role
from services.common.store.decision import Outgoing
from services.sla.domain.due.instants import from_ms
from services.sla.domain.instances import Instance
from services.sla.domain.state import Fired, PendingEscalation, View

RESTARTED = "restarted"
"""Why a limit counts from now that would lie in the past by the version by which its case goes on."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What makes the deadlines of a case act: an event of the case, the `seq`th, or without `seq` a tick.

    It occurred `at` and is decided `now`, in milliseconds; `reason` says why a due time may have moved.
    `late` says that sla itself had not been looking, `outside_hours` that the level of the case lets no escalation wait
    for the shop to open.
    """

    case: UUID
    header: CaseHeader
    now: int
    at: int
    reason: str
    seq: int | None = None
    late: bool = False
    outside_hours: bool = False


def accountable(instance: Instance, header: CaseHeader) -> Role:
    """The role that answers for a deadline as the case is."""
    match instance.spec.accountable:
        case "owner":
            return header.owner_role
        case "asked":
            task = instance.task(header)
            return task.role if task else header.owner_role
        case role:
            return role


@dataclass(frozen=True, slots=True)
class DeadlineEvents:
    """Makes the events of one deadline that follow from one trigger."""

    instance: Instance
    trigger: Trigger

    def started(self, view: View) -> Outgoing:
        """A round runs."""
        restarted = self.trigger.reason == RESTARTED
        return self._of_view(DeadlineStarted, view, provisional=view.provisional, restarted=restarted)

    def moved(self, view: View) -> Outgoing:
        """The due time changed."""
        return self._of_view(DeadlineMoved, view, reason=self.trigger.reason, provisional=view.provisional)

    def paused(self, view: View) -> Outgoing:
        """The round holds."""
        return self._of_view(DeadlinePaused, view)

    def ended(self, view: View) -> Outgoing:
        """The round was met, or cancelled where nobody has to meet it any more."""
        if view.status != "met" or view.ended is None:
            return self._of_view(DeadlineCancelled, view)
        return self._of_view(DeadlineMet, view, met_at=from_ms(view.ended), late=view.late)

    def fired(self, fired: Fired, due: int) -> Outgoing:
        """A warning or a breach of a round that is or was due at a moment."""
        ident = self._firing_id(fired.cycle, fired.level)
        if fired.level < 0:
            # A warning belongs to its moment: given too late it is no longer worth sending.
            return self._make(
                DeadlineWarned, fired.cycle, due,
                id=ident, occurred_at=from_ms(fired.at), level=fired.level,
            )  # fmt: skip
        return self._make(
            DeadlineBreached, fired.cycle, due,
            id=ident, late=self.trigger.late, repeat=fired.renewal,
        )  # fmt: skip

    def withdrawn(self, fired: Fired) -> Outgoing:
        """A breach that was published does not stand."""
        breach = self._firing_id(fired.cycle, 0)
        return self._make(
            DeadlineWithdrawn, fired.cycle, fired.at,
            id=withdrawal_id(breach), breach=breach, met_at=from_ms(self.trigger.at),
        )  # fmt: skip

    def escalation_due(self, escalation: PendingEscalation) -> Outgoing:
        """A breach is to escalate a rung."""
        return self._make(
            DeadlineEscalationDue, escalation.cycle, escalation.due,
            id=self._firing_id(escalation.cycle, 1), level=1, breach=self._firing_id(escalation.cycle, 0),
        )  # fmt: skip

    def _firing_id(self, cycle: int, level: int) -> UUID:
        return firing_id(self.trigger.case, self.instance.name, cycle, level)

    def _of_view(self, kind: type[DeadlineMessage], view: View, **fields: Any) -> Outgoing:
        assert view.due is not None  # noqa: S101 - only a deadline that never began has none
        name = kind.model_fields["type"].default
        cause = view.due if self.trigger.seq is None else self.trigger.seq
        ident = deadline_event_id(self.trigger.case, self.instance.name, view.cycle, name, cause)
        return self._make(kind, view.cycle, view.due, id=ident, **fields)

    def _make(self, kind: type[DeadlineMessage], cycle: int, due: int, **fields: Any) -> Outgoing:
        trigger = self.trigger
        message = kind(
            **{
                "case_id": trigger.case,
                "occurred_at": from_ms(trigger.now),
                "header": trigger.header,
                "deadline": self.instance.spec.id,
                "task_id": self.instance.task_id,
                "cycle": cycle,
                "accountable": accountable(self.instance, trigger.header),
                "due_at": from_ms(due),
                **fields,
            }
        )
        return Outgoing(deadlines.TOPIC, message)
