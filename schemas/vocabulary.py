"""The names that policies give: each is marked with what it names, so that all can be checked.

No code knows one of these names; what the engine itself distinguishes are the literals of this file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from schemas.base import Identifier
from schemas.faults import Place

Where = Literal["shop", "group", "region", "manufacturer"]
"""Where a role works: at the shop of a case, or at what the shop belongs to."""
Stage = Literal["intake", "handling", "closing", "over"]
"""How far a case is, whatever a policy calls its states; the ladders escalate none that is `closing` or `over`."""
Vocabulary = Literal[
    "kinds", "channels", "departments", "roles", "levels", "criteria", "flags", "forms", "states", "actions",
    "tasks", "ladders", "deadlines", "templates",
]  # fmt: skip


Given = Mapping[Vocabulary, tuple[str, ...]]
"""All names that a policy gives, by what they name."""


@dataclass(frozen=True, slots=True)
class Names:
    """Metadata of an identifier: it is the name of one of these, or one of the engine's words beside them."""

    of: Vocabulary
    besides: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()


Kind = Annotated[Identifier, Names("kinds")]
Channel = Annotated[Identifier, Names("channels")]
Department = Annotated[Identifier, Names("departments")]
Role = Annotated[Identifier, Names("roles")]
Level = Annotated[Identifier, Names("levels")]
Flag = Annotated[Identifier, Names("flags")]
FormName = Annotated[Identifier, Names("forms")]
State = Annotated[Identifier, Names("states")]
ActionName = Annotated[Identifier, Names("actions")]
TaskKind = Annotated[Identifier, Names("tasks")]
Ladder = Annotated[Identifier, Names("ladders")]
DeadlineName = Annotated[str, Names("deadlines")]
TemplateName = Annotated[str, Names("templates")]


Unwrapped = tuple[Any, tuple[Any, ...]]
"""An annotation with its metadata, as `unwrapped` returns them."""


def names_in(value: Any, kind: Unwrapped = (None, ())) -> Iterator[tuple[Place, Names, str]]:
    """Every name that a value of a policy says, with its place in the value and what it names."""
    if isinstance(value, str):
        yield from (((), mark, value) for mark in kind[1] if isinstance(mark, Names))
    for step, inner, its_kind in _inside(value, kind[0]):
        if its_kind and inner is not None:
            yield from (((step, *place), what, name) for place, what, name in names_in(inner, its_kind))


def _inside(value: Any, annotation: Any) -> Iterator[tuple[int | str, Any, Unwrapped | None]]:
    """What a value is made of, with the step to it and, if it can name anything, what it is."""
    if isinstance(value, BaseModel):
        yield from ((step, getattr(value, name), kind) for name, step, kind in _fields(type(value)))
    elif isinstance(value, dict):
        key, kept = _arguments(annotation, 2)
        for name, each in value.items():
            yield name, name, key
            yield name, each, kept
    elif isinstance(value, tuple):
        [entry] = _arguments(annotation, 1)
        yield from ((at, each, entry) for at, each in enumerate(value))


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str, Unwrapped], ...]:
    """The fields of a model that may be names or hold some, each with the step to it."""
    fields = (
        (name, field.alias or name, unwrapped(field.annotation, tuple(field.metadata)))
        for name, field in model.model_fields.items()
    )
    return tuple(field for field in fields if _may_name(field[2]))


@cache
def _arguments(annotation: Any, count: int) -> tuple[Unwrapped | None, ...]:
    """What the first parameters of an annotation say; None where they are missing or cannot name anything."""
    kinds = [unwrapped(each) for each in get_args(annotation)[:count]]
    return tuple(kind if _may_name(kind) else None for kind in kinds) + (None,) * (count - len(kinds))


def _may_name(kind: Unwrapped) -> bool:
    """False of a plain value, such as a number or a text that names nothing."""
    annotation, marks = kind
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    has_parts = any(not isinstance(part, str) for part in get_args(annotation))
    return is_model or has_parts or any(isinstance(mark, Names) for mark in marks)


def names_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Names | None:
    """What the text of an annotation is the name of, if it is one."""
    _, marks = unwrapped(annotation, metadata)
    return next((mark for mark in marks if isinstance(mark, Names)), None)


def unwrapped(annotation: Any, metadata: tuple[Any, ...] = ()) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without its metadata; of what may be missing, that of what it is if it is there."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return unwrapped(inner, (*metadata, *marks))
    given = [one for one in get_args(annotation) if one is not type(None)]
    if type(None) in get_args(annotation) and len(given) == 1:
        return unwrapped(given[0], metadata)
    return annotation, metadata
