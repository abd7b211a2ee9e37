"""The one FastStream subscription of a service: its measured arguments, its middlewares, its start and end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias, TypedDict

from aiokafka import AIOKafkaProducer
from faststream import AckPolicy, StreamMessage
from faststream.kafka import KafkaBroker, KafkaRouter
from pydantic import TypeAdapter

from services.common.kafka import middlewares as around
from services.common.kafka.batch import Batch
from services.common.kafka.dead_letter_writer import DeadLetterWriter
from services.common.kafka.dead_letters import FailedRecord, reread
from services.common.kafka.failure_limits import FailureLimits
from services.common.kafka.outbox import OutboxPublisher
from services.common.kafka.partitions import Partitions
from services.common.kafka.positions import Record
from services.common.kafka.status import Status
from services.common.runtime.settings import CommonSettings
from services.common.store.write_path import Store

POLL_MS = 20
FETCH_WAIT_MS = 50
SESSION_MS = 10_000
REBALANCE_MS = 30_000
DRAIN_SECONDS = 25.0


Parse: TypeAlias = Callable[[Sequence[object]], Awaitable[object]]


class Arguments(TypedDict):
    """Those of FastStream's `subscriber` that are the same for every service."""

    group_id: str
    group_instance_id: str
    auto_offset_reset: Literal["earliest"]
    max_records: int
    batch_timeout_ms: int
    fetch_max_wait_ms: int
    session_timeout_ms: int
    rebalance_timeout_ms: int
    ack_policy: AckPolicy
    no_reply: bool
    parser: Callable[[Sequence[object], Parse], Awaitable[object]]
    decoder: Callable[[StreamMessage[object]], Awaitable[object]]
    listener: Partitions | None
    title: str


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """The consumer group of a service and this process as one member of it."""

    service: str
    settings: CommonSettings
    listener: Partitions | None = None

    def arguments(self) -> Arguments:
        """The arguments of a subscriber that loses nothing and costs what the driver alone would (see DECISIONS.md)."""
        name = self.settings.topic_prefix + self.service
        return Arguments(
            group_id=name,
            group_instance_id=f"{name}-{self.settings.instance}",
            auto_offset_reset="earliest",
            max_records=self.settings.max_records,
            batch_timeout_ms=POLL_MS,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=SESSION_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=clean_headers,
            decoder=given,
            listener=self.listener,
            title=self.service,
        )


@dataclass(frozen=True, slots=True)
class Announcements:
    """What records may have to wait for, such as a policy version: whether it is published, the store that keeps
    such records meanwhile, and an event that is set whenever something is published.
    """

    store: Store[Any]
    is_published: Callable[[str], bool]
    arrived: asyncio.Event


@dataclass(frozen=True, slots=True)
class Feed:
    """What a service reads: the form of each topic, the router that subscribes to them, what records may wait for.

    Records of `personal` topics are written nowhere else: while they wait, only their place is kept.
    """

    topics: Mapping[str, TypeAdapter[Any]]
    router: Callable[[ConsumerGroup], KafkaRouter]
    announcements: Announcements | None = None
    personal: frozenset[str] = frozenset()


@dataclass(slots=True)
class Subscription:
    """Reads the topics of a feed as one member of its service's group."""

    service: str
    settings: CommonSettings
    producer: AIOKafkaProducer
    publisher: OutboxPublisher
    feed: Feed
    partitions: Partitions
    status: Status = field(init=False)
    limits: FailureLimits = field(init=False)
    dead_letters: DeadLetterWriter = field(init=False)
    broker: KafkaBroker = field(init=False)

    def __post_init__(self) -> None:
        prefix, topics = self.settings.topic_prefix, frozenset(self.feed.topics)
        self.status = Status(self.service)
        self.limits = FailureLimits(self.service, self.settings, self.partitions)
        self.dead_letters = DeadLetterWriter(self.service, prefix, topics, self.producer)
        self.broker = KafkaBroker(
            self.settings.kafka,
            logger=None,
            apply_types=False,
            consumer_only=True,
            graceful_timeout=DRAIN_SECONDS,
            retry_backoff_ms=500,
            allow_auto_create_topics=False,
            middlewares=self._middlewares(),
        )
        group = ConsumerGroup(self.service, self.settings, self.partitions)
        self.broker.include_router(self.feed.router(group), prefix=prefix)

    def _middlewares(self) -> Sequence[Any]:
        """What happens around each batch, outermost first."""
        batch = partial(
            Batch, self.service, self.settings.topic_prefix, self.feed.topics,
            reread=partial(reread, self.settings.kafka), personal=self.feed.personal,
        )  # fmt: skip
        status, partitions = self.status, self.partitions
        return (
            partial(around.Exclusive, status=status, partitions=partitions),
            partial(around.StopAtFault, status=status),
            partial(around.Metrics, status=status),
            partial(around.LogContext, status=status),
            partial(around.Commit, status=status, partitions=partitions),
            partial(around.DeadLetters, status=status, writer=self.dead_letters, limits=self.limits),
            partial(around.Publish, status=status, publisher=self.publisher),
            partial(around.Isolate, status=status, batch=batch),
        )

    @property
    def _subscriber(self) -> Any:
        """Two of one group would be two members of it, and could be given different partitions of one case."""
        [subscriber] = self.broker.subscribers
        return subscriber

    async def start(self) -> None:
        """Join the group and begin to read."""
        self.partitions.driver = lambda: self._subscriber.consumer
        try:
            await self.broker.start()
        except Exception:
            await self.broker.stop()
            raise

    async def stop(self) -> None:
        """Finish the batch in hand, then leave."""
        self.partitions.stop()
        if self.status.stopped:
            self.status.leaving.set()
        async with asyncio.timeout(DRAIN_SECONDS + 5):
            await self.broker.stop()

    async def redeliver(self, records: Sequence[Record]) -> Sequence[FailedRecord]:
        """Handle records that waited; return those that became dead letters instead.

        Raises MovedError, and handles none, where the partition of one is another process's by now.
        """
        response = await self._subscriber.process_message(around.Redelivered(records))
        dead: Sequence[FailedRecord] = response.body.dead
        return dead


async def clean_headers(records: Sequence[Record], parse: Parse) -> object:
    """The framework's parser dies on a header that is null or not UTF-8, and drops the batch with it."""
    for record in records:
        record.headers = tuple(
            (name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers
        )
    return await parse(records)


async def given(message: StreamMessage[object]) -> object:
    """The body as it is: `Isolate` has put validated messages there."""
    return message.body
