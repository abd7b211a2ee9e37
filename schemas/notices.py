"""The notices of a policy: who is told of what, by which medium and in which words."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import MOST_MINUTES, Bilingual, Strict
from schemas.conditions import EVENTS, AnyWhen, HeaderWanted
from schemas.faults import FILLED, Fault, must_be_among, once, refuse
from schemas.media import Audience, Medium, reaching
from schemas.vocabulary import Names, TemplateName

PARTIES = ("owner", "accountable", "giver", "subject", "manufacturer")
Recipient = Annotated[str, Names("roles", besides=PARTIES, prefixes=("task:",))]
"""Who is told: a party of the event, a role at its place, or who is asked by the tasks of a kind (`task:<task>`)."""
Media = Annotated[tuple[Medium, ...], FILLED]


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
    to: Annotated[tuple[Recipient, ...], FILLED]
    by: Media
    template: TemplateName
    not_after_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)]
    source: str = "origin: product"

    @model_validator(mode="after")
    def _everybody_can_be_reached(self) -> Self:
        refuse(
            [
                *_without_subject(self),
                *_unreached(self.by if "manufacturer" in self.to else (), "manufacturer"),
            ]
        )
        return self


def _without_subject(rule: NoticeRule) -> Iterator[Fault]:
    """Whom an event is about is told only of one that says so."""
    if "subject" in rule.to and "to" not in EVENTS[rule.when.type].model_fields:
        naming = ", ".join(name for name, event in EVENTS.items() if "to" in event.model_fields)
        yield ("to", rule.to.index("subject")), f"should be subject only of {naming}"


class OpeningEvent(Strict):
    """The one event customers are notified of: only with their contact is there an address."""

    type: Literal["case.opened"]


class CustomerNotice(Strict):
    """What customers are sent by the first of these media for which they gave an address.

    Texts know `number`, `shop` and `name`.
    """

    when: OpeningEvent
    by: Media
    template: TemplateName
    not_after_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)] = 2880

    @model_validator(mode="after")
    def _customers_can_be_reached(self) -> Self:
        refuse(_unreached(self.by, "customer"))
        return self


class Wording(Strict):
    """Who is notified of what, and by which texts; `words` say what the engine's own words are called by people."""

    notices: tuple[NoticeRule, ...] = ()
    customer_notices: tuple[CustomerNotice, ...] = ()
    templates: Annotated[tuple[Template, ...], once("id")] = ()
    words: dict[str, Bilingual] = {}
