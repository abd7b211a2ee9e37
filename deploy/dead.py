"""`redress dead`: look at the dead letters of a group, replay them, and let a stopped partition go on."""

import asyncio
import getpass
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.common.kafka import client as kafka
from services.common.kafka import dead_letters
from services.common.kafka.dead_letters import DeadLetter, Skip
from services.common.runtime.failures import PATIENCE
from services.common.runtime.settings import CommonSettings

MARKS = (dead_letters.SIZE, dead_letters.DIGEST, dead_letters.SKIPPED_BY, dead_letters.SKIPPED_FOR)
GROUPS = click.Choice(["routing", "sla", "notify", "desk"])


@click.group()
def dead() -> None:
    """Records that a service could not handle."""


@dead.command("list")
@click.argument("group", type=GROUPS, required=False)
def list_(group: str | None) -> None:
    """One line per dead letter not yet replayed, of one GROUP or of all: group, place, case, reason, origin."""
    for name, letters in asyncio.run(_unreplayed(*([group] if group else GROUPS.choices))).items():
        for letter in letters:
            case = letter.key.decode(errors="replace")
            click.echo(f"{name}\t{letter.place}\t{case}\t{letter.reason}\t{letter.origin}")


@dead.command()
@click.argument("group", type=GROUPS)
@click.argument("place")
def show(group: str, place: str) -> None:
    """One record in full. It may hold personal data."""
    letters = asyncio.run(_unreplayed(group))[group]
    letter = next((letter for letter in letters if letter.place == place), None)
    if letter is None:
        raise click.ClickException(f"{group} has no dead letter at {place} (partition/offset)")
    fields = {
        "place": letter.place,
        "case": letter.key.decode(errors="replace"),
        "origin": letter.origin,
        "reason": letter.reason,
        "error": letter.error.splitlines(),
        **{name: value.decode(errors="replace") for name, value in letter.headers if name in MARKS},
        "value": letter.value.decode(errors="replace"),
    }
    click.echo(json.dumps(fields, ensure_ascii=False, indent=2))


@dead.command()
@click.argument("group", type=GROUPS)
@click.option("--case", "case_id", help="Only the records of this case.")
def replay(group: str, case_id: str | None) -> None:
    """Hand dead letters to the service once more, in order within each case."""
    handed, gone = asyncio.run(_replay(group, case_id))
    click.echo(f"{len(handed)} records handed to {group} again")
    for letter in gone:
        click.echo(f"{letter.place}: only its head is here, and {letter.origin} is gone; it stays", err=True)


@dead.command()
@click.argument("group", type=GROUPS)
@click.argument("partition", type=click.IntRange(0), required=False)
@click.option("--reason", required=True, help="Why what fails may be skipped; kept with each record.")
@click.option(
    "--by", default=getpass.getuser, help="Who decides so; kept as well. By default who is logged in."
)
def skip(group: str, partition: int | None, reason: str, by: str) -> None:
    """Let the service go on where it has stopped because too many records failed.

    Of what is unread now, in PARTITION or in all, whatever fails becomes a dead letter, however much that is, and
    the rest is handled. Nothing is discarded: `redress dead replay` hands back what failed.
    """
    skips = asyncio.run(_skip(group, partition, reason, by))
    for mark in skips:
        click.echo(
            f"{mark.topic}/{mark.partition}: what fails before offset {mark.upto} becomes a dead letter of {group}"
        )
    if not skips:
        click.echo(f"{group} has nothing unread there: there is nothing to skip")


async def _unreplayed(*groups: str) -> dict[str, list[DeadLetter]]:
    settings = CommonSettings()
    topics = {group: settings.topic_prefix + dead_letters.dead_topic(group) for group in groups}
    await kafka.await_topics(settings.kafka, topics.values(), PATIENCE)
    return {group: await dead_letters.unreplayed(settings.kafka, topic) for group, topic in topics.items()}


async def _replay(group: str, case_id: str | None) -> tuple[list[DeadLetter], list[DeadLetter]]:
    """What was handed over, and what cannot be since only its head is left."""
    settings = CommonSettings()
    unreplayed = (await _unreplayed(group))[group]
    letters = [letter for letter in unreplayed if case_id in {None, letter.key.decode(errors="replace")}]
    gone = await dead_letters.gone(settings.kafka, letters)
    whole = [letter for letter in letters if letter not in gone]
    async with kafka.producer(settings.kafka) as producer:
        await dead_letters.replay(producer, group, whole, settings.topic_prefix)
    return whole, gone


async def _skip(group: str, partition: int | None, reason: str, by: str) -> list[Skip]:
    settings = CommonSettings()
    prefix, topic = settings.topic_prefix, settings.topic_prefix + dead_letters.dead_topic(group)
    await kafka.await_topics(settings.kafka, [topic], PATIENCE)
    unread = await _unread(settings.kafka, prefix + group)
    marks = [
        Skip(part.topic, part.partition, end, reason, by)
        for part, end in unread.items()
        if partition in {None, part.partition} and part.topic != prefix + dead_letters.replay_topic(group)
    ]
    async with kafka.producer(settings.kafka) as producer:
        for mark in marks:
            await producer.send_and_wait(topic, b"", headers=mark.headers())
    return marks


async def _unread(bootstrap: str, group: str) -> dict[TopicPartition, int]:
    """The end of every partition that a group has begun and not read to its end."""
    async with _admin(bootstrap) as admin, AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        committed = await admin.list_consumer_group_offsets(group)
        ends = await consumer.end_offsets(list(committed)) if committed else {}
    return {part: ends[part] for part in sorted(committed) if committed[part].offset < ends[part]}


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


commands: list[click.Command] = [dead]
