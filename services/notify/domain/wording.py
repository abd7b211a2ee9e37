"""Tries every text on a sample of every event that asks for it, before anybody waits for it."""

from collections.abc import Iterator

from schemas.base import Bilingual
from schemas.contacts import Language
from schemas.deliveries import Medium
from schemas.policy import NoticeRule, Profile, Wording
from schemas.severity import SeverityPolicy
from services.notify.domain.directory import Directory
from services.notify.domain.facts import Facts, Teller
from services.notify.domain.recipients import Event
from services.notify.domain.samples import sample
from services.notify.domain.texts import LANGUAGES, TextError, find, render


def must_render(file: str, wording: Wording) -> None:
    """Raises `TextError` naming the file and everything in it that would fail when it is needed."""
    if found := sorted(
        {f"{file}: {fault}" for language in LANGUAGES for fault in _faults(wording, language)}
    ):
        raise TextError("\n".join(found))


def _faults(wording: Wording, language: Language) -> Iterator[str]:
    profile = _bare(wording)
    teller = Teller(profile, Directory({}), language)
    for rule in wording.notices:
        event = sample(rule.when.type)
        if event is None:
            yield f"notice {rule.id!r}: {rule.when.type!r} is no event of a case or a clock"
            continue
        yield from _unknown_fields(rule, event)
        yield from _tried(profile, rule.template, rule.by, language, teller.of(event))
    customer: Facts = {**teller.customer("7K2M-9QXD-4T", "shop"), "name": "Li Na"}
    for notice in wording.customer_notices:
        yield from _tried(profile, notice.template, notice.by, language, customer)


def _unknown_fields(rule: NoticeRule, event: Event) -> Iterator[str]:
    """A field that no such event has would never be equal to anything."""
    asked = [(name, event) for name in rule.when.where] + [(name, event.header) for name in rule.applies]
    for path, start in asked:
        value: object = start
        for name in path.split("."):
            if not hasattr(value, name):
                yield f"notice {rule.id!r}: {rule.when.type!r} has no field {path!r}"
                break
            value = getattr(value, name)


def _tried(
    profile: Profile, template: str, by: tuple[Medium, ...], language: Language, facts: Facts
) -> Iterator[str]:
    for medium in by:
        try:
            render(find(profile, template), medium, language, facts)
        except TextError as error:
            yield str(error)


def _bare(wording: Wording) -> Profile:
    """A profile of nothing but its wording: what a text may use depends on the event alone."""
    return Profile(
        id="sample",
        title=Bilingual(zh="样本", en="sample"),
        severity=SeverityPolicy(criteria=()),
        ladder=(),
        first_receiver="operator",
        first_hand_over="dealer_cr_manager",
        hand_overs=(),
        clocks=(),
        **{name: getattr(wording, name) for name in Wording.model_fields},
    )
