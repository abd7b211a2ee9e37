"""Brings up Kafka and the document store, from whoever can provide them, with all topics created."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local import native, readiness
from deploy.local.addresses import Addresses, Ports, given
from deploy.local.elsewhere import Elsewhere
from deploy.local.part import Part, Runner
from deploy.local.process import Command, Leashed
from deploy.local.topics import create_topics


@dataclass(frozen=True)
class Stack:
    """A Kafka and a document store, and the handles to stop, kill and start them again."""

    addresses: Addresses
    kafka: Part
    store: Part

    async def start(self) -> tuple[str, ...]:
        """Start both, create the topics; returns how existing topics differ from the declared ones."""
        await asyncio.gather(self.kafka.start(), self.store.start())
        bootstrap = self.addresses.kafka
        return await create_topics(bootstrap, replication=await readiness.brokers(bootstrap))


@asynccontextmanager
async def stack(
    data: Path | None = None, ports: Ports | None = None, store: native.Form = "file"
) -> AsyncIterator[Stack]:
    """A stack that ends with the block, and with this process however that ends.

    `data` is the folder for data and logs; without one both are thrown away at the end.
    """
    with _folder(data) as home:
        running = choose(home, ports or Ports.free(), store)
        parts = (running.kafka, running.store)
        try:
            await running.start()
            yield running
        finally:
            await asyncio.gather(*(part.stop() if data else part.kill() for part in parts))


def choose(home: Path, ports: Ports, store: native.Form, run: Callable[[Command], Runner] = Leashed) -> Stack:
    """The one place that decides who provides Kafka and the store; nothing is started yet.

    Addresses in the environment come first, then processes of this machine, run by `run`.
    """
    if addresses := given(os.environ):
        return _assemble(addresses, Elsewhere(addresses.kafka), Elsewhere(addresses.mongo))
    home.mkdir(parents=True, exist_ok=True)
    return _assemble(
        ports.addresses(), run(native.kafka(home, ports)), run(native.store(home, ports.mongo, store))
    )


def _assemble(addresses: Addresses, kafka: Runner, store: Runner) -> Stack:
    async def kafka_serves() -> bool:
        return await readiness.brokers(addresses.kafka) > 0

    return Stack(
        addresses,
        Part("kafka", kafka, kafka_serves),
        Part("store", store, partial(readiness.store_answers, addresses.mongo)),
    )


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        yield data.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="redress-", ignore_cleanup_errors=True) as throwaway:
        yield Path(throwaway)
