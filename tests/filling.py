"""A form with a field of every kind, and what people fill in."""

from typing import Any, get_args

from schemas.base import Bilingual
from schemas.forms import FieldKind, FieldSpec, FormSpec, Option

OPTIONS = tuple(
    Option(id=name, title=Bilingual(zh=name, en=name)) for name in ("repair", "refund", "apology")
)
KINDS: tuple[FieldKind, ...] = get_args(FieldKind)


def field(name: str, kind: FieldKind, **more: Any) -> FieldSpec:
    options = OPTIONS if kind in {"choice", "choices"} else ()
    title = {"zh": name, "en": f"the {name}"}
    return FieldSpec.model_validate({"id": name, "kind": kind, "title": title, "options": options} | more)


def form(*fields: FieldSpec) -> FormSpec:
    return FormSpec(id="all", title=Bilingual(zh="全部", en="Everything"), fields=fields)


EVERY_KIND = form(*(field(kind, kind) for kind in KINDS))
"""Each field is called by its kind, and may be left out."""
