"""What every message and model of the vocabulary is made of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from schemas.faults import Shape
from schemas.formats import FORMAT


def instant(value: datetime) -> datetime:
    """The same moment in UTC, cut to whole milliseconds; ValueError where UTC has no such year."""
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("should lie within the years 1 to 9999 of UTC") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000) if utc.microsecond % 1000 else utc


def stamp(value: datetime) -> str:
    """ISO 8601 of one fixed width, so that text order is time order."""
    return value.isoformat(timespec="milliseconds")[:23] + "Z"


Instant = Annotated[
    AwareDatetime, AfterValidator(instant), PlainSerializer(stamp, return_type=str, when_used="json")
]


# What JSON readers and the store alike hold exactly; one more and a message can be valid and yet find no rest.
MOST = 2**53 - 1
# Ten years: beyond, a due time may lie where no calendar reaches.
MOST_DAYS = 10 * 366
MOST_MINUTES = MOST_DAYS * 24 * 60
LONGEST_NAME = 200

Whole = Annotated[int, Field(ge=-MOST, le=MOST)]
Count = Annotated[int, Field(ge=0, le=MOST)]


EMPTY: Any = Field(default_factory=dict)
"""The default of a field that maps: of `{}` a deep copy would be made for every instance."""


def _key(text: str) -> str:
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise ValueError(f"should be a name of at most {LONGEST_NAME} printable characters")
    return text


Key = Annotated[str, AfterValidator(_key)]
"""A name under which the store keeps something: it takes no control characters there."""

Identifier = Annotated[
    str,
    Shape(
        r"[A-Za-z][A-Za-z0-9_-]{0,49}",
        "should be an identifier such as night_shift: a letter, then at most 49 letters, digits, _ and -",
    ),
]
"""What a policy calls something by; it may label a metric and stand in an address."""


_put = object.__setattr__


class Frozen(BaseModel):
    """An immutable value; unknown fields are ignored, since fields are only ever added."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of_valid(cls, values: dict[str, Any]) -> Self:
        """An instance of values that were validated before, one for each field.

        A decision makes some thirty; pydantic's own ways also look for aliases, defaults, extra and private fields,
        and take three to five times as long.
        """
        made = cls.__new__(cls)
        _put(made, "__dict__", values)
        _put(made, "__pydantic_fields_set__", set(values))
        _put(made, "__pydantic_extra__", None)
        _put(made, "__pydantic_private__", None)
        return made

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002 - immutable
        """A copy of the fields, which shares what they hold; what was worked out from them is worked out anew."""
        fields, values = type(self).__pydantic_fields__, vars(self)
        if len(values) > len(fields):
            values = {name: values[name] for name in fields}
        return self.of_valid({**values, **(update or {})})


class Stored(Frozen):
    """The state of a document; a store may still hold it in an earlier format."""

    @classmethod
    def upgraded(cls, state: dict[str, Any], of: int) -> dict[str, Any]:  # noqa: ARG003 - most have not changed
        """A state of the earlier format `of` in the present one."""
        return state


class Strict(Frozen):
    """An immutable value written by people: an unknown field is a mistake worth telling."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def policy_key(policy: str, version: str) -> str:
    """The name of one version of a policy: its key on topic `policies`, and what a case says it goes by."""
    return f"{policy}@{version}"


class Bilingual(Strict):
    """One text for people, in Chinese and in English."""

    zh: str
    en: str


class Message(Frozen):
    """A record on Kafka, keyed by its case.

    `seq` counts from 1 per case and topic without gaps; 0 marks a message that has none. `format` says by which
    names its fields are written.
    """

    format: Count = FORMAT
    id: UUID
    case_id: UUID
    occurred_at: Instant
    seq: Count = 0
