"""`redress dead` on the real Kafka: what waits is listed, shown, and handed back once."""

import asyncio

from click.testing import CliRunner

from deploy.dead import dead
from deploy.local import Stack
from services.common.kafka import client as kafka
from services.common.kafka import dead_letters
from services.common.kafka.dead_letters import FailedRecord
from tests.stack import Names, consume
from tests.sums import KEYS, added

RECORD = added(KEYS[0], 1, 5).raw


async def redress_dead(stack: Stack, names: Names, *words: str) -> list[str]:
    """In a thread, since a command brings its own loop."""
    said = await asyncio.to_thread(CliRunner().invoke, dead, words, env=names.environment(stack))
    assert said.exit_code == 0, said.output
    return said.output.splitlines()


async def test_what_waits_is_listed_for_all_groups_and_handed_back_once(stack: Stack, names: Names) -> None:
    letters = {
        service: FailedRecord(b"case-1", RECORD, f"contacts/0/{at}", "failed")
        for at, service in enumerate(("routing", "sla"))
    }
    async with kafka.producer(stack.addresses.kafka) as producer:
        for service, letter in letters.items():
            topic = names.topic(dead_letters.dead_topic(service))
            await producer.send_and_wait(
                topic, letter.value, letter.key, partition=0, headers=letter.headers()
            )
    routing, sla = (f"{service}\t0/0\tcase-1\tfailed\t{letters[service].origin}" for service in letters)
    assert await redress_dead(stack, names, "list") == [routing, sla]
    assert await redress_dead(stack, names, "list", "sla") == [sla]
    assert any(
        '"origin": "contacts/0/1"' in line for line in await redress_dead(stack, names, "show", "sla", "0/0")
    )
    assert await redress_dead(stack, names, "replay", "sla") == ["1 records handed to sla again"]
    assert await redress_dead(stack, names, "list") == [routing]
    [record] = await consume(stack, names.topic(dead_letters.replay_topic("sla")), 1)
    assert record.value == RECORD
