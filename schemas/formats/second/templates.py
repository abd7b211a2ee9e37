"""Texts of format 2: they could say on which side a role stood, and now say where it works."""

import re

from schemas.formats.second.names import Json

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SIDE = re.compile(r"\btier\b")


def upgrade_template(template: Json) -> Json:
    """The texts of a notice under the names of today's facts."""
    return {name: _upgrade(kept) for name, kept in template.items()}


def _upgrade(kept: object) -> object:
    if isinstance(kept, dict):
        return {language: _EXPRESSION.sub(_renamed, text) for language, text in kept.items()}
    if isinstance(kept, list):
        return ["where" if name == "tier" else name for name in kept]
    return kept


def _renamed(found: "re.Match[str]") -> str:
    return _SIDE.sub("where", found[0])
