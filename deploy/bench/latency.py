"""(c) How old a contact is when its case has an owner: from the 202 to the event that says so."""

from pathlib import Path

from deploy.bench.contacts import requests
from deploy.bench.ground import Ground, Numbers
from deploy.bench.load import open_loop
from deploy.bench.rounds import spread
from deploy.bench.watch import watching
from deploy.local import Stack
from schemas import cases

PER_SECOND = 100.0
CONTACTS = 1_500
WARM = 300
PATIENCE = 30.0


async def measure(stack: Stack, folder: Path, _turn: int) -> Numbers:
    """Milliseconds, p50 and p99, while contacts arrive at a steady rate."""
    ground = Ground.fresh(stack, "c", folder)
    await ground.prepare()
    async with (
        ground.service("intake") as intake,
        ground.service("routing"),
        watching(ground, cases.TOPIC, _has_owner) as watch,
    ):
        await open_loop(intake.port, requests(WARM, "warm"), PER_SECOND)
        await watch.until(WARM, PATIENCE)
        answers = await open_loop(intake.port, requests(CONTACTS, "measured"), PER_SECOND)
        await watch.until(WARM + CONTACTS, PATIENCE)
    return spread([watch.seen[one.json()["case_id"]] - one.at for one in answers])


def _has_owner(event: bytes) -> bool:
    return b'"type":"case.opened"' in event and b'"owner":"' in event
