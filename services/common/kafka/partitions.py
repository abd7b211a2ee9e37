"""The partitions assigned to this process: how far it has read them, commits, stops and rebalances."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.common.kafka.positions import Place
from services.common.runtime import metrics
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import retry

COMMIT_SECONDS = 10.0
LOCATE_SECONDS = 15.0

log = logging.getLogger(__name__)

AskWatermarks = Callable[[set[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]]
OnPartitions = Callable[[set[int]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Stop:
    """The place from which on a partition is not read, because too many of its records failed."""

    place: Place
    why: str

    @property
    def offset(self) -> int:
        return self.place.offset


@dataclass(slots=True, eq=False)
class Partitions(ConsumerRebalanceListener):  # type: ignore[misc]
    """`handled` is the next offset per (topic, partition); `batch_lock` is locked while a batch is.

    `watermarks` asks the broker where partitions end. `assigned` and `revoked` are called with the
    partition numbers that come and go; `joined` says that the group has given some, or none. `failed` holds what
    kept it from taking a partition over. `stops` are the partitions that stand while the others go on.
    """

    service: str
    prefix: str
    assigned: OnPartitions
    revoked: OnPartitions
    watermarks: AskWatermarks
    handled: dict[tuple[str, int], int] = field(default_factory=dict)
    batch_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    driver: Callable[[], AIOKafkaConsumer | None] = lambda: None
    failed: str = ""
    joined: bool = False
    stops: dict[TopicPartition, Stop] = field(default_factory=dict)
    _fetched: dict[TopicPartition, int] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def reads(self, record: "ConsumerRecord[bytes, bytes]") -> bool:
        """Whether a record is this process's to handle, and now."""
        part = TopicPartition(record.topic, record.partition)
        return part in self.assignment() and part not in self.stops

    def stop_at(self, part: TopicPartition, stop: Stop) -> None:
        """Read no further, and again from there once it is resumed."""
        self.stops[part] = stop
        self._fetched.pop(part, None)
        metrics.STOPPED.labels(self.service, self._name(part), str(part.partition)).set(1)
        if (driver := self.driver()) is not None and part in self.assignment():
            driver.pause(part)
            driver.seek(part, stop.offset)

    def resume(self, part: TopicPartition) -> None:
        """Read a stopped partition again."""
        self._forget_stop(part)
        if (driver := self.driver()) is not None and part in self.assignment():
            driver.resume(part)

    def _forget_stop(self, part: TopicPartition) -> None:
        if self.stops.pop(part, None) is not None:
            metrics.STOPPED.remove(self.service, self._name(part), str(part.partition))

    def _name(self, part: TopicPartition) -> str:
        name: str = part.topic.removeprefix(self.prefix)
        return name

    def assignment(self) -> set[TopicPartition]:
        """What the group has assigned to this process."""
        driver = self.driver()
        return set(driver.assignment()) if driver is not None else set()

    def numbers(self) -> set[int]:
        """The partition numbers of what is assigned."""
        return {part.partition for part in self.assignment()}

    async def end_offsets(self, topic: str, numbers: set[int]) -> dict[int, int]:
        """The offset after the last record of each partition, asked of the broker now."""
        parts = {TopicPartition(self.prefix + topic, number) for number in numbers}
        return {part.partition: end for part, end in (await self.watermarks(parts)).items()}

    async def lag(self) -> int:
        """Records not yet handled, over all partitions that are read; raises while the broker is away."""
        await self._note_fetched()
        total, ends = 0, await self.watermarks(self.assignment())
        self._pass_gaps()
        for part in ends.keys() & self.assignment():
            end, topic = ends[part], part.topic.removeprefix(self.prefix)
            behind = max(0, end - self.handled.get((topic, part.partition), end))
            metrics.LAG.labels(self.service, topic, str(part.partition)).set(behind)
            total += behind if part not in self.stops else 0
        return total

    async def _note_fetched(self) -> None:
        """Note up to where the driver has given out records, of the partitions where it knows."""
        if (driver := self.driver()) is None:
            return
        for part in self.assignment() - self.stops.keys():
            with suppress(TimeoutError, KafkaError):
                # Before the position is known the driver does not answer until it is.
                async with asyncio.timeout(0):
                    self._fetched[part] = await driver.position(part)

    def _pass_gaps(self) -> None:
        """Take as handled what was given out before the broker answered, unless a batch is still in hand.

        A transaction ends with an offset that has no record, and records are deleted or compacted away.
        """
        for part, offset in self._fetched.items():
            spot = self._name(part), part.partition
            if spot in self.handled and not self.batch_lock.locked():
                self.handled[spot] = max(self.handled[spot], offset)
        self._fetched.clear()

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit what is handled; a partition that has moved is its new reader's.

        After an outage a driver may never answer a commit: the next one covers what this would have.
        """
        driver = self.driver()
        if driver is None:
            return
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await driver.commit(dict(offsets))
        except TimeoutError:
            log.warning("commit is not answered", extra={"partitions": len(offsets)})
        except (CommitFailedError, IllegalStateError) as error:
            # Its new reader meets these records again and drops them as duplicates.
            log.warning("commit came too late", extra={"reason": repr(error)})
            return
        for part, offset in offsets.items():
            self.handled[part.topic.removeprefix(self.prefix), part.partition] = offset

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.joined = True
        task = asyncio.create_task(self._arrive(set(assigned)))
        self._tasks.add(task)
        task.add_done_callback(self._arrived)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the batch in hand be committed first; only then another may read on."""
        async with self.batch_lock:
            self.joined = False
            self._fetched.clear()
            # All partitions go at once: an arrival still on its way would speak of what is another's.
            self.stop()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for part in revoked:
                topic = part.topic.removeprefix(self.prefix)
                self.handled.pop((topic, part.partition), None)
                self._forget_stop(part)
                metrics.LAG.remove(self.service, topic, str(part.partition))
            await self.revoked({part.partition for part in revoked})

    def stop(self) -> None:
        """Give up taking over what is still being taken over."""
        for task in self._tasks:
            task.cancel()

    async def _arrive(self, parts: set[TopicPartition]) -> None:
        if parts:
            await retry(lambda: self._locate(parts), "locate partitions")
            await self.assigned({part.partition for part in parts})

    async def _locate(self, parts: set[TopicPartition]) -> None:
        """Note how far the group has read, before anything is handled there."""
        driver = self.driver()
        if driver is None:
            raise TimeoutError("not connected yet")
        async with asyncio.timeout(LOCATE_SECONDS):
            beginnings = await driver.beginning_offsets(parts)
            for part in parts:
                committed = await driver.committed(part)
                # What was committed may have been deleted since.
                start = max(beginnings[part], committed or 0)
                self.handled.setdefault((part.topic.removeprefix(self.prefix), part.partition), start)

    def _arrived(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.failed = describe(error)
            log.error("partitions could not be taken over", exc_info=error)
