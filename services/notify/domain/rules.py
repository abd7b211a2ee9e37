"""What is to be sent when something occurs: one message per person and medium, as policy says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.conditions import matches, satisfies
from schemas.contacts import Language
from schemas.identity import delivery_id
from schemas.media import Medium
from schemas.notices import NoticeRule
from schemas.outreach import DeliveryResent, OutreachMessage, OutreachRequested
from schemas.policies import Policy
from schemas.staffing import Directory
from services.common.store.decision import Wait
from services.common.store.versions import Versions
from services.notify.domain.delivery import CUSTOMER, Delivery
from services.notify.domain.facts import Facts, FactWriter
from services.notify.domain.recipients import Event, Parties


class UnknownPolicyError(Exception):
    """A case names a policy that was never published."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stands on Kafka."""

    partition: int
    offset: int


def _policy_key(message: Event | OutreachRequested) -> str:
    """The policy version that decides about a record, as `<policy>@<version>`."""
    return message.policy_key if isinstance(message, OutreachRequested) else message.header.policy_key


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All published policies and the directory, as they are now."""

    policies: Versions[Policy]
    directory: Directory

    def wait_for(self, message: Event | OutreachMessage) -> Wait | None:
        """The decision while the policy version of a record is not announced; None where it is, or none is needed."""
        return None if isinstance(message, DeliveryResent) else self.policies.wait_for(_policy_key(message))

    def deliveries(self, message: Event | OutreachRequested, place: Origin) -> list[Delivery]:
        """What is to be sent because of a record; nothing for most."""
        name = _policy_key(message)
        policy = self.policy(name)
        if isinstance(message, OutreachRequested):
            return [self._outreach(message, name, place)]
        planned = _planned(message, policy, self.directory)
        return [self._delivery(message, name, notice, place) for notice in planned]

    def policy(self, name: str) -> Policy:
        """By `<policy>@<version>`; `UnknownPolicyError` when it was never published."""
        if name not in self.policies:
            raise UnknownPolicyError(f"policy {name!r} is not on topic 'policies'")
        return self.policies[name]

    def _delivery(self, event: Event, name: str, notice: "Notice", place: Origin) -> Delivery:
        person = self.directory.person(notice.person)
        language: Language = person.language if person else "zh"
        return Delivery(
            id=delivery_id(event.id, notice.person, notice.medium),
            case_id=event.case_id,
            event=event.id,
            partition=place.partition,
            person=notice.person,
            medium=notice.medium,
            template=notice.rule.template,
            language=language,
            policy=name,
            facts=FactWriter(self.policy(name), self.directory, language).of_event(event),
            occurred_at=event.occurred_at,
            not_after=_after(event.occurred_at, notice.rule.not_after_minutes),
        )

    def _outreach(self, request: OutreachRequested, name: str, place: Origin) -> Delivery:
        policy = self.policy(name)
        facts: Facts = FactWriter(policy, self.directory, request.language).of_case(
            request.case_number, request.shop
        )
        return Delivery(
            id=delivery_id(request.id, CUSTOMER, request.medium),
            case_id=request.case_id,
            event=request.id,
            partition=place.partition,
            origin=place.offset,
            person=CUSTOMER,
            medium=request.medium,
            template=request.template,
            language=request.language,
            policy=name,
            facts=facts,
            occurred_at=request.occurred_at,
            not_after=_after(request.occurred_at, _worth(policy, request.template)),
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """One person to be notified by one rule and one medium."""

    rule: NoticeRule
    person: str
    medium: Medium


def _planned(event: Event, policy: Policy, directory: Directory) -> Iterator[Notice]:
    """The first rule that names a person notifies them; later ones only those whom none before them named."""
    parties = Parties(event, directory, policy)
    notified: set[str] = set()
    for rule in policy.notices:
        if matches(rule.when, event) and satisfies(rule.applies, event.header):
            people = [person for person in parties.people(rule.to) if person not in notified]
            notified.update(people)
            yield from (Notice(rule, person, medium) for person in people for medium in rule.by)


def _worth(policy: Policy, template: str) -> int:
    """Minutes a customer's notice is worth sending, by the rule of its template."""
    minutes = (rule.not_after_minutes for rule in policy.customer_notices if rule.template == template)
    try:
        return next(minutes)
    except StopIteration:
        raise UnknownPolicyError(f"no customer notice has the template {template!r}") from None


def _after(at: datetime, minutes: int) -> datetime:
    return at + timedelta(minutes=minutes)
