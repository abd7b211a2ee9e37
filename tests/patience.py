"""How long tests wait: one bound for all of them, so generous that only what never comes misses it.

A test waits for a condition, never for a span of time: on a machine five times as busy everything takes
five times as long and nothing else changes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 600.0
GLANCE = 0.05


def patience() -> asyncio.Timeout:
    """Raises TimeoutError when a block does not end at all."""
    return asyncio.timeout(SECONDS)


async def until(condition: Callable[[], Awaitable[T]]) -> T:
    """What the condition answers, once that is true; TimeoutError when it never is."""
    async with patience():
        while not (answer := await condition()):
            await asyncio.sleep(GLANCE)
        return answer
