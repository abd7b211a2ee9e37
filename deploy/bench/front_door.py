"""(a) Contacts per second through intake, beside a bare server that only forwards to Kafka."""

import sys
from functools import partial
from pathlib import Path

from deploy.bench.contacts import requests
from deploy.bench.ground import Ground, Numbers, in_turn, running
from deploy.bench.load import closed_loop
from deploy.local import Stack
from deploy.local.addresses import free_port
from deploy.local.process import ChildProcess, Command
from deploy.local.services import Service, is_ready

WARM = 500
CONTACTS = 3_000


async def measure(stack: Stack, folder: Path, turn: int) -> Numbers:
    """Requests per second of both sides, and the share of the bare server's rate that intake reaches."""
    ground = Ground.fresh(stack, "a", folder)
    await ground.prepare()
    async with ground.service("intake") as intake, running(_bare(ground)) as bare:

        async def rate(service: Service) -> float:
            await closed_loop(service.port, requests(WARM, f"{service.name}-warm"))
            return await closed_loop(service.port, requests(CONTACTS, f"{service.name}-measured"))

        ours, floor = await in_turn(turn, lambda: rate(intake), lambda: rate(bare))
    return {"per_second": ours, "floor_per_second": floor, "share": ours / floor}


def _bare(ground: Ground) -> Service:
    port = free_port()
    words = (sys.executable, "-m", "deploy.bench.bare", "--port", str(port))
    bare = Service(
        "bare",
        ChildProcess(Command(words, ground.log("bare"), ground.env)),
        partial(is_ready, port),
        port=port,
    )
    bare.runner.launch()
    return bare
