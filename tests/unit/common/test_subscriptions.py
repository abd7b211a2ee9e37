"""Each service's router on FastStream's test broker: a record in, its handler called, the events out."""

import json
import logging
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import uuid5

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from faststream.kafka import KafkaRouter, TestKafkaBroker
from pydantic import BaseModel

from schemas import cases, contacts
from schemas.cases import CaseOpened
from schemas.contacts import ContactReceived
from services.common.kafka.batch import Received
from services.common.kafka.dead_letters import dead_topic, replay_topic
from services.common.kafka.outbox import OutboxPublisher
from services.common.kafka.partitions import Partitions
from services.common.kafka.subscription import Feed, Subscription
from services.common.runtime.logs import JsonLine
from services.common.runtime.settings import CommonSettings
from services.common.store.decision import Cause, Change, Outcome, Outgoing
from services.common.store.write_path import Store
from services.notify import handlers as notify
from services.routing import handlers as routing
from services.sla import handlers as sla
from tests.dealership import a_contact
from tests.fakes import MemoryDocuments
from tests.routers import deliver, prepare
from tests.sums import NOON, Sum, Total
from tests.unit.common.fixtures import MemoryTopics
from tests.unit.notify.events import opened

Router = Callable[[Any, Any], KafkaRouter]
SERVICES: dict[str, tuple[Any, str, Callable[[], BaseModel], type[BaseModel]]] = {
    "routing": (routing, contacts.TOPIC, a_contact, ContactReceived),
    "sla": (sla, cases.TOPIC, opened, CaseOpened),
    "notify": (notify, cases.TOPIC, opened, CaseOpened),
}


class Service:
    """A subscription over Kafka and a store in memory; its handler answers every record with one event."""

    def __init__(self, name: str, module: Any) -> None:
        async def nothing(_numbers: set[int]) -> None: ...

        async def no_watermarks(_parts: set[TopicPartition]) -> dict[TopicPartition, int]:
            return {}

        self.topics = MemoryTopics()
        self.store = Store(Sum, MemoryDocuments(), OutboxPublisher(self.topics), lambda: NOON, lambda: None)
        self.received: list[Any] = []
        self.lines: list[str] = []
        self.committed: dict[TopicPartition, int] = {}
        assigned = {TopicPartition(topic, 0) for topic in (*module.TOPICS, replay_topic(name))}
        driver = SimpleNamespace(assignment=lambda: assigned, commit=self.commit)
        partitions = Partitions(name, "", nothing, nothing, no_watermarks, driver=lambda: driver)
        feed = Feed(module.TOPICS, lambda group: module.router(self, group))
        self.subscription = Subscription(
            name, CommonSettings(), self.topics, self.store.publisher, feed, partitions
        )

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed |= offsets

    async def handle(self, batch: Sequence[Received[Any]]) -> Sequence[Outcome[Sum, Any]]:
        self.received += [record.message for record in batch]
        self.lines.append(JsonLine("any").format(logging.makeLogRecord({"msg": "handled"})))
        return await self.store.change_many([record.cause(record.message) for record in batch], answer)


def answer(_state: Sum | None, cause: Cause[Any]) -> Change[Sum]:
    event = Total(id=uuid5(cause.id, "total"), case_id=cause.key, occurred_at=NOON, total=1)
    return Change(Sum(total=1), (Outgoing("answers", event),))


@pytest.mark.parametrize("name", SERVICES)
async def test_a_record_reaches_the_handler_of_its_service_and_its_events_kafka(name: str) -> None:
    module, topic, a_record, kind = SERVICES[name]
    service, message = Service(name, module), a_record()
    async with TestKafkaBroker(service.subscription.broker) as broker:
        for source in (topic, replay_topic(name)):
            headers = {"redress-origin": f"{topic}/0/0"}
            await broker.publish(message.model_dump_json().encode(), source, headers=headers)
        await broker.publish(b"no json", topic)
    assert [type(received) for received in service.received] == [kind, kind]
    [event] = service.topics.topics["answers"]
    assert Total.model_validate_json(event.value).total == 1
    [dead] = service.topics.topics[dead_topic(name)]
    assert dead.value == b"no json"
    assert service.committed == {TopicPartition(source, 0): 1 for source in (topic, replay_topic(name))}
    assert service.subscription.status.stopped == ""


async def test_lines_logged_while_a_batch_is_handled_name_it() -> None:
    service = Service("sla", sla)
    async with TestKafkaBroker(service.subscription.broker) as broker:
        await broker.publish(opened().model_dump_json().encode(), cases.TOPIC)
    [line] = service.lines
    assert json.loads(line)["batch"] == "cases/0/0 and 0 more"
    assert "batch" not in json.loads(JsonLine("any").format(logging.makeLogRecord({"msg": "later"})))


async def test_a_fault_that_is_not_of_a_record_stops_everything_before_the_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Service("sla", sla)

    async def breaks(*_record: Any) -> Any:
        raise OverflowError

    monkeypatch.setattr(service.topics, "send", breaks)
    raw = opened().model_dump_json().encode()
    prepare(service.subscription)
    with pytest.raises(OverflowError):
        await deliver(
            service.subscription, [ConsumerRecord(cases.TOPIC, 0, 0, 0, 0, b"", raw, None, 0, 0, ())]
        )
    assert service.subscription.status.stopped == "OverflowError"
    assert service.committed == {}
