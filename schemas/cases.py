"""Topic `cases`: what was decided about a case. Ids, codes, numbers and dates, no words and no personal data.

What is filled in as `text` rests in `services/routing/store/texts.py`; a signal is a place in a text, not its words.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from schemas.base import EMPTY, Frozen, Instant, Message, policy_key
from schemas.calendar import CalendarSpec
from schemas.severity import Doubt, Signal
from schemas.values import Flags, Values
from schemas.vocabulary import (
    ActionName,
    Channel,
    Department,
    FormName,
    Kind,
    Ladder,
    Level,
    Role,
    Stage,
    State,
    TaskKind,
    Where,
)

TOPIC = "cases"

Via = Literal["assignment", "transfer", "escalation", "rule", "anew"]
"""How somebody came to be asked: for a role that the case needs, by name, by a rung of a ladder, by a rule of the policy,
or anew, in the place of somebody who has gone, declined or not answered."""
Part = Literal["owner", "task"]
Withdrawn = Literal[
    "certain", "widened", "unanswered", "taken", "replaced", "declined", "not_late", "over", "gone"
]
"""Why a task is taken back: what it asks is certain by now, more is asked, somebody else is asked in their place, somebody
else has taken it or was asked instead, it was declined, what had caused it was not late, the case is past it, or who was
asked has gone."""
Unconfirmed = Literal["nobody_on_duty", "not_in_time"]
"""Why what was suspected acts although nobody has confirmed it."""


class OpenTask(Frozen):
    """Something asked of a person, or of a role's queue, that is not done yet; `place` is where the role works.

    `giver` is who has asked for it, or who owned the case when a rule did.

    `safety` says that the safety of people may hang on it.
    """

    task_id: UUID
    task: TaskKind
    to: str
    role: Role
    place: str
    where: Where
    via: Via = "assignment"
    giver: str = ""
    moves_owner: bool = False
    accepted: bool = False
    safety: bool = False


class CaseHeader(Frozen):
    """What every event says of its case, so that no service has to ask another.

    `suspected` is a level graver than `severity`, still to be confirmed; `confirmed` where a person has said `severity`.
    `owner_place` is where the owner's role works, `asked` where anybody was ever asked something.
    """

    number: str
    kind: Kind
    channel: Channel
    franchise: str
    shop: str
    group: str
    region: str
    manufacturer: str
    department: Department
    severity: Level
    suspected: Level | None = None
    confirmed: bool = False
    state: State
    stage: Stage
    owner: str
    owner_role: Role
    owner_where: Where
    owner_place: str = ""
    tasks: tuple[OpenTask, ...] = ()
    asked: tuple[str, ...] = ()
    policy: str
    policy_version: str
    triage: bool = False

    @property
    def policy_key(self) -> str:
        """The policy version by which the case is decided."""
        return policy_key(self.policy, self.policy_version)

    def task(self, task_id: UUID | None) -> OpenTask | None:
        """The task of this id, as long as it is not done."""
        return next((task for task in self.tasks if task.task_id == task_id), None)


class CaseMessage(Message):
    """An event of a case; `by` is a person's id or the name of the rule that decided.

    `after` is the case as the whole decision leaves it, where the last of its events has another header.
    """

    header: CaseHeader
    by: str = "system"
    after: CaseHeader | None = None


class CaseOpened(CaseMessage):
    """`received_at` is when the customer spoke. `flags`, `ticks` and `fields` are what the operator marked and filled in."""

    type: Literal["case.opened"] = "case.opened"
    channel: Channel
    received_at: Instant
    calendar: CalendarSpec
    criteria: tuple[str, ...]
    signals: tuple[Signal, ...] = ()
    flags: Flags = EMPTY
    ticks: tuple[str, ...] = ()
    fields: Values = EMPTY
    triage_reasons: tuple[str, ...] = ()


class CaseContactAdded(CaseMessage):
    """A further contact of the same case, perhaps another complaint; `flags`, `ticks` and `fields` are its own."""

    type: Literal["case.contact_added"] = "case.contact_added"
    contact: UUID
    channel: Channel
    criteria: tuple[str, ...]
    flags: Flags = EMPTY
    ticks: tuple[str, ...] = ()
    fields: Values = EMPTY


class CaseReopened(CaseMessage):
    """A case that was over goes on: what people had done before counts no more."""

    type: Literal["case.reopened"] = "case.reopened"
    previous_state: State


class CaseActed(CaseMessage):
    """Somebody did something, in one of their roles; `fields` is what they filled in, their words rest under `note`."""

    type: Literal["case.acted"] = "case.acted"
    action: ActionName
    role: Role
    previous_state: State
    form: FormName | None = None
    fields: Values = EMPTY
    note: UUID | None = None


class CaseJudged(CaseMessage):
    """A person settled the nature of the complaint; `severity` is their verdict."""

    type: Literal["case.judged"] = "case.judged"
    severity: Level
    previous: Level
    note: UUID | None = None


class CaseSeverityRaised(CaseMessage):
    """Raised by what was reported, or by a person; never lowered this way.

    `unconfirmed` says why it was raised to what was only suspected.
    """

    type: Literal["case.severity_raised"] = "case.severity_raised"
    severity: Level
    previous: Level
    criteria: tuple[str, ...]
    unconfirmed: Unconfirmed | None = None


class CaseEscalated(CaseMessage):
    """Somebody is told that a deadline has passed, by the rung of a ladder that only tells."""

    type: Literal["case.escalated"] = "case.escalated"
    ladder: Ladder
    to: str
    role: Role
    deadline: str


class CaseReassigned(CaseMessage):
    """Whoever had this part in the case has left, or lost the post under which it was theirs; deadlines go on."""

    type: Literal["case.reassigned"] = "case.reassigned"
    part: Part
    to: str
    predecessor: str
    role: Role
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
    """Something is asked of somebody: as the owner it stays until they accept, where that moves the owner.

    `deadline` names the deadline whose breach made it escalate by `ladder`. Of one to confirm, `criteria` are those
    suspected, and `doubts` say why. `fields` is what was filled in when it was sent, the words rest under `note`.
    """

    type: Literal["case.task_sent"] = "case.task_sent"
    ladder: Ladder | None = None
    deadline: str | None = None
    criteria: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    fields: Values = EMPTY
    note: UUID | None = None


class CaseTaskAccepted(TaskMessage):
    type: Literal["case.task_accepted"] = "case.task_accepted"


class CaseTaskAnswered(TaskMessage):
    """What was asked is done; `fields` is what was filled in, the words rest under `note`."""

    type: Literal["case.task_answered"] = "case.task_answered"
    fields: Values = EMPTY
    note: UUID | None = None


class CaseTaskRefused(TaskMessage):
    """Declined, with a reason; of a task that moves the owner, the owner keeps the case."""

    type: Literal["case.task_refused"] = "case.task_refused"
    note: UUID | None = None


class CaseTaskWithdrawn(TaskMessage):
    """Nobody has to do it any more; `deadline` is the one that was not late after all."""

    type: Literal["case.task_withdrawn"] = "case.task_withdrawn"
    because: Withdrawn
    deadline: str | None = None


class CaseRebased(CaseMessage):
    """The case goes on by another version of its policy; what it is now stands in the header."""

    type: Literal["case.rebased"] = "case.rebased"
    previous_version: str
    received_at: Instant
    calendar: CalendarSpec


class CaseSnapshot(CaseMessage):
    """The case as it is, after a gap; the only event a reader takes out of turn."""

    type: Literal["case.snapshot"] = "case.snapshot"
    received_at: Instant
    calendar: CalendarSpec


CaseEvent = (
    CaseOpened
    | CaseContactAdded
    | CaseReopened
    | CaseActed
    | CaseJudged
    | CaseSeverityRaised
    | CaseEscalated
    | CaseReassigned
    | CaseUnattended
    | CaseTaskSent
    | CaseTaskAccepted
    | CaseTaskAnswered
    | CaseTaskRefused
    | CaseTaskWithdrawn
    | CaseRebased
    | CaseSnapshot
)

ADAPTER: TypeAdapter[CaseEvent] = TypeAdapter(Annotated[CaseEvent, Field(discriminator="type")])
