"""Forms: what people fill in. Codes, numbers and dates travel in events; free texts rest elsewhere."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    model_validator,
)

from schemas.base import MOST, Bilingual, Identifier, Instant, Strict
from schemas.contacts import LONGEST_TEXT
from schemas.directory import Identifier as Entry
from schemas.faults import DAY, FILLED, MOMENT, once, refuse
from schemas.values import MOST_FIELDS, Value, Values

FieldKind = Literal[
    "text", "code", "choice", "choices", "yes_no", "number", "money", "date", "instant",
    "level", "shop", "role", "person",
]  # fmt: skip

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


def _number(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError("should be a valid integer")  # noqa: TRY004 - pydantic tells of no other
    return given


def _written(pattern: str, says: str) -> BeforeValidator:
    """Only as text of this shape: a number would be taken for seconds since 1970."""

    def check(given: Any) -> Any:
        if not isinstance(given, str) or not re.match(pattern, given, re.ASCII):
            raise ValueError(says)
        return given

    return BeforeValidator(check)


Number = Annotated[int, Field(ge=0, le=MOST), BeforeValidator(_number)]
Day = Annotated[date, _written(r"\d{4}-\d\d-\d\d$", DAY)]
Moment = Annotated[Instant, _written(r"\d{4}-\d\d-\d\d[Tt ]", MOMENT)]


class Option(Strict):
    """One of the answers that a choice offers."""

    id: Identifier
    title: Bilingual


class FieldSpec(Strict):
    """One field of a form. `text` is free text; `code` a reference such as the number of a recording.

    `level`, `shop`, `role` and `person` name one of the policy's levels, or a post of the directory and who has it.
    """

    id: Identifier
    title: Bilingual
    kind: FieldKind
    required: bool = False
    options: Annotated[tuple[Option, ...], Field(max_length=MOST_FIELDS), once("id")] = ()

    @model_validator(mode="after")
    def _only_a_choice_has_options(self) -> Self:
        offers = self.kind in {"choice", "choices"}
        if offers != bool(self.options):
            says = (
                "should have at least one entry"
                if offers
                else "should be left out: only a choice has options"
            )
            refuse([(("options",), says)])
        return self


class FormSpec(Strict):
    """A form by its fields, in the order in which people fill them in."""

    id: Identifier
    title: Bilingual
    fields: Annotated[tuple[FieldSpec, ...], Field(max_length=MOST_FIELDS), FILLED, once("id")]

    @cached_property
    def by_id(self) -> Mapping[str, FieldSpec]:
        """The fields by their ids."""
        return {field.id: field for field in self.fields}

    @property
    def partly(self) -> "FormSpec":
        """The same form, of which nothing is required."""
        return self.model_copy(
            update={"fields": tuple(one.model_copy(update={"required": False}) for one in self.fields)}
        )

    def of_kind(self, kind: FieldKind) -> str | None:
        """The first field of a kind."""
        return next((field.id for field in self.fields if field.kind == kind), None)


class Entered(BaseModel):
    """What somebody filled in: the codes by their fields, and the free texts apart from them."""

    model_config = ConfigDict(frozen=True)

    values: Values = {}
    texts: dict[str, str] = {}


class _Sent(Strict):
    """What is sent for a form; its fields stand under names of their own, lest one of a policy is called as a method is."""

    model_config = ConfigDict(serialize_by_alias=True)


def _attribute(field: FieldSpec) -> str:
    return f"of_{field.id}"


def model_of(form: FormSpec | None, levels: Iterable[str], roles: Iterable[str]) -> type[Strict]:
    """The model by which what is sent for a form is checked and described; without a form, of nothing."""
    names = {"level": tuple(levels), "role": tuple(roles)}
    fields: dict[str, Any] = {}
    for field in form.fields if form else ():
        kind = _type_of(field, names)
        described: dict[str, Any] = {"alias": field.id, "description": field.title.en}
        needed = (kind, Field(**described)) if field.required else (kind | None, Field(None, **described))
        fields[_attribute(field)] = needed
    model: type[Strict] = create_model(form.id if form else "nothing", __base__=_Sent, **fields)
    model.__doc__ = form.title.en if form else "Nothing needs to be said."
    return model


def filled(form: FormSpec | None, sent: BaseModel) -> Entered:
    """What was sent for a form, its codes apart from its texts; what was left out is in neither."""
    given = {field.id: getattr(sent, _attribute(field)) for field in (form.fields if form else ())}
    kinds = {field.id: field.kind for field in (form.fields if form else ())}
    said = {name: value for name, value in given.items() if value is not None and value != ()}
    return Entered(
        values={name: _value(value) for name, value in said.items() if kinds[name] != "text"},
        texts={name: value for name, value in said.items() if kinds[name] == "text"},
    )


_TYPES: Mapping[FieldKind, Any] = {
    "text": Text,
    "code": Code,
    "yes_no": bool,
    "number": Number,
    "money": Amount,
    "date": Day,
    "instant": Moment,
    "shop": Entry,
    "person": Entry,
}


def _type_of(field: FieldSpec, names: Mapping[str, tuple[str, ...]]) -> Any:
    match field.kind:
        case "choice":
            return Literal[tuple(option.id for option in field.options)]
        case "choices":
            one: Any = Literal[tuple(option.id for option in field.options)]
            each = Annotated[tuple[one, ...], AfterValidator(_distinct)]
            return Annotated[each, FILLED] if field.required else each
        case "level" | "role":
            return Literal[names[field.kind]]
    return _TYPES[field.kind]


def _distinct(chosen: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chosen))


def _value(said: Any) -> Value:
    if isinstance(said, bool | int | str):
        return said
    if isinstance(said, tuple):
        return tuple(map(str, said))
    return f"{said:.2f}" if isinstance(said, Decimal) else str(said.isoformat())
