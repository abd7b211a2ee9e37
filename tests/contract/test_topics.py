"""Topics are created as declared in one file, and what differs is said and left alone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotControllerError,
    RequestTimedOutError,
)

from deploy.local import Stack, create_topics, declared
from tests.stack import Names, unused_names

METHODS = ("start", "list_topics", "create_topics", "describe_topics", "describe_configs")
LATER = (
    KafkaConnectionError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotControllerError,
    RequestTimedOutError,
)


async def test_topics_are_what_topics_yaml_declares(stack: Stack, names: Names) -> None:
    wanted = {topic.name: topic.partitions for topic in declared(replication=1, prefix=names.prefix)}
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.addresses.kafka)
    await admin.start()
    found = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(list(wanted))}
    await admin.close()
    assert found == wanted
    assert await create_topics(stack.addresses.kafka, 1, names.prefix) == ()


@pytest.fixture
async def unused(stack: Stack) -> AsyncIterator[Names]:
    """Names without topics; what a test makes of them goes with it."""
    async with unused_names(stack) as names:
        yield names


async def test_a_topic_that_differs_is_named_with_what_would_be_right(stack: Stack, unused: Names) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.addresses.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(unused.topic("directory"), 3, 1)])
    await admin.close()
    assert await create_topics(stack.addresses.kafka, 1, unused.prefix) == (
        f"{unused.prefix}directory: partitions is 3, declared is 1",
        f"{unused.prefix}directory: cleanup.policy is delete, declared is compact",
    )


def answers_first(monkeypatch: pytest.MonkeyPatch, method: str, errors: list[KafkaError]) -> None:
    """A method of the driver raises these errors before it works."""
    works = getattr(AIOKafkaAdminClient, method)

    async def fails_first(admin: AIOKafkaAdminClient, *given: Any, **named: Any) -> Any:
        if errors:
            raise errors.pop()
        return await works(admin, *given, **named)

    monkeypatch.setattr(AIOKafkaAdminClient, method, fails_first)


@pytest.mark.parametrize("method", METHODS)
async def test_whatever_kafka_calls_retriable_is_tried_again(
    stack: Stack, unused: Names, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    errors: list[KafkaError] = [later() for later in LATER]
    answers_first(monkeypatch, method, errors)
    assert await create_topics(stack.addresses.kafka, 1, unused.prefix) == ()
    assert errors == []


@pytest.mark.parametrize("method", METHODS)
async def test_what_kafka_refuses_is_raised_at_once(
    stack: Stack, unused: Names, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    errors: list[KafkaError] = [NodeNotReadyError(), InvalidTopicError()]
    answers_first(monkeypatch, method, errors)
    with pytest.raises(InvalidTopicError):
        await create_topics(stack.addresses.kafka, 1, unused.prefix)
    assert len(errors) == 1


@pytest.mark.parametrize(
    ("copies", "expected"), [(1, (1, 1)), (2, (2, 1)), (3, (3, 2)), (5, (3, 2)), (None, (3, 2))]
)
def test_copies_are_as_declared_unless_the_cluster_is_smaller(
    copies: int | None, expected: tuple[int, int]
) -> None:
    assert {(topic.replication, topic.min_insync) for topic in declared(copies)} == {expected}
