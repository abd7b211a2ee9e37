"""`redress dead`: look at what a group set aside, and hand it back once its fault is mended."""

import asyncio
import json

import click

from services.common import dead_letters, kafka
from services.common.dead_letters import DeadLetter
from services.common.failures import PATIENCE
from services.common.settings import CommonSettings

GROUPS = click.Choice(["routing", "sla", "notify"])


@click.group()
def dead() -> None:
    """Records that a room could not handle."""


@dead.command("list")
@click.argument("group", type=GROUPS, required=False)
def list_(group: str | None) -> None:
    """One line per record that waits, of one GROUP or of all: group, place, case, reason, origin."""
    for name, letters in asyncio.run(_waiting(*([group] if group else GROUPS.choices))).items():
        for letter in letters:
            case = letter.key.decode(errors="replace")
            click.echo(f"{name}\t{letter.place}\t{case}\t{letter.reason}\t{letter.origin}")


@dead.command()
@click.argument("group", type=GROUPS)
@click.argument("place")
def show(group: str, place: str) -> None:
    """One record in full. It may hold personal data."""
    letter = next((one for one in asyncio.run(_waiting(group))[group] if one.place == place), None)
    if letter is None:
        raise click.ClickException(f"no dead letter waits at {place} (partition/offset) of {group}")
    shown = {
        "place": letter.place,
        "case": letter.key.decode(errors="replace"),
        "origin": letter.origin,
        "reason": letter.reason,
        "error": letter.error.splitlines(),
        "value": letter.value.decode(errors="replace"),
    }
    click.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@dead.command()
@click.argument("group", type=GROUPS)
@click.option("--case", "case_id", help="Only the records of this case.")
def replay(group: str, case_id: str | None) -> None:
    """Hand what waits to the room once more, in order within each case."""
    count = asyncio.run(_replay(group, case_id))
    click.echo(f"{count} records handed to {group} again")


async def _waiting(*groups: str) -> dict[str, list[DeadLetter]]:
    settings = CommonSettings()
    topics = {group: settings.topic_prefix + dead_letters.dead_topic(group) for group in groups}
    await kafka.await_topics(settings.kafka, topics.values(), PATIENCE)
    return {group: await dead_letters.waiting(settings.kafka, topic) for group, topic in topics.items()}


async def _replay(group: str, case_id: str | None) -> int:
    settings = CommonSettings()
    waiting = (await _waiting(group))[group]
    letters = [one for one in waiting if case_id in {None, one.key.decode(errors="replace")}]
    async with kafka.producer(settings.kafka) as producer:
        await dead_letters.replay(producer, group, letters, settings.topic_prefix)
    return len(letters)


commands: list[click.Command] = [dead]
