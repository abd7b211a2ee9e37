"""Topic `policies` (compacted): one programme's rules as data; a case keeps the version it opened with."""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.base import Bilingual, Strict
from schemas.calendar import Limit
from schemas.cases import Role, Tier
from schemas.deliveries import Medium
from schemas.severity import Level, SeverityPolicy

TOPIC = "policies"


class When(Strict):
    """An event by type, with fields that must equal one of the values listed; no expressions."""

    type: str
    where: dict[str, tuple[str | bool | int, ...]] = {}


class Warn(Strict):
    """A warning before the due time: when this share of the limit has passed, or minutes before."""

    percent: Annotated[int, Field(gt=0, lt=100)] | None = None
    minutes_before: Annotated[int, Field(gt=0)] | None = None


class ClockSpec(Strict):
    """One clock: when it starts, stands still and stops, how long it has, and what follows.

    It runs while `applies` holds for the case header. A recurring clock starts its next cycle at
    each due time, and anew at an event of `restart`. `climbs` lets a breach climb a rung. After
    `repeats` breaches a recurring clock goes on at the pace of `then`.
    """

    id: str
    title: Bilingual
    source: str
    accountable: Role | Literal["owner", "offered"]
    limit: Limit
    limit_by_severity: dict[Level, Limit] = {}
    starts_from: Literal["event", "receipt"] = "event"
    applies: dict[str, tuple[str | bool | int, ...]] = {}
    start: tuple[When, ...]
    pause: tuple[When, ...] = ()
    resume: tuple[When, ...] = ()
    stop: tuple[When, ...] = ()
    cancel: tuple[When, ...] = ()
    restart: tuple[When, ...] = ()
    recurring: bool = False
    repeats: int | None = None
    then: Limit | None = None
    warnings: tuple[Warn, ...] = (Warn(percent=75),)
    climbs: bool = True
    statutory: bool = False


class Rung(Strict):
    """A step of the ladder, lowest first."""

    role: Role
    tier: Tier
    title: Bilingual


class HandOver(Strict):
    """Who may hand a case to whom."""

    giver: Role
    receivers: tuple[Role, ...]
    source: str


class Template(Strict):
    """The texts of one notice; Jinja2 in a sandbox, checked when the policy is loaded."""

    id: str
    subject: Bilingual
    body: Bilingual
    sms: Bilingual


Recipient = Literal["owner", "offered", "accountable", "giver", "subject"]


class NoticeRule(Strict):
    """Whom to tell what, and how, when an event of the case or of its clocks occurs.

    `to` names parties of the case or roles; each person is told once. `not_after_minutes` is how
    long the notice is worth sending, in business time after the event.
    """

    id: str
    when: When
    applies: dict[str, tuple[str | bool | int, ...]] = {}
    to: tuple[Recipient | Role, ...]
    by: tuple[Medium, ...]
    template: str
    not_after_minutes: Annotated[int, Field(gt=0)]
    source: str = "origin: product"


class CustomerNotice(Strict):
    """What the customer himself is told by the medium he gave; texts know `number`, `shop` and `name`."""

    when: When
    by: tuple[Medium, ...]
    template: str
    not_after_minutes: Annotated[int, Field(gt=0)] = 2880


class Wording(Strict):
    """Who is told what, and in which words; `words` name roles, levels and the like for people."""

    notices: tuple[NoticeRule, ...] = ()
    customer_notices: tuple[CustomerNotice, ...] = ()
    templates: tuple[Template, ...] = ()
    words: dict[str, Bilingual] = {}


class Profile(Wording):
    """A programme: everything that differs between manufacturers, with the source of each rule."""

    id: str
    title: Bilingual
    severity: SeverityPolicy
    ladder: tuple[Rung, ...]
    first_receiver: Role
    first_hand_over: Role
    escalate_to_manufacturer: tuple[Level, ...] = ()
    hand_overs: tuple[HandOver, ...]
    clocks: tuple[ClockSpec, ...]

    @property
    def version(self) -> str:
        """The hash of the content: the same rules are the same version."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


class PublishedProfile(Strict):
    """The record on Kafka, keyed `<profile>@<version>`."""

    version: str
    profile: Profile


def matches(when: When, message: Any) -> bool:
    """Whether a message is of the type and its fields have one of the values asked for."""
    return message.type == when.type and satisfies(when.where, message)


def satisfies(fields: dict[str, tuple[str | bool | int, ...]], value: Any) -> bool:
    """Whether every field named has one of its values; `header.severity` reaches inside."""
    return all(_reach(value, path) in allowed for path, allowed in fields.items())


def _reach(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = getattr(value, name, None)
    return value
