"""What is written to a topic is read as it was written."""

from collections.abc import Iterable
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from schemas import directory, policies
from schemas.formats import read_record
from schemas.policies import CurrentVersion, PublishedPolicy
from tests.casework import gtmc
from tests.dealership import MONDAY, directory_file

PUBLISHED = PublishedPolicy(version=gtmc().version, policy=gtmc().content)

CURRENT = CurrentVersion(current="gtmc", version=gtmc().version, by="li", at=MONDAY, reason="the new table")


@pytest.mark.parametrize(
    ("topic", "adapter", "records"),
    [
        (directory.TOPIC, directory.ADAPTER, [*directory_file().entries()]),
        (policies.TOPIC, policies.ADAPTER, [PUBLISHED, CURRENT]),
    ],
    ids=[directory.TOPIC, policies.TOPIC],
)
def test_what_is_written_is_read_as_it_was_written(
    topic: str, adapter: TypeAdapter[Any], records: Iterable[BaseModel]
) -> None:
    for record in records:
        assert read_record(topic, adapter, record.model_dump_json().encode()) == record
