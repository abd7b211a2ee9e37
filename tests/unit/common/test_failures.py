"""What is waited for and what is not, and that no word of a record gets into a log by way of an error."""

import asyncio
import json
import logging
import sys

import pytest
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaStorageError,
    NotEnoughReplicasError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
    UnknownTopicOrPartitionError,
)
from pydantic import BaseModel
from pymongo.errors import (
    AutoReconnect,
    CursorNotFound,
    OperationFailure,
    ServerSelectionTimeoutError,
    WriteError,
)

from services.common.runtime.error_texts import frames
from services.common.runtime.failures import (
    TRANSIENT,
    StoreUnavailableError,
    bounded,
    retry,
    store_trouble,
)
from services.common.runtime.logs import JsonLine
from services.common.runtime.watchdog import StalledError
from tests.patience import patience


class Named(BaseModel):
    """Something with a name."""

    name: int


@pytest.mark.parametrize(
    "away",
    [
        UnknownTopicOrPartitionError(),
        AutoReconnect("gone"),
        ServerSelectionTimeoutError("gone"),
        CursorNotFound("gone"),
        TimeoutError(),
        StoreUnavailableError("cannot write: disk full"),
        KafkaStorageError(),
        NotEnoughReplicasError(),
        InvalidTimestampError(),
    ],
)
async def test_a_broker_or_store_that_is_away_is_waited_for(away: Exception) -> None:
    failures, published = [away], list[Exception]()

    async def attempt() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert await retry(attempt, "work", failed=published.append) == "done"
    assert published == [away]


@pytest.mark.parametrize("code", [13, 18, 50, 64, 91, 112, 134, 146, 189, 371, 8_000, 10_107, 11_602, 14_031])
async def test_what_the_store_answers_about_itself_is_its_trouble_and_waited_for(code: int) -> None:
    published = store_trouble(OperationFailure("some words", code))
    assert isinstance(published, TRANSIENT)
    assert "some words" in str(published)


@pytest.mark.parametrize("code", [None, 2, 9, 14, 121, 10_334, 11_000])
async def test_what_the_store_answers_about_a_document_is_no_trouble_of_its_own(code: int | None) -> None:
    assert store_trouble(OperationFailure("some words", code)) is None


async def test_an_answer_marked_as_to_be_tried_again_is_the_stores_trouble_whatever_its_code() -> None:
    details = {"errorLabels": ["RetryableWriteError"]}
    assert store_trouble(OperationFailure("some words", 1, details)) is not None


async def test_a_full_disk_is_called_so() -> None:
    published = store_trouble(OperationFailure("cannot write: No space left on device", 14_031))
    assert str(published) == "cannot write: disk full (No space left on device)"


async def test_whoever_has_little_patience_is_told_the_last_failure() -> None:
    published: list[Exception] = []

    async def attempt() -> None:
        raise AutoReconnect(f"gone {len(published)}")

    with pytest.raises(AutoReconnect) as last:
        await retry(attempt, "work", failed=published.append, patience=0.02)
    assert last.value is published[-1]


@pytest.mark.parametrize(
    "fault", [OutOfOrderSequenceNumber(), ProducerFenced(), WriteError("no"), KeyError()]
)
async def test_a_fault_is_not_retried(fault: Exception) -> None:
    async def attempt() -> None:
        raise fault

    with pytest.raises(type(fault)):
        await retry(attempt, "work")


async def test_an_end_does_not_wait_for_who_is_away() -> None:
    async with patience():
        await bounded(asyncio.Event().wait, 0.05)


def test_the_log_of_an_error_names_places_and_not_what_a_record_says() -> None:
    try:
        try:
            Named.model_validate({"name": "王女士"})
        except ValueError as error:
            raise RuntimeError("王女士 cannot be kept") from error
    except RuntimeError:
        record = logging.LogRecord("any", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
        record.color_message = "failed"
        line = json.loads(JsonLine("sla").format(record))
    assert "王女士" not in json.dumps(line, ensure_ascii=False)
    assert "RuntimeError" in line["stack"]
    assert "ValidationError" in line["stack"]
    assert "test_the_log_of_an_error" in line["stack"]
    assert "color_message" not in line


def test_the_parts_of_a_group_of_errors_are_told_with_our_own_words() -> None:
    assert "StalledError: no progress" in frames(ExceptionGroup("two", [StalledError("no progress")]))
