"""A case as routing keeps it: the only truth about it, and what other rooms are told of it."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from schemas.base import Frozen, Instant
from schemas.cases import CaseHeader, Role, State, Via
from schemas.contacts import Channel, Department, Flags, Kind
from schemas.severity import Finding, Level

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
ENDED: frozenset[State] = frozenset({"resolved", "closed"})

PromiseStatus = Literal["running", "paused", "breached", "met", "cancelled"]


class Offer(Frozen):
    """Offered to a person or desk, not yet accepted. `over` is the offer that a climb put aside.

    `before` and `rung_before` are what the case returns to when the offer is declined or taken back.
    `post` is the one under which it is offered, as `place/role`; empty for a queue.
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
    over: "Offer | None" = None
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
    over: "Support | None" = None
    accepted_at: Instant | None = None
    post: str = ""
    declined: tuple[str, ...] = ()


class Contact(Frozen):
    """One contact of the customer; further ones are perhaps another complaint. Words rest elsewhere.

    `flags` and `ticks` are what the operator marked, as told.
    `unusable` says in words what was given with it but cannot be used, such as an address.
    """

    id: UUID
    channel: Channel
    received_at: Instant
    text: UUID
    customer: UUID
    severity: Level
    criteria: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    flags: Flags = Flags()
    ticks: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()


class Promise(Frozen):
    """The present round of one clock, folded from `deadlines` so that a reader needs only the case."""

    cycle: int
    due_at: Instant
    accountable: Role
    status: PromiseStatus = "running"
    provisional: bool = False
    warned: int = 0
    met_at: Instant | None = None
    late: bool = False


class Breach(Frozen):
    """A due time that passed; it does not stand when its stop turns out to have been in time.

    `repeats` counts the later cycles of a recurring clock that passed as well before anybody followed up.
    """

    id: UUID
    clock: str
    cycle: int
    due_at: Instant
    accountable: Role
    standing: bool = True
    repeats: int = 0


class Revised(Frozen):
    """Which fields a person could see change at one revision."""

    revision: int
    by: str
    at: Instant
    fields: tuple[str, ...]


class Case(Frozen):
    """`rung` is a place on the profile's ladder, 0 being its lowest; `broken` counts standing breaches,
    repeats included. `flags` and `ticks` are those of all its contacts together.

    `climbed_for` are the breaches that the last climb answers: its own, and others of the same pass.
    `owner_post` is the post under which it is the owner's. `passed` are those who declined it since
    somebody last took it. `unmanned` are the queues without members that hold it, as was announced;
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
    profile: str
    profile_version: str
    state: State = "registered"
    severity: Level
    criteria: tuple[str, ...]
    flags: Flags = Flags()
    ticks: tuple[str, ...] = ()
    confirmed: bool = False
    triage: tuple[str, ...] = ()
    owner: str
    owner_role: Role
    owned_at: Instant
    owner_post: str = ""
    passed: tuple[str, ...] = ()
    unmanned: tuple[str, ...] = ()
    alarms: int = 0
    offer: Offer | None = None
    support: Support | None = None
    rung: int = 0
    climbed_at: Instant | None = None
    climbed_for: tuple[UUID, ...] = ()
    contacts: tuple[Contact, ...]
    notes: int = 0
    attempts: int = 0
    contacted_at: Instant | None = None
    followed_up_at: Instant | None = None
    promises: dict[str, Promise] = {}
    breaches: tuple[Breach, ...] = ()
    broken: int = 0
    next_due: Instant = NEVER
    deliveries: dict[str, int] = {}
    received_at: Instant
    opened_at: Instant
    updated_at: Instant
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    revised: tuple[Revised, ...] = ()

    @property
    def policy(self) -> str:
        """The version of the policy that it goes by, as it is published."""
        return f"{self.profile}@{self.profile_version}"


def header(case: Case) -> CaseHeader:
    """What every event says of its case."""
    offer = case.offer
    return CaseHeader(
        number=case.number,
        kind=case.kind,
        franchise=case.franchise,
        shop=case.shop,
        group=case.group,
        manufacturer=case.manufacturer,
        department=case.department,
        severity=case.severity,
        state=case.state,
        owner=case.owner,
        owner_role=case.owner_role,
        offered_to=offer and offer.to,
        offered_role=offer and offer.role,
        support_to=case.support and case.support.to,
        rung=case.rung,
        profile=case.profile,
        profile_version=case.profile_version,
        triage=bool(case.triage),
    )
