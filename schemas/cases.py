"""Topic `cases`: what was decided about a case. No personal data, only ids.

Texts rest in `services/routing/store/texts.py`; a signal is a place in a text, not its words.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from schemas.base import Count, Frozen, Instant, Message, policy_key
from schemas.calendar import CalendarSpec
from schemas.contacts import Channel, Department, Flags, Kind
from schemas.severity import Doubt, Level, Signal

TOPIC = "cases"

State = Literal[
    "registered", "in_review", "transferred", "assessed", "in_progress", "not_reached", "escalated", "resolved",
    "closed",
]  # fmt: skip
Role = Literal["operator", "dealer_cr_manager", "sc_sa", "dept_manager", "dealer_gm", "mfr_cr"]
Tier = Literal["dealer", "manufacturer"]
Via = Literal["assignment", "transfer", "escalation", "return", "support"]
Part = Literal["owner", "hand_over", "support", "task"]
TaskKind = Literal["confirm"]
Withdrawn = Literal["certain", "widened", "unanswered"]
"""Why a task is taken back: what it asks is certain by now, more is asked, or somebody else is asked in their place."""


def tier(role: Role) -> Tier:
    """The side a role stands on."""
    return "manufacturer" if role == "mfr_cr" else "dealer"


Unconfirmed = Literal["nobody_on_duty", "not_in_time"]
"""Why what was suspected acts although nobody has confirmed it."""


class OpenTask(Frozen):
    """Something asked of a person, or of a role's queue, that is not answered yet.

    `safety` says that the safety of people may hang on it.
    """

    task_id: UUID
    task: TaskKind
    to: str
    role: Role
    safety: bool = False


class CaseHeader(Frozen):
    """What every event says of its case, so that no service has to ask another.

    `support_to` is whoever is asked to support it, or supports it, at the manufacturer. `suspected` is a level graver
    than `severity` that somebody has still to confirm.
    """

    number: str
    kind: Kind
    franchise: str
    shop: str
    group: str
    manufacturer: str
    department: Department
    severity: Level
    suspected: Level | None = None
    state: State
    owner: str
    owner_role: Role
    hand_over_to: str | None = None
    hand_over_role: Role | None = None
    support_to: str | None = None
    tasks: tuple[OpenTask, ...] = ()
    rung: Count
    policy: str
    policy_version: str
    triage: bool = False

    @property
    def policy_key(self) -> str:
        """The policy version by which the case is decided."""
        return policy_key(self.policy, self.policy_version)

    def task(self, task_id: UUID | None) -> OpenTask | None:
        """The task of this id, as long as it is not answered."""
        return next((task for task in self.tasks if task.task_id == task_id), None)


class CaseMessage(Message):
    """An event of a case; `by` is a person's id or the name of the rule that decided."""

    header: CaseHeader
    by: str = "system"


class CaseOpened(CaseMessage):
    """`received_at` is when the customer spoke; deadlines that count from receipt start there.

    `flags` and `ticks` are what the operator marked, as told: facts by name, and criteria by id.
    """

    type: Literal["case.opened"] = "case.opened"
    channel: Channel
    received_at: Instant
    calendar: CalendarSpec
    criteria: tuple[str, ...]
    signals: tuple[Signal, ...] = ()
    flags: Flags = Flags()
    ticks: tuple[str, ...] = ()
    triage_reasons: tuple[str, ...] = ()


class CaseHandedOver(CaseMessage):
    """Handed over to a named person (or a role's queue); the owner stays owner until it is accepted.

    `deadline` names the deadline whose breach made it escalate.
    """

    type: Literal["case.handed_over"] = "case.handed_over"
    to: str
    role: Role
    tier: Tier
    via: Via
    rung: Count
    deadline: str | None = None
    note: UUID | None = None


class CaseAccepted(CaseMessage):
    type: Literal["case.accepted"] = "case.accepted"
    role: Role
    tier: Tier


class CaseReturned(CaseMessage):
    """The hand-over was declined, with a reason; the owner keeps the case."""

    type: Literal["case.returned"] = "case.returned"
    role: Role
    reason: UUID


class CaseJudged(CaseMessage):
    """A person settled the nature of the complaint; `severity` is their verdict."""

    type: Literal["case.judged"] = "case.judged"
    severity: Level
    previous: Level
    reason: UUID | None = None


class CaseSeverityRaised(CaseMessage):
    """Raised by what was reported, or by a person; never lowered this way.

    `unconfirmed` says why it was raised to what was only suspected.
    """

    type: Literal["case.severity_raised"] = "case.severity_raised"
    severity: Level
    previous: Level
    criteria: tuple[str, ...]
    unconfirmed: Unconfirmed | None = None


class CaseContactAdded(CaseMessage):
    """A further contact of the same case, perhaps another complaint; `flags` and `ticks` are its own."""

    type: Literal["case.contact_added"] = "case.contact_added"
    contact: UUID
    channel: Channel
    criteria: tuple[str, ...]
    flags: Flags = Flags()
    ticks: tuple[str, ...] = ()


class CaseContacted(CaseMessage):
    """The department reached the customer."""

    type: Literal["case.contacted"] = "case.contacted"
    note: UUID


class CaseFollowedUp(CaseMessage):
    type: Literal["case.followed_up"] = "case.followed_up"
    note: UUID


class CaseNotReached(CaseMessage):
    """An attempt that did not reach the customer; it is no contact."""

    type: Literal["case.not_reached"] = "case.not_reached"
    note: UUID


class CaseResolved(CaseMessage):
    type: Literal["case.resolved"] = "case.resolved"
    note: UUID


class CaseClosed(CaseMessage):
    type: Literal["case.closed"] = "case.closed"
    note: UUID


class CaseEscalationWithdrawn(CaseMessage):
    """The breach that had made it escalate did not stand; a hand-over not yet accepted is taken back.

    `again` says that an earlier one of the same kind stands again and is still to be accepted.
    """

    type: Literal["case.escalation_withdrawn"] = "case.escalation_withdrawn"
    deadline: str
    to: str
    tier: Tier = "dealer"
    again: bool = False


class CaseReassigned(CaseMessage):
    """Whoever had this part in the case has left, or lost the post under which it was theirs; deadlines go on."""

    type: Literal["case.reassigned"] = "case.reassigned"
    part: Part
    to: str
    predecessor: str
    role: Role
    tier: Tier
    why: Literal["left", "post_lost"]


class CaseUnattended(CaseMessage):
    """The queue `to`, which holds the case, has no members: who answers for it has to know."""

    type: Literal["case.unattended"] = "case.unattended"
    part: Part
    to: str
    role: Role


class TaskMessage(CaseMessage, OpenTask):
    """An event of a task."""


class CaseTaskSent(TaskMessage):
    """Something is asked of somebody. Of one to confirm, `criteria` are those suspected, and `doubts` say why."""

    type: Literal["case.task_sent"] = "case.task_sent"
    criteria: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class CaseTaskAnswered(TaskMessage):
    type: Literal["case.task_answered"] = "case.task_answered"


class CaseTaskWithdrawn(TaskMessage):
    type: Literal["case.task_withdrawn"] = "case.task_withdrawn"
    because: Withdrawn


class CaseSnapshot(CaseMessage):
    """The case as it is, after a gap; the only event a reader takes out of turn."""

    type: Literal["case.snapshot"] = "case.snapshot"
    received_at: Instant
    calendar: CalendarSpec


CaseEvent = (
    CaseOpened
    | CaseHandedOver
    | CaseAccepted
    | CaseReturned
    | CaseJudged
    | CaseSeverityRaised
    | CaseContactAdded
    | CaseContacted
    | CaseFollowedUp
    | CaseNotReached
    | CaseResolved
    | CaseClosed
    | CaseEscalationWithdrawn
    | CaseReassigned
    | CaseUnattended
    | CaseTaskSent
    | CaseTaskAnswered
    | CaseTaskWithdrawn
    | CaseSnapshot
)
ADAPTER: TypeAdapter[CaseEvent] = TypeAdapter(Annotated[CaseEvent, Field(discriminator="type")])
