"""What shows only in the whole is reported together with what is wrong in its parts."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ModelWrapValidatorHandler, TypeAdapter, ValidationError

from schemas.faults import Fault, refuse, with_more
from schemas.vocabulary import unwrapped

M = TypeVar("M", bound=BaseModel)


class Unread(tuple[Any, ...]):
    """A list that is none, or is not given: what it would have named nobody knows."""

    __slots__ = ()


def checked(
    model: type[M], given: Any, read: ModelWrapValidatorHandler[M], faults: Callable[[M], Iterable[Fault]]
) -> M:
    """A value whose parts are right each by itself and together; else every fault of either kind."""
    try:
        whole = read(given)
    except ValidationError as wrong:
        if isinstance(given, dict):
            refuse(with_more(wrong, faults(readable(model, given))))
        raise
    refuse(faults(whole))
    return whole


def readable(annotation: Any, given: Any) -> Any:
    """As much of a value as can be read: what cannot is what it is where nothing is said, or None."""
    kind, _ = unwrapped(annotation)
    if isinstance(given, BaseModel) or (given is None and type(None) in get_args(annotation)):
        return given
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(kind, given if isinstance(given, dict) else {})
    if get_origin(kind) is tuple:
        entry, is_list = get_args(kind)[0], isinstance(given, list | tuple)
        return tuple(readable(entry, one) for one in given) if is_list else Unread()
    if get_origin(kind) is dict:
        value = get_args(kind)[1]
        named = given.items() if isinstance(given, dict) else ()
        return {str(name): said for name, one in named if (said := readable(value, one)) is not None}
    try:
        return _adapter(annotation).validate_python(given)
    except ValidationError:
        return None


def _model(kind: type[M], given: dict[str, Any]) -> M:
    fields: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        said = given.get(field.alias or name)
        if field.is_required():
            fields[name] = readable(field.rebuild_annotation(), None if said == [] else said)
        else:
            fields[name] = field.get_default() if said is None else readable(field.rebuild_annotation(), said)
    return kind.model_construct(**fields)


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)
