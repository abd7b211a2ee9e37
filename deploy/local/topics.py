"""Creates the topics that deploy/topics.yaml declares, and says where existing ones differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

DECLARED = Path(__file__).parents[1] / "topics.yaml"
DAY_MILLIS = 86_400_000


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

    def configuration(self) -> dict[str, str]:
        """What Kafka is to be told besides partitions and replication."""
        keep = {"retention.ms": str(self.retention_days * DAY_MILLIS), "cleanup.policy": "delete"}
        compact = {"cleanup.policy": "compact"}
        return {"min.insync.replicas": str(self.min_insync), **(compact if self.compacted else keep)}


def declared(replication: int | None = None, prefix: str = "") -> tuple[Topic, ...]:
    """The topics of topics.yaml, for a cluster that can keep `replication` copies; `prefix` before each name."""
    content = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
    defaults = content["defaults"]
    if replication is not None and replication < defaults["replication"]:
        defaults |= {"replication": replication, "min_insync": max(1, replication - 1)}
    return tuple(Topic(prefix + name, **{**defaults, **own}) for name, own in content["topics"].items())


async def create_topics(bootstrap: str, replication: int | None = None, prefix: str = "") -> tuple[str, ...]:
    """Create what is missing, touch nothing that exists, and return each difference in words.

    Raises a KafkaError when the cluster refuses a topic.
    """
    wanted = {topic.name: topic for topic in declared(replication, prefix)}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        await _create(admin, (topic for name, topic in wanted.items() if name not in present))
        return await _differences(admin, [wanted[name] for name in wanted if name in present])
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Iterable[Topic]) -> None:
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=topic.configuration())
        for topic in topics
    ]
    answer = await admin.create_topics(new)
    for name, code, reason in answer.topic_errors:
        # Someone else was quicker; what they created is compared the next time.
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(f"topic {name}: {reason}")


async def _differences(admin: AIOKafkaAdminClient, topics: list[Topic]) -> tuple[str, ...]:
    if not topics:
        return ()
    partitions = {
        found["topic"]: len(found["partitions"])
        for found in await admin.describe_topics([topic.name for topic in topics])
    }
    settings = await _settings(admin, topics)
    return tuple(
        f"{topic.name}: {field} is {found}, declared is {wanted}"
        for topic in topics
        for field, wanted in {"partitions": str(topic.partitions), **topic.configuration()}.items()
        if (found := {"partitions": str(partitions[topic.name]), **settings[topic.name]}.get(field)) != wanted
    )


async def _settings(admin: AIOKafkaAdminClient, topics: list[Topic]) -> Mapping[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    answers = await admin.describe_configs(asked)
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for _, _, _, name, entries in answer.resources
    }
