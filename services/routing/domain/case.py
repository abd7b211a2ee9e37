"""A case as routing keeps it: the only truth about it, and what events say of it."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from schemas import formats
from schemas.base import Frozen, Instant, Stored, policy_key
from schemas.cases import CaseHeader, OpenTask, Role, State, Via
from schemas.contacts import Channel, Department, Flags, Kind
from schemas.severity import Doubt, Level, Signal

Json = dict[str, Any]

_NAMES = {
    "profile": "policy",
    "profile_version": "policy_version",
    "passed": "declined_by",
    "unmanned": "unstaffed",
    "offer": "hand_over",
    "climbed_at": "escalated_at",
    "climbed_for": "escalated_for",
    "promises": "deadlines",
    "broken": "breach_count",
    "revised": "revisions",
}
"""Fields of a case by the names that they had in format 1."""

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
ENDED: frozenset[State] = frozenset({"resolved", "closed"})

DeadlineStatus = Literal["running", "paused", "breached", "met", "cancelled"]


class HandOver(Frozen):
    """A hand-over to a person or queue, not yet accepted. `previous` is the one that an escalation stands before.

    `before` and `rung_before` are what the case returns to when the hand-over is declined or taken back.
    `post` is the receiver's, as `place/role`; empty for a queue.
    """

    to: str
    role: Role
    via: Via
    rung: int
    at: Instant
    giver: str
    before: State
    rung_before: int
    breach: UUID | None = None
    previous: "HandOver | None" = None
    post: str = ""


class Support(Frozen):
    """The manufacturer's part, asked for or accepted: it stands by, the dealer keeps the lead.

    `declined` are those of its side who did since somebody last accepted.
    """

    to: str
    via: Via
    at: Instant
    rung_before: int
    before: State
    breach: UUID | None = None
    previous: "Support | None" = None
    accepted_at: Instant | None = None
    post: str = ""
    declined: tuple[str, ...] = ()


class Task(OpenTask):
    """A task as the case keeps it; `post` is that of who is asked, as `place/role`, empty for a queue.

    Of one to confirm, `suspected` is the graver level, `criteria` are those suspected, and `doubts` say why a person is
    asked; `tells` who hears of it before.
    """

    at: Instant
    post: str = ""
    suspected: Level | None = None
    criteria: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    tells: Literal["manufacturer"] | None = None

    def public(self) -> OpenTask:
        """What events say of it."""
        return OpenTask.model_validate({name: getattr(self, name) for name in OpenTask.model_fields})


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
    flags: Flags = Flags()
    ticks: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()


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
    """`rung` is a place on the policy's ladder, 0 being its lowest; `breach_count` counts standing breaches,
    repeats included. `flags` and `ticks` are those of all its contacts together. `suspected` is a level graver than
    `severity` that a person has still to confirm. `deadlines` stand by their names in the case.

    `escalated_for` are the breaches that the last escalation answers: its own, and others of the same pass.
    `owner_post` is the post under which it is the owner's. `declined_by` are those who declined it since
    somebody last took it. `unstaffed` are the queues without members that hold it, as was announced;
    `alarms` counts how often.
    """

    id: UUID
    number: str
    kind: Kind
    channel: Channel
    shop: str
    franchise: str
    group: str
    manufacturer: str
    department: Department
    policy: str
    policy_version: str
    state: State = "registered"
    severity: Level
    suspected: Level | None = None
    criteria: tuple[str, ...]
    flags: Flags = Flags()
    ticks: tuple[str, ...] = ()
    confirmed: bool = False
    triage: tuple[str, ...] = ()
    owner: str
    owner_role: Role
    owned_at: Instant
    owner_post: str = ""
    declined_by: tuple[str, ...] = ()
    unstaffed: tuple[str, ...] = ()
    alarms: int = 0
    hand_over: HandOver | None = None
    support: Support | None = None
    tasks: tuple[Task, ...] = ()
    rung: int = 0
    escalated_at: Instant | None = None
    escalated_for: tuple[UUID, ...] = ()
    contacts: tuple[Contact, ...]
    notes: int = 0
    attempts: int = 0
    contacted_at: Instant | None = None
    followed_up_at: Instant | None = None
    deadlines: dict[str, Deadline] = {}
    breaches: tuple[Breach, ...] = ()
    breach_count: int = 0
    next_due: Instant = NEVER
    deliveries: dict[str, int] = {}
    received_at: Instant
    opened_at: Instant
    updated_at: Instant
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    revisions: tuple[Revision, ...] = ()

    @classmethod
    def upgraded(cls, state: Json) -> Json:
        """A case of format 1: what was written under other names."""
        present = formats.renamed(state, _NAMES)
        # Fields were added to the format while it lasted: what an early case lacks has its default.
        return {
            **formats.with_queues(present, "owner"),
            "declined_by": [formats.queue_name(one) for one in present.get("declined_by", ())],
            "unstaffed": [formats.queue_name(one) for one in present.get("unstaffed", ())],
            "hand_over": _upgraded_part(present.get("hand_over")),
            "support": _upgraded_part(present.get("support")),
            "contacts": [formats.renamed(one, {"findings": "signals"}) for one in present["contacts"]],
            "breaches": [formats.renamed(one, {"clock": "deadline"}) for one in present.get("breaches", ())],
            "revisions": [
                formats.with_values(
                    {**one, "fields": [_NAMES.get(name, name) for name in one["fields"]]}, by=formats.ACTORS
                )
                for one in present.get("revisions", ())
            ],
        }

    @property
    def revision(self) -> int:
        """The revision that people see as ETag."""
        return self.revisions[-1].revision if self.revisions else 0

    @property
    def policy_key(self) -> str:
        """The policy version by which it is decided."""
        return policy_key(self.policy, self.policy_version)


def _upgraded_part(part: Json | None) -> Json | None:
    """A hand-over or a support of format 1, with those that lie beneath it."""
    if part is None:
        return None
    present = formats.with_values(formats.renamed(part, {"over": "previous"}), via=formats.VIA)
    return {
        **formats.with_queues(present, "to", "giver"),
        "previous": _upgraded_part(present.get("previous")),
    }


def header(case: Case) -> CaseHeader:
    """What every event says of its case."""
    hand_over = case.hand_over
    return CaseHeader(
        number=case.number,
        kind=case.kind,
        franchise=case.franchise,
        shop=case.shop,
        group=case.group,
        manufacturer=case.manufacturer,
        department=case.department,
        severity=case.severity,
        suspected=case.suspected,
        state=case.state,
        owner=case.owner,
        owner_role=case.owner_role,
        hand_over_to=hand_over and hand_over.to,
        hand_over_role=hand_over and hand_over.role,
        support_to=case.support and case.support.to,
        tasks=tuple(task.public() for task in case.tasks),
        rung=case.rung,
        policy=case.policy,
        policy_version=case.policy_version,
        triage=bool(case.triage),
    )
