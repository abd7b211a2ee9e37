"""Conditions in policy: an event by type and fields by value; one that could never hold is refused."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel

from schemas.base import Strict, Whole
from schemas.cases import CaseEvent, CaseHeader, CaseMessage, CaseSnapshot
from schemas.deadlines import DeadlineEvent, DeadlineMessage
from schemas.faults import FILLED, Fault, must_be_among, refuse

Wanted = dict[str, Annotated[tuple[str | bool | Whole, ...], FILLED]]
"""Fields by their path, each with the values of which it must have one; `header.severity` reaches inside."""

LEVEL_FIELDS = ("severity", "header.severity", "suspected", "header.suspected", "previous")
"""Those of the paths whose values are levels of the policy."""

Events = Mapping[str, type[CaseMessage | DeadlineMessage]]
Kinds = tuple[Any, ...]
DESCRIPTIONS = {str: "a text", int: "a whole number", bool: "true or false"}


def _by_type(events: Any) -> dict[str, type[CaseMessage | DeadlineMessage]]:
    return {event.model_fields["type"].default: event for event in get_args(events)}


EVENTS: Events = _by_type(CaseEvent | DeadlineEvent)
"""Every event of a case and of its deadlines, by its type."""

# A snapshot is taken for the opening or the end of its case, and met under no name of its own.
DEADLINE_EVENTS: Events = {
    name: event for name, event in _by_type(CaseEvent).items() if event is not CaseSnapshot
}


class When(Strict):
    """An event by type, with fields that must equal one of the values listed; no expressions."""

    type: str
    where: Wanted = {}


def _among(events: Events) -> AfterValidator:
    def check(when: When) -> When:
        if when.type not in events:
            refuse([(("type",), f"{must_be_among(events)}, not {when.type!r}")])
        refuse((("where", *place), says) for place, says in _never(when.where, events[when.type]))
        return when

    return AfterValidator(check)


def _of_header(wanted: Wanted) -> Wanted:
    refuse(_never(wanted, CaseHeader))
    return wanted


CaseWhen = Annotated[When, _among(DEADLINE_EVENTS)]
AnyWhen = Annotated[When, _among(EVENTS)]
HeaderWanted = Annotated[Wanted, AfterValidator(_of_header)]


def matches(when: When, message: Any) -> bool:
    """Whether a message is of the type and its fields have one of the values asked for."""
    return message.type == when.type and satisfies(when.where, message)


def satisfies(fields: Wanted, value: Any) -> bool:
    """Whether every field named has one of its values; `header.severity` reaches inside."""
    return all(_reach(value, path) in allowed for path, allowed in fields.items())


def _reach(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = getattr(value, name, None)
    return value


def _never(wanted: Wanted, model: type[BaseModel]) -> Iterator[Fault]:
    """What no instance of the model can have."""
    fields = _comparable(model)
    for path, values in wanted.items():
        if path not in fields:
            yield (path,), must_be_among(fields)
            continue
        for at, value in enumerate(values):
            if not any(_can_be(value, kind) for kind in fields[path]):
                yield (path, at), f"should be {_describe(fields[path])}, not {value!r}"


@cache
def _comparable(model: type[BaseModel]) -> dict[str, Kinds]:
    """The paths of a model that may equal what a file can say, with what they may be; no times, no ids."""
    found: dict[str, Kinds] = {}
    for name, field in model.model_fields.items():
        for kind in _alternatives(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= {f"{name}.{inner}": kinds for inner, kinds in _comparable(kind).items()}
            elif kind in DESCRIPTIONS or _choices(kind):
                found[name] = (*found.get(name, ()), kind)
    return found


def _alternatives(annotation: Any) -> Kinds:
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def _can_be(value: Any, kind: Any) -> bool:
    return value in _choices(kind) or type(value) is kind


def _choices(kind: Any) -> Kinds:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _describe(kinds: Kinds) -> str:
    return " or ".join(DESCRIPTIONS.get(kind) or f"one of {', '.join(_choices(kind))}" for kind in kinds)
