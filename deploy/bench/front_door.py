"""(a) Contacts per second through intake, beside a bare server that only forwards to Kafka."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from deploy.bench.contacts import KEY, requests
from deploy.bench.load import closed_loop
from deploy.bench.rounds import Say, compare
from deploy.local import Stack, create_topics, start_service
from deploy.local.addresses import free_port
from deploy.local.process import Command, Leashed
from deploy.local.rooms import Room, is_ready

ROUNDS = 7
CONTACTS = 3_000


async def measure(stack: Stack, folder: Path, say: Say) -> dict[str, Any]:
    """Rates of both sides and the median of their ratios, round by round."""
    await create_topics(stack.addresses.kafka, replication=1, prefix="a.")
    env = {**stack.addresses.environment(), "REDRESS_TOPIC_PREFIX": "a.", "REDRESS_TOKEN_KEY": KEY}
    intake = start_service("intake", env, folder / "intake.log")
    async with _running(intake), _running(_bare(env, folder / "bare.log")) as bare:

        async def rate(room: Room, mark: str) -> float:
            return await closed_loop(room.port, requests(CONTACTS, f"{room.name}-{mark}"))

        return await compare(ROUNDS, partial(rate, intake), partial(rate, bare), say)


def _bare(env: dict[str, str], log: Path) -> Room:
    port = free_port()
    command = Command((sys.executable, "-m", "deploy.bench.bare", "--port", str(port)), log, env)
    bare = Room("bare", Leashed(command), partial(is_ready, port), port=port)
    bare.runner.launch()
    return bare


@asynccontextmanager
async def _running(room: Room) -> AsyncIterator[Room]:
    try:
        await room.wait_ready()
        yield room
    finally:
        await room.kill()
