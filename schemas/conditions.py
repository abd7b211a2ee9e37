"""Conditions in policy: an event by type and fields by value; one that could never hold is refused."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, WrapValidator, model_validator

from schemas.base import MOST, Strict, Whole
from schemas.cases import CaseEvent, CaseHeader, CaseMessage, CaseRebased, CaseSnapshot
from schemas.deadlines import DeadlineEvent, DeadlineMessage
from schemas.faults import FILLED, Fault, either, must_be_among, refuse
from schemas.vocabulary import ActionName, Names, TaskKind, names_of

FORM = "fields."
"""How a path begins that leads to a field of a form: which fields there are is policy."""


class Bounds(Strict):
    """An amount or number above or below a limit; the limit itself is neither."""

    over: Annotated[int, Field(ge=0, le=MOST)] | None = None
    under: Annotated[int, Field(ge=0, le=MOST)] | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.over is None and self.under is None:
            raise ValueError("should have over or under, or both")
        if self.over is not None and self.under is not None and self.over >= self.under:
            refuse([(("over",), f"should be less than under, which is {self.under}")])
        return self

    def holds(self, value: Any) -> bool:
        """Whether an amount lies within; what is no amount does not."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            return False
        try:
            amount = Decimal(value)
        except InvalidOperation:
            return False
        return (self.over is None or amount > self.over) and (self.under is None or amount < self.under)


Plain = Annotated[str | bool | Whole, either("should be a text, true or false, or a whole number")]
Allowed = Annotated[tuple[Plain, ...], FILLED]
_ALLOWED: TypeAdapter[tuple[str | bool | int, ...]] = TypeAdapter(Allowed)


def _as_given(given: Any, _: Any) -> Any:
    """Bounds where fields are given, else values: what is wrong is said of the one that is meant."""
    is_bounds = isinstance(given, dict | Bounds)
    return Bounds.model_validate(given) if is_bounds else _ALLOWED.validate_python(given)


Wanted = dict[str, Annotated[Allowed | Bounds, WrapValidator(_as_given)]]
"""Fields by their path, each with the values of which it must have one, or bounds; `header.severity` reaches inside."""

Events = Mapping[str, type[CaseMessage | DeadlineMessage]]
Kinds = tuple[Any, ...]
DESCRIPTIONS = {str: "a text", int: "a whole number", bool: "true or false"}


def _by_type(events: Any) -> dict[str, type[CaseMessage | DeadlineMessage]]:
    return {event.model_fields["type"].default: event for event in get_args(events)}


EVENTS: Events = _by_type(CaseEvent | DeadlineEvent)
"""Every event of a case and of its deadlines, by its type."""
# What describes a case is taken for its opening or its end, and met under no name of its own.
DEADLINE_EVENTS: Events = {
    name: event for name, event in _by_type(CaseEvent).items() if event not in {CaseRebased, CaseSnapshot}
}


class When(Strict):
    """An event by type, with fields that must equal one of the values listed; no expressions."""

    type: str
    where: Wanted = {}


def _among(events: Events) -> AfterValidator:
    def check(when: When) -> When:
        if when.type not in events:
            refuse([(("type",), f"{must_be_among(events)}, not {when.type!r}")])
        refuse((("where", *place), says) for place, says in never(when.where, events[when.type]))
        return when

    return AfterValidator(check)


def _of_header(wanted: Wanted) -> Wanted:
    refuse(never(wanted, CaseHeader))
    return wanted


CaseWhen = Annotated[When, _among(DEADLINE_EVENTS)]
AnyWhen = Annotated[When, _among(EVENTS)]
HeaderWanted = Annotated[Wanted, AfterValidator(_of_header)]


class Condition(Strict):
    """When a step is taken: everything that it says holds at the moment before the first of the steps.

    `case` are fields of the case's header, `event` fields of what has just occurred, `form` fields that were filled in.
    One of `done` was done since the case was opened, and none of `not_done`; a task of `waiting` waits for an answer, and
    none of `not_waiting`. `otherwise` holds where none of the steps above did.
    """

    case: HeaderWanted = {}
    event: Wanted = {}
    form: Wanted = {}
    done: tuple[ActionName, ...] = ()
    not_done: tuple[ActionName, ...] = ()
    waiting: tuple[TaskKind, ...] = ()
    not_waiting: tuple[TaskKind, ...] = ()
    otherwise: bool = False


def matches(when: When, message: Any) -> bool:
    """Whether a message is of the type and its fields have one of the values asked for."""
    return message.type == when.type and satisfies(when.where, message)


def satisfies(fields: Wanted, value: Any) -> bool:
    """Whether every field named has one of its values; `header.severity` reaches inside."""
    return not fields or all(_holds(_reach(value, path), allowed) for path, allowed in fields.items())


def _holds(value: Any, allowed: "Allowed | Bounds") -> bool:
    if isinstance(allowed, Bounds):
        return allowed.holds(value)
    return any(one in allowed for one in value) if isinstance(value, tuple) else value in allowed


def _reach(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def never(wanted: Wanted, model: type[BaseModel]) -> Iterator[Fault]:
    """What no instance of the model can have; of a form's fields the policy knows."""
    fields = comparable(model)
    for path, values in wanted.items():
        if path.startswith(FORM) and "fields" in model.model_fields:
            continue
        if path not in fields:
            yield (path,), must_be_among(fields)
        elif not isinstance(values, Bounds):
            yield from (((path, at), says) for at, says in fields[path].never(values))
        elif int not in fields[path].kinds:
            yield (path,), f"should be {fields[path].describe()}, not an amount with bounds"


class Comparable(Strict):
    """What a field may be: its types and literals, and what its text is the name of."""

    kinds: Kinds
    names: Names | None = None

    def can_be(self, value: Any) -> bool:
        """Whether the field can have the value, as far as its type says."""
        return any(value in _choices(kind) or type(value) is kind for kind in self.kinds)

    def never(self, values: Allowed) -> Iterator[tuple[int, str]]:
        """Those of the values that it cannot have, and what would be right."""
        for at, value in enumerate(values):
            if not self.can_be(value):
                yield at, f"should be {self.describe()}, not {value!r}"

    def is_literal(self, value: Any) -> bool:
        """Whether a value is one of the engine's own words for the field."""
        return any(value in _choices(kind) for kind in self.kinds)

    def describe(self) -> str:
        """What would be right, for people."""
        parts = (DESCRIPTIONS.get(kind) or f"one of {', '.join(_choices(kind))}" for kind in self.kinds)
        return " or ".join(parts)


UNKNOWN_YET = "after"
"""What a decision leaves is not known while it is taken."""


@cache
def comparable(model: type[BaseModel]) -> dict[str, Comparable]:
    """The paths of a model that may equal what a file can say, with what they may be; no times, no ids."""
    found: dict[str, Comparable] = {}
    for name, field in model.model_fields.items():
        if name == UNKNOWN_YET:
            continue
        names = names_of(field.annotation, tuple(field.metadata))
        for kind in _alternatives(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= {f"{name}.{inner}": kinds for inner, kinds in comparable(kind).items()}
            elif kind in DESCRIPTIONS or _choices(kind):
                before = found[name].kinds if name in found else ()
                found[name] = Comparable(kinds=(*before, kind), names=names)
    return found


def _alternatives(annotation: Any) -> Kinds:
    """What an annotation may be; a list counts as what it lists."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(kind for one in get_args(annotation) for kind in _alternatives(one))
    return (annotation,)


def _choices(kind: Any) -> Kinds:
    return get_args(kind) if get_origin(kind) is Literal else ()
