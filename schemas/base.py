"""What every message and model of the vocabulary is made of."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer


def instant(value: datetime) -> datetime:
    """The same moment in UTC, cut to whole milliseconds; ValueError where UTC has no such year."""
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("should lie within the years 1 to 9999 of UTC") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def stamp(value: datetime) -> str:
    """ISO 8601 of one fixed width, so that text order is time order."""
    return value.isoformat(timespec="milliseconds")[:23] + "Z"


Instant = Annotated[
    AwareDatetime, AfterValidator(instant), PlainSerializer(stamp, return_type=str, when_used="json")
]


class Frozen(BaseModel):
    """An immutable value; unknown fields are ignored, since fields are only ever added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Strict(Frozen):
    """An immutable value written by people: an unknown field is a mistake worth telling."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Strict):
    """One text for people, in Chinese and in English."""

    zh: str
    en: str


class Message(Frozen):
    """A record on Kafka, keyed by its case.

    `seq` counts from 1 per case and topic without gaps; 0 marks a message that has none.
    """

    id: UUID
    case_id: UUID
    occurred_at: Instant
    seq: int = 0
