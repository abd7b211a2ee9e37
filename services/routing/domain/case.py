"""A case as routing keeps it: the only truth about it, and what events say of it."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from schemas import formats
from schemas.base import EMPTY, Frozen, Instant, Stored, policy_key
from schemas.cases import CaseHeader, OpenTask
from schemas.formats import first, second
from schemas.severity import Doubt, Signal
from schemas.values import Flags, Values
from schemas.vocabulary import Channel, Department, FormName, Kind, Ladder, Level, Role, Stage, State, Where

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
PASSED: frozenset[Stage] = frozenset({"closing", "over"})
"""Stages in which a case is handled no more: nothing escalates it."""

DeadlineStatus = Literal["running", "paused", "breached", "met", "cancelled"]


class Task(OpenTask):
    """A task as the case keeps it; `post` is that of who is asked, as `place/role`, empty for a queue.

    `moved` are the states from and to which asking has moved the case, the first that of all that wait,
    `moved_first` what they were before it was asked once more, and `rungs_before` where the case was on each ladder
    that it moved on: what goes back where it is refused or taken back. `breaches` are what a ladder sent it for, of
    `deadline` last, `values` what was filled in when it was asked, `declined` who was asked the same before and
    declined. `notified_of` is the rung of which whoever had accepted before was only notified, and `breaches` are
    then those of it alone. `roles` are those that it was asked of, each before the next, and `answered_by` who has
    answered it in turn before, and in whose place. Of one to confirm, `suspected` is the graver level, `criteria`
    are those suspected, and `doubts` say why a person is asked; `tells` that the manufacturer hears of it before.
    """

    sent_at: Instant
    post: str = ""
    moved: tuple[State, State] | None = None
    moved_first: tuple[State, State] | None = None
    ladder: Ladder | None = None
    deadline: str | None = None
    values: Values = EMPTY
    rungs_before: dict[Ladder, int | None] = EMPTY
    breaches: tuple[UUID, ...] = ()
    notified_of: int | None = None
    declined: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    answered_by: tuple[str, ...] = ()
    suspected: Level | None = None
    criteria: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    tells: bool = False

    def facts(self) -> dict[str, Any]:
        """What events say of it, by field."""
        own = vars(self)
        return {name: own[name] for name in OpenTask.__pydantic_fields__}

    def public(self) -> OpenTask:
        """What events say of it."""
        return OpenTask.of_valid(self.facts())


class Contact(Frozen):
    """One contact of the customer; further ones are perhaps another complaint. Texts rest elsewhere.

    `flags` and `ticks` are what the operator marked. `suspected` is a graver level that was to be confirmed, and
    `doubts` say why.
    `unusable` says what was given with it but cannot be used, such as an address.
    """

    id: UUID
    channel: Channel
    received_at: Instant
    text: UUID
    customer: UUID
    severity: Level
    suspected: Level | None = None
    criteria: tuple[str, ...]
    signals: tuple[Signal, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    flags: Flags = EMPTY
    ticks: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()


class FormRecord(Frozen):
    """A form as it was filled in last, and by whom; free texts rest under `note`."""

    by: str
    at: Instant
    values: Values = EMPTY
    note: UUID | None = None


class Done(Frozen):
    """What people did by one action since the case was opened: how often, when last, and who."""

    times: int
    at: Instant
    by: tuple[str, ...]


class Deadline(Frozen):
    """The present round of one deadline, folded from `deadlines` so that a reader needs only the case."""

    cycle: int
    due_at: Instant
    accountable: Role
    status: DeadlineStatus = "running"
    provisional: bool = False
    warned: int = 0
    met_at: Instant | None = None
    late: bool = False


class Breach(Frozen):
    """A due time that passed; it does not stand when its stop turns out to have been in time.

    `repeats` counts the later cycles of a recurring deadline that passed as well before anybody followed up.
    """

    id: UUID
    deadline: str
    task_id: UUID | None = None
    cycle: int
    due_at: Instant
    accountable: Role
    standing: bool = True
    repeats: int = 0


class Revision(Frozen):
    """Which fields a person could see change at one revision."""

    revision: int
    by: str
    at: Instant
    fields: tuple[str, ...]


class Case(Stored):
    """`rungs` are the places on the policy's ladders, 0 being the lowest, and `passes` when each last escalated it.

    `breach_count` counts standing breaches, repeats included. `flags` and `ticks` are those of all its contacts together.
    `suspected` is a level graver than `severity` that a person has still to confirm. `deadlines` stand by their names in
    the case. `owner_post` is the post under which it is the owner's, `owner_place` where their role works. `declined_by` are
    those who declined it since somebody last took it, `asked` the places where anybody was ever asked something. `done` says what people did, by action, and `filled` what they
    filled in last, by form. `unstaffed` are the queues without members that hold it, as was announced; `alarms` counts how
    often.
    """

    id: UUID
    number: str
    kind: Kind
    channel: Channel
    shop: str
    franchise: str
    group: str
    region: str
    manufacturer: str
    department: Department
    policy: str
    policy_version: str
    state: State
    stage: Stage
    severity: Level
    suspected: Level | None = None
    criteria: tuple[str, ...]
    flags: Flags = EMPTY
    ticks: tuple[str, ...] = ()
    confirmed: bool = False
    triage: tuple[str, ...] = ()
    owner: str
    owner_role: Role
    owner_where: Where
    owner_place: str
    owned_at: Instant
    owner_post: str = ""
    declined_by: tuple[str, ...] = ()
    unstaffed: tuple[str, ...] = ()
    alarms: int = 0
    tasks: tuple[Task, ...] = ()
    asked: tuple[str, ...] = ()
    rungs: dict[Ladder, int] = EMPTY
    passes: dict[Ladder, Instant] = EMPTY
    contacts: tuple[Contact, ...]
    done: dict[str, Done] = EMPTY
    filled: dict[FormName, FormRecord] = EMPTY
    notes: int = 0
    deadlines: dict[str, Deadline] = EMPTY
    breaches: tuple[Breach, ...] = ()
    breach_count: int = 0
    next_due: Instant = NEVER
    deliveries: dict[str, int] = EMPTY
    received_at: Instant
    opened_at: Instant
    updated_at: Instant
    ended_at: Instant | None = None
    revisions: tuple[Revision, ...] = ()

    @classmethod
    def upgraded(cls, state: dict[str, Any], of: int) -> dict[str, Any]:
        """A case of an earlier format."""
        return formats.upgraded(state, of, first.upgrade_case, second.upgrade_case)

    @property
    def revision(self) -> int:
        """The revision that people see as ETag."""
        return self.revisions[-1].revision if self.revisions else 0

    @property
    def is_over(self) -> bool:
        """Whether nobody has to do anything for it any more."""
        return self.stage == "over"

    def task(self, task_id: UUID | None) -> Task | None:
        """The task of this id, as long as it is not done."""
        return next((task for task in self.tasks if task.task_id == task_id), None)

    def tasks_of(self, kind: str | None) -> list[Task]:
        """The tasks of a kind that are not done, the oldest first."""
        return [task for task in self.tasks if task.task == kind]

    @property
    def hand_overs(self) -> list[Task]:
        """The tasks that move the owner, not yet accepted."""
        return [task for task in self.tasks if task.moves_owner]

    @cached_property
    def header(self) -> CaseHeader:
        """What every event says of it."""
        own = vars(self)
        fields = {name: own[name] for name in CaseHeader.__pydantic_fields__}
        tasks = tuple(task.public() for task in self.tasks)
        return CaseHeader.of_valid({**fields, "tasks": tasks, "triage": bool(self.triage)})

    @property
    def policy_key(self) -> str:
        """The policy version by which it is decided."""
        return policy_key(self.policy, self.policy_version)
