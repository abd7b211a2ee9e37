"""Where partitions end, asked over a connection of its own that is made anew when it falls silent."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.common.runtime.failures import bounded

ANSWER_SECONDS = 5.0


@dataclass(slots=True)
class Watermarks:
    """After an outage a driver can fetch and commit and yet never answer where a partition ends.

    Then whoever awaits that answer would never go on: a new connection is the cure.
    """

    bootstrap: str
    _consumer: AIOKafkaConsumer | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _closing: set["asyncio.Task[None]"] = field(default_factory=set)

    async def of(self, parts: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offset after the last record of each; raises a transient failure when nobody answers in time."""
        if not parts:
            return {}
        async with self._asking:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    consumer = await self._connected()
                    return dict(await consumer.end_offsets(list(parts)))
            except BaseException:
                self._disconnect()
                raise

    async def stop(self) -> None:
        """Close the connection."""
        self._disconnect()
        await asyncio.gather(*self._closing)

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(
                bootstrap_servers=self.bootstrap, enable_auto_commit=False, retry_backoff_ms=500
            )
            await self._consumer.start()
        return self._consumer

    def _disconnect(self) -> None:
        """Close the connection in the background; a silent one takes its time."""
        if self._consumer is not None:
            task = asyncio.create_task(bounded(self._consumer.stop))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            self._consumer = None
