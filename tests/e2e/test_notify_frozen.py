"""A notify frozen between the claim on a message and sending it, while another one takes its work over."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import Service, Stack, service
from schemas.outreach import OutreachRequested
from tests.e2e.test_notify import Far, far_end, outreach
from tests.patience import patience, until
from tests.proxy import Proxy

MESSAGES = 6
CLAIMED = b"status\x00\x08\x00\x00\x00sending\x00"


@dataclass
class Watched(Proxy):
    """A proxy that tells when the first claim has passed it; the store has it then, and the answer is on its way."""

    claimed: Callable[[], None] = lambda: None
    met: asyncio.Event = field(default_factory=asyncio.Event)

    def seen(self, data: bytes) -> None:
        if CLAIMED in data and not self.met.is_set():
            self.met.set()
            self.claimed()


def logged(log: Path, *words: str) -> bool:
    text = log.read_text("utf-8") if log.exists() else ""
    return any(word in text for word in words)


async def test_a_claim_that_outlived_its_time_sends_nothing_on_thaw(stack: Stack, tmp_path: Path) -> None:
    store = urlsplit(stack.addresses.mongo)
    proxy = Watched((store.hostname or "", store.port or 0))
    await proxy.open()
    async with far_end(stack, tmp_path) as far:
        frozen = beside(far, proxy, tmp_path)
        proxy.claimed = frozen.pause
        try:
            await frozen.start()
            events: list[OutreachRequested] = []

            async def claims() -> bool:
                """Until the other one has had one of its own to claim."""
                more = [outreach("sms") for _ in range(MESSAGES)]
                events.extend(more)
                await far.publish("outreach", *more)
                return proxy.met.is_set()

            await until(claims)
            await reported(far, {event.id for event in events})
            frozen.resume()
            await until(lambda: asyncio.to_thread(logged, tmp_path / "frozen.log", "claim lost"))
        finally:
            frozen.resume()
            await frozen.stop()
            proxy.shut()
    assert Counter(Counter(one.reference for one in far.sms.received()).values()) == {1: len(events)}


def beside(far: Far, proxy: Proxy, home: Path) -> Service:
    """A second instance, whose store is behind the proxy."""
    store = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
    env = far.env | {"REDRESS_MONGO": store, "REDRESS_INSTANCE": "1"}
    return service("notify", env, home / "frozen.log")


async def reported(far: Far, events: set[object]) -> None:
    async with patience(), aclosing(far.results()) as results:
        async for one in results:
            events.discard(one.event)
            if not events:
                return
