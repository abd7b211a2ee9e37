"""Starts Kafka and the document store, from addresses, containers or processes, with all topics created."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local import containers, native, readiness
from deploy.local.addresses import Addresses, Ports, given
from deploy.local.part import External, Part, Runner
from deploy.local.process import ChildProcess, DetachedProcess
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

    def ours(self) -> tuple[Part, ...]:
        """The parts that may be stopped: all but those whose address was given."""
        return tuple(part for part in (self.kafka, self.store) if not isinstance(part.runner, External))


@asynccontextmanager
async def stack(
    data: Path | None = None, ports: Ports | None = None, store: native.Form = "file"
) -> AsyncIterator[Stack]:
    """A stack that ends with the block, and with this process however that ends.

    `data` is the folder for data and logs; without one both are thrown away at the end.
    """
    with _folder(data) as home:
        running = choose(home, ports or Ports.free(), store)
        try:
            await running.start()
            yield running
        finally:
            await asyncio.gather(*(part.stop() if data else part.kill() for part in running.ours()))


def choose(home: Path, ports: Ports, store: native.Form, *, keep: bool = False) -> Stack:
    """A stack from the first source that can provide it; nothing is started yet.

    Addresses in the environment come first, then containers, then processes of this machine.
    With `keep` the parts outlive this process, and choosing again with the same folder finds them.
    """
    if addresses := given(os.environ):
        return _assemble(addresses, External(addresses.kafka), External(addresses.mongo))
    home.mkdir(parents=True, exist_ok=True)
    if containers.unavailable() is None:
        return _assemble(ports.addresses(), *containers.pair(ports, keep=keep))
    run = DetachedProcess if keep else ChildProcess
    kafka, documents = native.kafka(home, ports), native.store(home, ports.mongo, store)
    return _assemble(ports.addresses(), run(kafka), run(documents))


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
