"""Whatever the vocabulary takes, the store and every reader of JSON can hold."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import bson
import pytest
from pydantic import TypeAdapter, ValidationError

from deploy.documents import asyncapi
from schemas import deadlines
from schemas.base import MOST, Message
from schemas.calendar import PublicDays
from schemas.directory import DirectoryFile
from schemas.policies import Policy
from tests.sums import KEYS, NOON
from tests.unit.notify.events import header

MODELS = {
    **asyncapi()["components"]["schemas"],
    **{model.__name__: TypeAdapter(model).json_schema() for model in (Policy, PublicDays, DirectoryFile)},
}


def numbers(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a JSON schema that is a number."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number"):
            yield place, schema
        for name, part in schema.items():
            yield from numbers(part, f"{place}.{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from numbers(part, place)


def bounded(schema: dict[str, Any]) -> bool:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum"))
    highest = schema.get("maximum", schema.get("exclusiveMaximum"))
    return lowest is not None and highest is not None and -MOST <= lowest <= highest <= MOST


@pytest.mark.parametrize("model", MODELS)
def test_every_number_has_a_bound_that_the_store_can_hold(model: str) -> None:
    found = list(numbers(MODELS[model]))
    assert [place for place, schema in found if not bounded(schema)] == []


def test_the_largest_number_allowed_can_be_stored_and_one_more_is_refused() -> None:
    message = Message(id=UUID(int=1), case_id=KEYS[0], occurred_at=NOON, seq=MOST)
    bson.encode(message.model_dump(mode="json"))
    for seq in (MOST + 1, 2**63, 2**64, 2**70, -1):
        with pytest.raises(ValidationError):
            Message(id=UUID(int=1), case_id=KEYS[0], occurred_at=NOON, seq=seq)


@pytest.mark.parametrize("name", ["a\x00b", "\x00", "a\nb", "x" * 201, "\u200b"])
def test_what_names_a_field_in_the_store_is_printable_and_short(name: str) -> None:
    started = {
        "id": UUID(int=1), "case_id": KEYS[0], "occurred_at": NOON, "type": "deadline.started", "cycle": 1,
        "header": header(), "accountable": "operator", "due_at": NOON,
    }  # fmt: skip
    deadlines.ADAPTER.validate_python(started | {"deadline": "DL-05"})
    with pytest.raises(ValidationError, match="should be a name of at most 200 printable characters"):
        deadlines.ADAPTER.validate_python(started | {"deadline": name})
