"""What a batch costs in store commands and Kafka requests: exact counts, which no busy machine can blur."""

import importlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from prometheus_client import REGISTRY
from pymongo import monitoring

from deploy.bench.traffic import POLICY, opened
from deploy.local import Stack
from services.common.runtime.clock import wall
from services.common.runtime.files import folders
from services.common.store.mongo import HEALTH
from services.routing.settings import POLICIES
from tests.dealership import a_contact, directory_file
from tests.patience import until
from tests.signing import BELIEVING
from tests.stack import Names, produce

CASES = 60
PARTITIONS = 12
MESSAGES, BATCHES = "redress_messages_total", "redress_batch_seconds_count"
ROUTED = ("cases", "escalations", "outreach")


class Commands(monitoring.CommandListener):
    """Commands of one database that belong to handling records, by name and collection."""

    def __init__(self) -> None:
        self.database = ""
        self.counts: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name = event.command_name
        if event.database_name != self.database or name not in {"find", "insert", "update", "delete"}:
            return
        if event.command[name] == HEALTH:
            return
        # What a service looks for when partitions come is not asked by `_id`, and is asked once.
        if name != "find" or "_id" in event.command["filter"]:
            self.counts[f"{name} {event.command[name]}"] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


STORE = Commands()
monitoring.register(STORE)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Requests to Kafka from now on, by kind."""
    counts: Counter[str] = Counter()
    send = AIOKafkaClient.send

    async def noted(client: AIOKafkaClient, node: int, request: Any, **options: Any) -> Any:
        counts[type(request).__name__] += 1
        return await send(client, node, request, **options)

    monkeypatch.setattr(AIOKafkaClient, "send", noted)
    return counts


@pytest.fixture
def environment(stack: Stack, names: Names, monkeypatch: pytest.MonkeyPatch) -> Names:
    """What a service in this very process is set up with."""
    for name, value in (names.environment(stack) | BELIEVING).items():
        monkeypatch.setenv(name, value)
    STORE.database, STORE.counts = names.database, Counter()
    return names


@asynccontextmanager
async def service(name: str) -> AsyncIterator[None]:
    """A service at work in this process, so that every call of its drivers can be counted."""
    handlers, level = logging.root.handlers[:], logging.root.level
    app = importlib.import_module(f"services.{name}.app").create()
    try:
        async with app.router.lifespan_context(app):
            yield
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


def counted(metric: str, **labels: str) -> float:
    """What this process has counted so far, whatever the labels not named."""
    samples = (sample for family in REGISTRY.collect() for sample in family.samples)
    return sum(one.value for one in samples if one.name == metric and labels.items() <= one.labels.items())


async def worked(name: str, records: int) -> int:
    """Let a service handle so many records and leave in order; into how many batches it cut them."""
    before = {metric: counted(metric, service=name) for metric in (MESSAGES, BATCHES)}

    async def handled() -> bool:
        return counted(MESSAGES, service=name) >= before[MESSAGES] + records

    async with service(name):
        await until(handled)
    return round(counted(BATCHES, service=name) - before[BATCHES])


async def meet_partitions(stack: Stack, names: Names, *topics: str) -> None:
    """Write once to every partition: while topics are new Kafka refuses, and the driver asks again."""
    async with AIOKafkaProducer(bootstrap_servers=stack.addresses.kafka) as producer:
        for topic in topics:
            for number in range(PARTITIONS):
                await producer.send_and_wait(names.topic(topic), b"", partition=number)


async def lying(stack: Stack, names: Names, *topics: str) -> int:
    """How many records came to some topics since every partition was written to once."""
    async with AIOKafkaConsumer(bootstrap_servers=stack.addresses.kafka) as consumer:
        parts = [
            TopicPartition(names.topic(topic), number) for topic in topics for number in range(PARTITIONS)
        ]
        ends: dict[TopicPartition, int] = await consumer.end_offsets(parts)
        return sum(ends.values()) - len(parts)


# A service looks once whether its documents are in the present format, and notes that they are.
AT_START = {
    "routing": {"find formats": 3, "update formats": 3},
    "sla": {"find formats": 1, "update formats": 1},
}


async def test_routing_opens_a_batch_of_cases_with_five_store_commands_and_two_requests(
    stack: Stack, environment: Names, requests: Counter[str]
) -> None:
    entries = [
        (f"{e.kind}:{e.id}".encode(), e.model_dump_json().encode()) for e in directory_file().entries()
    ]
    await produce(stack, environment.topic("directory"), entries)
    contacts = [a_contact() for _ in range(CASES)]
    records = [(str(one.case_id).encode(), one.model_dump_json().encode()) for one in contacts]
    await produce(stack, environment.topic("contacts"), records)
    await meet_partitions(stack, environment, *ROUTED)
    requests.clear()
    batches = await worked("routing", CASES)
    policies = len(folders(POLICIES))
    # Of each policy the first version becomes current: read, written, and announced; once it is looked for what a crash left.
    assert STORE.counts.pop("find policies") <= policies + 1
    assert STORE.counts.pop("update policies") <= 2 * policies
    assert STORE.counts == {
        "insert texts": batches,
        "insert customers": batches,
        "find cases": batches,
        "update cases": 2 * batches,
        **AT_START["routing"],
    }
    # The first record of a topic may go ahead while the driver learns of the next one; and a service publishes
    # its policies, and asks a broker for its time, when it starts.
    assert requests["ProduceRequest"] <= batches + len(ROUTED) + 2 * policies + 1
    assert requests["OffsetCommitRequest"] <= batches
    assert await lying(stack, environment, *ROUTED) == 3 * CASES


async def test_sla_starts_the_deadlines_of_a_batch_with_three_store_commands_and_two_requests(
    stack: Stack, environment: Names, requests: Counter[str]
) -> None:
    policy = (f"{POLICY.policy.id}@{POLICY.version}".encode(), POLICY.model_dump_json().encode())
    await produce(stack, environment.topic("policies"), [policy])
    events = [opened(wall()) for _ in range(CASES)]
    records = [(str(one.case_id).encode(), one.model_dump_json().encode()) for one in events]
    await produce(stack, environment.topic("cases"), records)
    await meet_partitions(stack, environment, "deadlines")
    requests.clear()
    batches = await worked("sla", CASES)
    assert STORE.counts == {"find deadlines": batches, "update deadlines": 2 * batches, **AT_START["sla"]}
    # One besides: it asks a broker for its time when it starts.
    assert requests["ProduceRequest"] <= batches + 2
    assert requests["OffsetCommitRequest"] <= batches
    assert await lying(stack, environment, "deadlines") == 3 * CASES
