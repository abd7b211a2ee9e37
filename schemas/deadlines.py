"""Topic `deadlines`: what the deadlines of a case did."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from schemas.base import Count, Instant, Key, Message, Whole
from schemas.cases import CaseHeader
from schemas.identity import deadline_name
from schemas.vocabulary import Names, Role

TOPIC = "deadlines"


class DeadlineMessage(Message):
    """An event of one deadline; `cycle` counts the rounds of a recurring deadline from 1.

    `task_id` is the task that it is a deadline of.
    """

    header: CaseHeader
    deadline: Annotated[Key, Names("deadlines")]
    task_id: UUID | None = None
    cycle: Count
    accountable: Role
    due_at: Instant

    @property
    def name(self) -> str:
        """What it is called among the deadlines of its case."""
        return deadline_name(self.deadline, self.task_id)


class DeadlineStarted(DeadlineMessage):
    """Runs; `provisional` where the calendar's holidays are not yet published.

    `restarted` where it counts from now, since its limit would lie in the past by the version by which its case goes on.
    """

    type: Literal["deadline.started"] = "deadline.started"
    provisional: bool = False
    restarted: bool = False


class DeadlineMoved(DeadlineMessage):
    """The due time changed: a pause ended, a severity changed; `restarted` as `reason` as for one that starts."""

    type: Literal["deadline.moved"] = "deadline.moved"
    reason: str
    provisional: bool = False


class DeadlinePaused(DeadlineMessage):
    type: Literal["deadline.paused"] = "deadline.paused"


class DeadlineMet(DeadlineMessage):
    """Stopped at `met_at`; `late` when that was not before the due time."""

    type: Literal["deadline.met"] = "deadline.met"
    met_at: Instant
    late: bool


class DeadlineCancelled(DeadlineMessage):
    type: Literal["deadline.cancelled"] = "deadline.cancelled"


class DeadlineWarned(DeadlineMessage):
    """`level` is negative: -1 is the last warning before the due time, -2 the one before it."""

    type: Literal["deadline.warned"] = "deadline.warned"
    level: Whole


class DeadlineBreached(DeadlineMessage):
    """Passed; `late` marks one that fired only after a stop of the deadlines themselves."""

    type: Literal["deadline.breached"] = "deadline.breached"
    level: Whole = 0
    late: bool = False
    repeat: Count = 0


class DeadlineEscalationDue(DeadlineMessage):
    """A breach may escalate a rung now: at once where its level says so, else in the shop's hours."""

    type: Literal["deadline.escalation_due"] = "deadline.escalation_due"
    level: Whole
    breach: UUID


class DeadlineWithdrawn(DeadlineMessage):
    """The breach named does not stand: its stop had occurred in time."""

    type: Literal["deadline.withdrawn"] = "deadline.withdrawn"
    breach: UUID
    met_at: Instant


DeadlineEvent = (
    DeadlineStarted
    | DeadlineMoved
    | DeadlinePaused
    | DeadlineMet
    | DeadlineCancelled
    | DeadlineWarned
    | DeadlineBreached
    | DeadlineEscalationDue
    | DeadlineWithdrawn
)
ADAPTER: TypeAdapter[DeadlineEvent] = TypeAdapter(Annotated[DeadlineEvent, Field(discriminator="type")])
