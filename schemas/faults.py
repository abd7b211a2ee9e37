"""Says what is wrong with what people wrote, and where in it that stands."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Fault = tuple[tuple[int | str, ...], str]
"""The place within the value that is checked, and what would be right there."""


def refuse(faults: Iterable[Fault]) -> None:
    """Raises one ValidationError with every fault at its own place; does nothing when there is none."""
    details = [
        InitErrorDetails(type=PydanticCustomError("policy", "{says}", {"says": says}), loc=place, input=None)
        for place, says in faults
    ]
    if details:
        raise ValidationError.from_exception_data("policy", details)


def one_of(known: Iterable[object]) -> str:
    """What is right where only these are."""
    names = ", ".join(map(str, known))
    return f"should be one of {names}" if names else "should be left out: there is none"


def _filled(entries: T) -> T:
    if not entries:
        raise ValueError("should have at least one entry")
    return entries


# For a list that says nothing when it is empty; a length asked of pydantic counts wrong entries as missing.
FILLED = AfterValidator(_filled)


def once(field: str) -> AfterValidator:
    """For a list whose entries are told apart by `field`: the second of a name would never be asked."""

    def check(entries: tuple[M, ...]) -> tuple[M, ...]:
        names = [getattr(entry, field) for entry in entries]
        refuse(
            ((at, field), f"should be another than above: there is one {name!r} already")
            for at, name in enumerate(names)
            if name in names[:at]
        )
        return entries

    return AfterValidator(check)
