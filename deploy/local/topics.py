"""Creates the topics that deploy/topics.yaml declares, and says where existing ones differ."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.local.part import GLANCE
from services.common.runtime.clock import ticks

DECLARED = Path(__file__).parents[1] / "topics.yaml"
DAY_MILLIS = 86_400_000
# Only a cluster that never becomes ready takes so long; a crowded machine may well take a minute.
SERVED_WITHIN = 180

T = TypeVar("T")


@dataclass(frozen=True)
class Topic:
    """A declared topic; `retention_days` says nothing about a compacted one, which keeps every key."""

    name: str
    meaning: str
    partitions: int
    replication: int
    min_insync: int
    retention_days: int
    compacted: bool = False
    stamped_by_broker: bool = False

    def configuration(self) -> dict[str, str]:
        """The topic's settings besides partitions and replication."""
        keep = {"retention.ms": str(self.retention_days * DAY_MILLIS), "cleanup.policy": "delete"}
        compact = {"cleanup.policy": "compact"}
        stamp = {"message.timestamp.type": "LogAppendTime"} if self.stamped_by_broker else {}
        return {"min.insync.replicas": str(self.min_insync), **(compact if self.compacted else keep), **stamp}


def declared(replication: int | None = None, prefix: str = "") -> tuple[Topic, ...]:
    """The topics of topics.yaml, for a cluster that can keep `replication` copies; `prefix` before each name."""
    content = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
    defaults = content["defaults"]
    if replication is not None and replication < defaults["replication"]:
        defaults |= {"replication": replication, "min_insync": max(1, replication - 1)}
    return tuple(Topic(prefix + name, **{**defaults, **own}) for name, own in content["topics"].items())


async def create_topics(bootstrap: str, replication: int | None = None, prefix: str = "") -> tuple[str, ...]:
    """Create what is missing, touch nothing that exists, and return a line for each difference.

    What Kafka calls retriable is tried again, since a node that has just started answers so. Raises a
    KafkaError when the cluster refuses a topic, or is not ready within SERVED_WITHIN seconds.
    """
    topics = declared(replication, prefix)
    return await retried(lambda: _created(bootstrap, topics))


async def retried(attempt: Callable[[], Awaitable[T]]) -> T:
    """What an attempt returns, made again while Kafka says that it could succeed later.

    Raises the last KafkaError after SERVED_WITHIN seconds, any other at once.
    """
    until = ticks() + SERVED_WITHIN
    while True:
        try:
            return await attempt()
        except KafkaError as error:
            if not error.retriable or ticks() > until:
                raise
        await asyncio.sleep(GLANCE)


async def _created(bootstrap: str, topics: Sequence[Topic]) -> tuple[str, ...]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        present = set(await admin.list_topics())
        await _create(admin, [topic for topic in topics if topic.name not in present])
        await _served(admin, topics)
        return await _differences(admin, topics)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=topic.configuration())
        for topic in topics
    ]
    answer = await admin.create_topics(new)
    for name, code, reason in answer.topic_errors:
        # Somebody else was quicker; their topic is compared the next time.
        if code != TopicAlreadyExistsError.errno:
            _raise_for(code, name, reason)


def _raise_for(code: int, topic: str, reason: str | None) -> None:
    if code:
        raise for_code(code)(f"topic {topic}: {reason}")


async def _served(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    """Wait until every partition has a leader: what subscribes sooner may miss a topic for minutes."""
    names = [topic.name for topic in topics]
    async with asyncio.timeout(SERVED_WITHIN):
        while not all(map(_is_led, await admin.describe_topics(names))):  # noqa: ASYNC110 - Kafka tells nobody
            await asyncio.sleep(GLANCE)


def _is_led(topic: Mapping[str, Any]) -> bool:
    leaders = [partition["leader"] for partition in topic["partitions"]]
    return bool(leaders) and min(leaders) >= 0


async def _differences(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> tuple[str, ...]:
    actual = await _actual(admin, topics)
    return tuple(
        f"{topic.name}: {field} is {actual[topic.name][field]}, declared is {value}"
        for topic in topics
        for field, value in {"partitions": str(topic.partitions), **topic.configuration()}.items()
        if actual[topic.name][field] != value
    )


async def _actual(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    """Partitions and configuration of each topic as the cluster has them."""
    names = [topic.name for topic in topics]
    described = await admin.describe_topics(names)
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    settings: dict[str, dict[str, str]] = {}
    for code, reason, _, name, entries in (entry for answer in answers for entry in answer.resources):
        _raise_for(code, name, reason)
        settings[name] = {entry[0]: entry[1] for entry in entries}
    return {
        topic["topic"]: {"partitions": str(len(topic["partitions"])), **settings[topic["topic"]]}
        for topic in described
    }
