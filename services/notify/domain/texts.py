"""Renders the texts of a profile; a text that does not know its facts is found out before it is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schemas.contacts import Language
from schemas.deliveries import Medium
from schemas.policy import Profile, Template

# Texts are plain, so nothing in them is escaped.
PLAIN = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
LANGUAGES: tuple[Language, ...] = get_args(Language)


class TextError(Exception):
    """A template cannot be rendered; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads; SMS have no subject."""

    subject: str
    body: str


def find(profile: Profile, template: str) -> Template:
    """The template of this id; `TextError` when the profile has none."""
    for known in profile.templates:
        if known.id == template:
            return known
    raise TextError(f"template {template!r}: is not among {[known.id for known in profile.templates]}")


def render(template: Template, medium: Medium, language: Language, facts: Mapping[str, object]) -> Text:
    """The text of one message; `TextError` where it asks for a fact that is not there."""
    if medium == "sms":
        return Text("", _filled(template, "sms", language, facts))
    subject = " ".join(_filled(template, "subject", language, facts).split())
    return Text(subject, _filled(template, "body", language, facts) + "\n")


def _filled(template: Template, part: str, language: Language, facts: Mapping[str, object]) -> str:
    source = getattr(getattr(template, part), language)
    try:
        text = PLAIN.from_string(source).render(facts).strip()
    except Exception as error:
        # Besides its own errors, a template raises whatever an expression in it does.
        raise TextError(f"template {template.id!r}, {part}.{language}: {error}") from error
    if not text:
        raise TextError(f"template {template.id!r}, {part}.{language}: renders to nothing")
    return text
