"""Topic `policies` (compacted): one policy's rules as data; a case keeps the version it opened with."""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from schemas.base import MOST_MINUTES, Bilingual, Count, Strict, policy_key
from schemas.cases import Role, Tier, tier
from schemas.conditions import EVENTS, LEVEL_FIELDS, AnyWhen, HeaderWanted, Wanted, When
from schemas.deadline_spec import DeadlineSpec
from schemas.faults import FILLED, Fault, Place, must_be_among, once, refuse
from schemas.formats import FORMAT
from schemas.media import Audience, Medium, reaching
from schemas.severity import SeverityPolicy
from schemas.tasks import TaskSpec

TOPIC = "policies"


class Rung(Strict):
    """A step of the ladder, lowest first."""

    role: Role
    tier: Tier
    title: Bilingual

    @model_validator(mode="after")
    def _stands_on_the_side_of_its_role(self) -> Self:
        if self.tier != tier(self.role):
            refuse([(("tier",), f"should be {tier(self.role)}, where a {self.role} works")])
        return self


class HandOverRule(Strict):
    """Who may hand a case to whom."""

    giver: Role
    receivers: Annotated[tuple[Role, ...], FILLED]
    source: str


class Template(Strict):
    """The texts of one notice; Jinja2 in a sandbox, checked when the policy is loaded.

    `segments` is how many an SMS may take: 70 signs in one, 160 where GSM-7 has them all, a little less in each of more.
    `payload` names the facts that go to machines.
    """

    id: str
    subject: Bilingual
    body: Bilingual
    sms: Bilingual
    segments: Annotated[int, Field(ge=1, le=4)] = 1
    payload: tuple[str, ...] = ()


Recipient = Literal["owner", "receiver", "accountable", "giver", "subject", "manufacturer"]
Media = Annotated[tuple[Medium, ...], FILLED]


def _unreached(by: Media, audience: Audience) -> Iterator[Fault]:
    """Media by which they cannot be reached."""
    media = reaching(audience)
    for at, medium in enumerate(by):
        if medium not in media:
            yield ("by", at), f"{must_be_among(media)} for a {audience}"


class NoticeRule(Strict):
    """Whom to notify, how and by which template, when an event of the case or of its deadlines occurs.

    `to` names parties of the case or roles; each person is notified once. `not_after_minutes` is how
    long the notice is worth sending, in business time after the event.
    """

    id: str
    when: AnyWhen
    applies: HeaderWanted = {}
    to: Annotated[tuple[Literal[Recipient, Role], ...], FILLED]
    by: Media
    template: str
    not_after_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)]
    source: str = "origin: product"

    @model_validator(mode="after")
    def _the_subject_is_in_the_event(self) -> Self:
        if "subject" in self.to and "to" not in EVENTS[self.when.type].model_fields:
            naming = ", ".join(name for name, event in EVENTS.items() if "to" in event.model_fields)
            refuse([(("to", self.to.index("subject")), f"should be subject only of {naming}")])
        return self

    @model_validator(mode="after")
    def _a_manufacturer_can_be_reached(self) -> Self:
        if "manufacturer" in self.to:
            refuse(_unreached(self.by, "manufacturer"))
        return self


class Opening(Strict):
    """The one event customers are notified of: only with their contact is there an address."""

    type: Literal["case.opened"]


class CustomerNotice(Strict):
    """What customers are sent by the first of these media for which they gave an address.

    Texts know `number`, `shop` and `name`.
    """

    when: Opening
    by: Media
    template: str
    not_after_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)] = 2880

    @model_validator(mode="after")
    def _customers_can_be_reached(self) -> Self:
        refuse(_unreached(self.by, "customer"))
        return self


class Wording(Strict):
    """Who is notified of what, and by which texts; `words` name roles, departments and the like for people."""

    notices: tuple[NoticeRule, ...] = ()
    customer_notices: tuple[CustomerNotice, ...] = ()
    templates: Annotated[tuple[Template, ...], once("id")] = ()
    words: dict[str, Bilingual] = {}

    @model_validator(mode="after")
    def _templates_are_there(self) -> Self:
        known = [template.id for template in self.templates]
        asked = [(("notices", at, "template"), rule.template) for at, rule in enumerate(self.notices)]
        asked += [
            (("customer_notices", at, "template"), rule.template)
            for at, rule in enumerate(self.customer_notices)
        ]
        refuse((place, must_be_among(known)) for place, one in asked if one not in known)
        return self


class Policy(Wording):
    """A policy: everything that differs between manufacturers, with the source of each rule."""

    id: str
    title: Bilingual
    severity: SeverityPolicy
    ladder: Annotated[tuple[Rung, ...], once("role")]
    first_receiver: Role
    first_hand_over: Role
    hand_overs: tuple[HandOverRule, ...]
    tasks: Annotated[tuple[TaskSpec, ...], once("id")] = ()
    deadlines: Annotated[tuple[DeadlineSpec, ...], once("id")]

    @property
    def version(self) -> str:
        """The hash of the content: the same rules are the same version."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    @model_validator(mode="after")
    def _deadlines_are_there(self) -> Self:
        refuse(self._unknown_deadlines())
        return self

    def _unknown_deadlines(self) -> Iterator[Fault]:
        known = [deadline.id for deadline in self.deadlines]
        for place, when in self._conditions():
            for at, name in enumerate(when.where.get("deadline", ())):
                if name not in known:
                    yield (*place, "where", "deadline", at), must_be_among(known)

    @model_validator(mode="after")
    def _tasks_are_there(self) -> Self:
        tasks = [f"task:{task.id}" for task in self.tasks]
        unknown = (at for at, deadline in enumerate(self.deadlines) if deadline.per not in (None, *tasks))
        refuse((("deadlines", at, "per"), must_be_among(tasks)) for at in unknown)
        return self

    @model_validator(mode="after")
    def _levels_are_there(self) -> Self:
        levels = self.severity.level_ids
        refuse(
            (place, f"{must_be_among(levels)}, not {name!r}")
            for place, name in self._levels_named()
            if name not in levels
        )
        return self

    def _levels_named(self) -> Iterator[tuple[Place, object]]:
        for place, wanted in self._wanted():
            for field in LEVEL_FIELDS:
                for at, name in enumerate(wanted.get(field, ())):
                    yield (*place, field, at), name
        for at, deadline in enumerate(self.deadlines):
            for level in deadline.limit_by_severity:
                yield ("deadlines", at, "limit_by_severity", level), level

    def _wanted(self) -> Iterator[tuple[Place, Wanted]]:
        """What rules and conditions ask of fields."""
        yield from ((("notices", at, "applies"), rule.applies) for at, rule in enumerate(self.notices))
        yield from ((("deadlines", at, "applies"), spec.applies) for at, spec in enumerate(self.deadlines))
        yield from (((*place, "where"), when.where) for place, when in self._conditions())

    def _conditions(self) -> Iterator[tuple[Place, When]]:
        for at, rule in enumerate(self.notices):
            yield ("notices", at, "when"), rule.when
        for at, deadline in enumerate(self.deadlines):
            for name in ("start", "pause", "resume", "stop", "cancel", "restart"):
                for nth, when in enumerate(getattr(deadline, name)):
                    yield ("deadlines", at, name, nth), when


class PublishedPolicy(Strict):
    """The record on Kafka, keyed `<policy>@<version>`."""

    format: Count = FORMAT
    version: str
    policy: Policy


ADAPTER: TypeAdapter[PublishedPolicy] = TypeAdapter(PublishedPolicy)


def key(published: PublishedPolicy) -> str:
    """The key of a version on the compacted topic."""
    return policy_key(published.policy.id, published.version)
