"""Tries every text on a sample of every event that asks for it, before anybody waits for it."""

from collections.abc import Iterator

from schemas.contacts import Language
from schemas.deliveries import Medium
from schemas.policy import Profile, Wording
from schemas.severity import SeverityPolicy
from services.notify.domain.directory import Directory
from services.notify.domain.facts import Facts, Teller
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
        facts = teller.of(sample(rule.when.type))
        yield from _tried(profile, rule.template, rule.by, language, facts)
    customer: Facts = {**teller.customer("7K2M-9QXD-4T", "shop"), "name": "Li Na"}
    for notice in wording.customer_notices:
        yield from _tried(profile, notice.template, notice.by, language, customer)


def _tried(
    profile: Profile, template: str, by: tuple[Medium, ...], language: Language, facts: Facts
) -> Iterator[str]:
    for medium in by:
        try:
            render(find(profile, template), medium, language, facts)
        except TextError as error:
            yield str(error)


def _bare(wording: Wording) -> Profile:
    """A profile of nothing but its wording, unchecked: what a text may use depends on the event alone."""
    severity = SeverityPolicy.model_construct(criteria=())
    return Profile.model_construct(**dict(wording), severity=severity, clocks=())
