"""Topics are created as declared in one file, and what differs is said and left alone."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import Stack, create_topics, declared
from tests.stack import Names


async def test_topics_are_what_topics_yaml_declares(stack: Stack, names: Names) -> None:
    wanted = {topic.name: topic.partitions for topic in declared(replication=1, prefix=names.prefix)}
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.addresses.kafka)
    await admin.start()
    found = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(list(wanted))}
    await admin.close()
    assert found == wanted
    assert await create_topics(stack.addresses.kafka, 1, names.prefix) == ()


async def test_a_topic_that_differs_is_named_with_what_would_be_right(stack: Stack) -> None:
    names = Names.fresh()
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.addresses.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(names.topic("directory"), 3, 1)])
    await admin.close()
    assert await create_topics(stack.addresses.kafka, 1, names.prefix) == (
        f"{names.prefix}directory: partitions is 3, declared is 1",
        f"{names.prefix}directory: cleanup.policy is delete, declared is compact",
    )


@pytest.mark.parametrize(
    ("copies", "expected"), [(1, (1, 1)), (2, (2, 1)), (3, (3, 2)), (5, (3, 2)), (None, (3, 2))]
)
def test_copies_are_as_declared_unless_the_cluster_is_smaller(
    copies: int | None, expected: tuple[int, int]
) -> None:
    assert {(topic.replication, topic.min_insync) for topic in declared(copies)} == {expected}
