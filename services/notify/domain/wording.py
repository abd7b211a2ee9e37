"""Tries every text on a sample of every event that asks for it, before anybody waits for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemas.contacts import Language
from schemas.media import MEDIA, Medium
from schemas.notices import Template
from schemas.policies import Policy
from schemas.staffing import Directory
from services.notify.domain.facts import Facts, FactWriter
from services.notify.domain.samples import longest, sample
from services.notify.domain.segments import SEPTETS, UNITS, segments
from services.notify.domain.texts import LANGUAGES, TextError, fill, find, render

Line = Callable[[tuple[int | str, ...]], int]


def must_render(file: str, policy: Policy, line: Line | None = None) -> None:
    """Raises `TextError` naming the file and everything in it that would fail when it is needed.

    With `line`, which knows where a field stands in the file, each fault says that too.
    """
    faults = {f"{file}: {fault}" for language in LANGUAGES for fault in _faults(policy, language, line)}
    if faults:
        raise TextError("\n".join(sorted(faults)))


def _faults(policy: Policy, language: Language, line: Line | None) -> Iterator[str]:
    for tried in _tries(policy, language):
        for part, fault in tried.faults():
            at = line and line(("templates", policy.templates.index(tried.template), *part.split(".")))
            yield f"{fault} (line {at})" if at else fault


def _tries(policy: Policy, language: Language) -> Iterator["Try"]:
    writer = FactWriter(policy, Directory(), language)
    for rule in policy.notices:
        yield Try(
            find(policy, rule.template), rule.by, language, writer.of_event(sample(rule.when.type)), policy
        )
    customer: Facts = {**writer.of_case("7K2M-9QXD-4T", "shop"), "name": "Li Na"}
    for notice in policy.customer_notices:
        yield Try(find(policy, notice.template), notice.by, language, customer, policy)


@dataclass(frozen=True, slots=True)
class Try:
    """One template with the facts of one event, by the media of the rule that asks for it."""

    template: Template
    by: tuple[Medium, ...]
    language: Language
    facts: Facts
    policy: Policy

    def faults(self) -> Iterator[tuple[str, str]]:
        """The part of the template at fault, as `sms.zh`, and what is wrong with it."""
        try:
            for medium in self.by:
                render(self.template, medium, self.language, self.facts)
            if any(MEDIA[medium].form == "short" for medium in self.by):
                yield from self._too_long()
        except TextError as error:
            yield error.part, str(error)

    def _too_long(self) -> Iterator[tuple[str, str]]:
        text = fill(self.template, "sms", self.language, longest(self.facts, self.policy, self.language))
        most, taken = self.template.segments, segments(text)
        if taken > most:
            part = f"sms.{self.language}"
            yield (
                part,
                (
                    f"template {self.template.id!r}, {part}: takes {taken} segments where names are long, should fit "
                    f"{most} of {UNITS} signs ({SEPTETS} where GSM-7 has them all); or say `segments: {taken}`"
                ),
            )
