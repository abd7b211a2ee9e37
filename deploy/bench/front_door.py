"""(a) Contacts per second through intake, beside a bare server that only forwards to Kafka."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from deploy.bench.contacts import requests
from deploy.bench.ground import Ground, running
from deploy.bench.load import closed_loop
from deploy.bench.rounds import Say, compare
from deploy.local import Stack
from deploy.local.addresses import free_port
from deploy.local.process import Command, Leashed
from deploy.local.rooms import Room, is_ready

ROUNDS = 5
CONTACTS = 3_000


async def measure(stack: Stack, folder: Path, say: Say) -> dict[str, Any]:
    """Requests per second of both sides and the median of their ratios, round by round."""
    ground = Ground(stack, "a", folder)
    await ground.prepare()
    async with ground.room("intake") as intake, running(_bare(ground)) as bare:

        async def rate(room: Room, mark: str) -> float:
            return await closed_loop(room.port, requests(CONTACTS, f"{room.name}-{mark}"))

        return await compare(ROUNDS, partial(rate, intake), partial(rate, bare), say)


def _bare(ground: Ground) -> Room:
    port = free_port()
    words = (sys.executable, "-m", "deploy.bench.bare", "--port", str(port))
    bare = Room(
        "bare", Leashed(Command(words, ground.log("bare"), ground.env)), partial(is_ready, port), port=port
    )
    bare.runner.launch()
    return bare
