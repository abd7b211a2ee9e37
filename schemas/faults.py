"""Says what is wrong with what people wrote, and where in it that stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType, chain_schema, custom_error_schema, str_schema

T = TypeVar("T")
Place = tuple[int | str, ...]
Fault = tuple[Place, str]
"""The place within the value that is checked, and what would be right there."""


def refuse(faults: Iterable[Fault]) -> None:
    """Raises one ValidationError with every fault at its own place; does nothing when there is none."""
    details = [
        InitErrorDetails(type=PydanticCustomError("policy", "{says}", {"says": says}), loc=place, input=None)
        for place, says in faults
    ]
    if details:
        raise ValidationError.from_exception_data("policy", details)


def must_be_among(names: Iterable[object]) -> str:
    """What is right where only these are."""
    listed = ", ".join(map(str, names))
    return f"should be one of {listed}" if listed else "should be left out: there is none"


def _filled(entries: T) -> T:
    if not entries:
        raise ValueError("should have at least one entry")
    return entries


# For a list that says nothing when it is empty; a length asked of pydantic counts wrong entries as missing.
FILLED = AfterValidator(_filled)


def with_more(wrong: ValidationError, more: Iterable[Fault]) -> Iterator[Fault]:
    """What is wrong already, and more that stands at other places."""
    told = [(error["loc"], describe(error)) for error in wrong.errors()]
    places = {place for place, _ in told}
    yield from (*told, *(fault for fault in more if fault[0] not in places))


def once(field: str) -> WrapValidator:
    """For a list whose entries are told apart by `field`: the second of a name would never be asked."""

    def check(given: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            entries = read(given)
        except ValidationError as wrong:
            refuse(with_more(wrong, _again(given if isinstance(given, list | tuple) else (), field)))
            raise
        refuse(_again(entries, field))
        return entries

    return WrapValidator(check)


def _again(entries: Iterable[Any], field: str) -> Iterator[Fault]:
    names = [one.get(field) if isinstance(one, dict) else getattr(one, field, None) for one in entries]
    for at, name in enumerate(names):
        if name is not None and name in names[:at]:
            yield (at, field), f"should be another than above: there is one {name!r} already"


def either(says: str) -> WrapValidator:
    """For what may be one of several: told in one sentence, where each of them would say what it is."""

    def check(given: Any, as_one: ValidatorFunctionWrapHandler) -> Any:
        try:
            return as_one(given)
        except ValidationError:
            raise ValueError(says) from None

    return WrapValidator(check)


@dataclass(frozen=True, slots=True)
class Shape:
    """Metadata for text of one shape: whoever writes another is told `says`, never the pattern."""

    pattern: str
    says: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        fits = custom_error_schema(
            str_schema(pattern=f"^(?:{self.pattern})$"),
            custom_error_type="shape",
            custom_error_message=self.says,
        )
        return chain_schema([handler(source), fits])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}


# Of the library's own faults; what our models raise themselves is in words already.
MOMENT = "should be a date and time with an offset, such as 2026-03-02T09:30:00+08:00"
_OBJECT = "should be an object of named fields"
_LIST = "should be a list"
_WHOLE = "should be a valid integer"
_NUMBER = "should be a valid number"
_ID = "should be an id such as 3f2b8c1e-5d64-4b1a-9c0e-7a1d2e3f4b5c"
DAY = "should be a date such as 2026-03-02"
_TIME = "should be a time of day such as 09:30"
_SPAN = "should be a length of time such as P1DT2H"
_URL = "should be an address such as https://example.com"
_SAID = {
    "missing": "should be given",
    "missing_argument": "should be given",
    "missing_keyword_only_argument": "should be given",
    "extra_forbidden": "should be left out: there is no such field",
    "unexpected_keyword_argument": "should be left out: there is no such field",
    "none_required": "should be left out",
    "string_type": "should be text",
    "string_unicode": "should be text in UTF-8",
    "string_not_ascii": "should be plain letters, digits and signs",
    "string_too_short": "should have at least {min_length} characters",
    "string_too_long": "should have at most {max_length} characters",
    "too_short": "should have at least {min_length} entries",
    "too_long": "should have at most {max_length} entries",
    "literal_error": "should be {expected}",
    "enum": "should be {expected}",
    "union_tag_invalid": "should have as {discriminator} one of {expected_tags}",
    "union_tag_not_found": "should say its {discriminator}",
    "greater_than": "should be greater than {gt}",
    "greater_than_equal": "should be greater than or equal to {ge}",
    "less_than": "should be less than {lt}",
    "less_than_equal": "should be less than or equal to {le}",
    "multiple_of": "should be a multiple of {multiple_of}",
    "int_parsing_size": "should be a valid integer of fewer digits",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "timezone_naive": MOMENT,
    "timezone_aware": MOMENT,
    "decimal_max_places": "should have at most {decimal_places} digits after the point",
    "decimal_max_digits": "should have at most {max_digits} digits",
    "decimal_whole_digits": "should have at most {whole_digits} digits before the point",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    **dict.fromkeys(
        ("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), _NUMBER
    ),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_object_invalid"), MOMENT),
    "datetime_from_date_parsing": MOMENT,
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), DAY),
    "date_from_datetime_inexact": DAY,
    **dict.fromkeys(("time_type", "time_parsing"), _TIME),
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), _SPAN),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), _ID),
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation", "url_scheme"), _URL),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(
        ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), _OBJECT
    ),
    "json_invalid": "should be one JSON value",
    "json_type": "should be one JSON value",
}

# The rest of what the library may raise; it speaks of Python, and our models raise none of it.
_OF_THE_LIBRARY = frozenset(get_args(ErrorType)) - {"value_error"}


def describe(error: ErrorDetails) -> str:
    """What would be right, in a sentence for people; neither a pattern nor what was given."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _SAID:
        said = _SAID[kind].format(**context)
        return said if said != "should have at least 1 characters" else "should not be empty"
    if kind in _OF_THE_LIBRARY:
        return "should be given in another form"
    return error["msg"].removeprefix("Value error, ")
