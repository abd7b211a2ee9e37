"""The names that policies give: each is marked with what it names, so that all can be checked.

No code knows one of these names; what the engine itself distinguishes are the literals of this file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


def names_in(
    value: Any, annotation: Any = None, metadata: tuple[Any, ...] = ()
) -> Iterator[tuple[Place, Names, str]]:
    """Every name that a value of a policy says, with its place in the value and what it names."""
    annotation, metadata = unwrapped(annotation, metadata)
    if isinstance(value, str):
        yield from (((), mark, value) for mark in metadata if isinstance(mark, Names))
    for step, inner, kind, marks in _inside(value, annotation):
        yield from (((step, *place), what, said) for place, what, said in names_in(inner, kind, marks))


def _inside(value: Any, annotation: Any) -> Iterator[tuple[int | str, Any, Any, tuple[Any, ...]]]:
    """What a value is made of, with the step to it and its annotation."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield field.alias or name, getattr(value, name), field.annotation, tuple(field.metadata)
    elif isinstance(value, dict):
        key, kept = get_args(annotation) or (None, None)
        for name, each in value.items():
            yield name, name, key, ()
            yield name, each, kept, ()
    elif isinstance(value, tuple):
        entry = next(iter(get_args(annotation)), None)
        yield from ((at, each, entry, ()) for at, each in enumerate(value))


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
