"""Renders the texts of a policy within the limits of their medium."""

import json
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

import jinja2
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schemas.contacts import Language
from schemas.media import MEDIA, Form, Medium
from schemas.notices import Template
from schemas.policies import Policy
from services.notify.domain.segments import segments

# Texts are plain, so nothing in them is escaped.
PLAIN = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
LANGUAGES: tuple[Language, ...] = get_args(Language)
# Facts that may be long and are understood when they are cut: never numbers, times, roles or levels.
NAMES = ("shop", "manufacturer", "owner", "receiver", "by", "to", "deadline", "criteria", "name")
SHORTEST = 3
JOINER = "\u200d"


class TextError(Exception):
    """A template cannot be rendered; the message names it and says why, `part` is the field, as `sms.zh`."""

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class RenderedText:
    """What a person reads. Only a letter has a subject; a short text has segments, and perhaps names cut to keep them."""

    subject: str
    body: str
    segments: int = 0
    shortened: bool = False
    too_long: bool = False


def find(policy: Policy, template: str) -> Template:
    """The template of this id; `TextError` when the policy has none."""
    templates = {one.id: one for one in policy.templates}
    if template not in templates:
        raise TextError(f"template {template!r}: is not among {list(templates)}")
    return templates[template]


def render(
    template: Template, medium: Medium, language: Language, facts: Mapping[str, object]
) -> RenderedText:
    """The text of one message; `TextError` where it asks for a fact that is not there."""
    return _FORMS[MEDIA[medium].form](template, language, facts)


def _letter(template: Template, language: Language, facts: Mapping[str, object]) -> RenderedText:
    subject = " ".join(fill(template, "subject", language, facts).split())
    return RenderedText(subject, fill(template, "body", language, facts) + "\n")


def _short(template: Template, language: Language, facts: Mapping[str, object]) -> RenderedText:
    """Within the segments of its template if names cut short can bring it there; it goes out all the same."""
    body = fill(template, "sms", language, facts)
    if segments(body) <= template.segments:
        return RenderedText("", body, segments(body))
    longest = max([len(str(facts.get(name, ""))) for name in NAMES])
    lengths = range(max(longest, SHORTEST), SHORTEST - 1, -1)

    def cut(length: int) -> str:
        return fill(template, "sms", language, {**facts, **_clipped(facts, length, language)})

    fits = bisect_left(lengths, 1, key=lambda length: segments(cut(length)) <= template.segments)
    shorter = cut(lengths[min(fits, len(lengths) - 1)])
    taken = segments(shorter)
    return RenderedText("", shorter, taken, shortened=shorter != body, too_long=taken > template.segments)


def _payload(template: Template, _language: Language, facts: Mapping[str, object]) -> RenderedText:
    """A JSON object of the facts that the template names; its subject is the template's id."""
    missing = [name for name in template.payload if name not in facts]
    if missing or not template.payload:
        raise _wrong(template, "payload", f"should name facts among {sorted(facts)}, not {missing}")
    named = {
        name: _plain(fact) if isinstance(fact := facts[name], str) else fact for name in template.payload
    }
    return RenderedText(template.id, json.dumps(named, ensure_ascii=False))


_FORMS: Mapping[Form, Callable[[Template, Language, Mapping[str, object]], RenderedText]] = {
    "letter": _letter,
    "short": _short,
    "payload": _payload,
}


def _clipped(facts: Mapping[str, object], length: int, language: Language) -> dict[str, str]:
    # The sign of omission of Chinese is of no alphabet in which English fits.
    mark = "…" if language == "zh" else "."
    return {name: clip(str(facts[name]), length, mark) for name in NAMES if name in facts}


def clip(text: str, length: int, mark: str) -> str:
    """At most `length` signs of it, `mark` among them; what belongs to the sign before is not torn off."""
    if len(text) <= length:
        return text
    at = length - len(mark)
    while at > 0 and (unicodedata.category(text[at])[0] == "M" or JOINER in text[at - 1 : at + 1]):
        at -= 1
    return text[:at].rstrip() + mark


def fill(template: Template, part: str, language: Language, facts: Mapping[str, object]) -> str:
    """One part of a template, at whatever length it comes to."""
    source = getattr(getattr(template, part), language)
    try:
        text = _plain(_compiled(source).render(facts)).strip()
    except Exception as error:
        # Besides its own errors, a template raises whatever an expression in it does.
        raise _wrong(template, f"{part}.{language}", str(error)) from error
    if not text:
        raise _wrong(template, f"{part}.{language}", "renders to nothing")
    return text


@lru_cache(maxsize=1024)
def _compiled(source: str) -> jinja2.Template:
    """Compiled once: the same few texts go out all day."""
    return PLAIN.from_string(source)


def _plain(text: str) -> str:
    """Without what no message can carry: control characters, and halves of signs that no encoding has."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))


def _wrong(template: Template, part: str, why: str) -> TextError:
    return TextError(f"template {template.id!r}, {part}: {why}", part)
