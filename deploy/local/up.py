"""Kafka, the store and all rooms in the background, for `redress up` and `redress down`; data survives both."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.addresses import Ports, StackError
from deploy.local.part import Part
from deploy.local.process import Detached
from deploy.local.rooms import ROOMS, Room, room
from deploy.local.stack import Stack, choose

FOLDER = Path(__file__).parents[2] / ".up"
PORTS = Ports(kafka=19092, controller=19093, mongo=19017)
ROOM_PORTS = {name: port for port, name in enumerate(ROOMS, start=19001)}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Installation:
    """What runs in the background of this machine, or would: the same handles for starting and for stopping."""

    stack: Stack
    rooms: tuple[Room, ...]

    @staticmethod
    def of(folder: Path = FOLDER) -> "Installation":
        stack = choose(folder, PORTS, "file", keep=True)
        env = stack.addresses.environment()
        return Installation(
            stack,
            tuple(
                room(name, env, folder / f"{name}.log", port, Detached) for name, port in ROOM_PORTS.items()
            ),
        )


async def up(say: Say = print, folder: Path = FOLDER) -> None:
    """Start whatever is not running yet, and return when all of it serves; StackError says what does not."""
    here = Installation.of(folder)
    _ports_are_ours(here)
    say("starting Kafka and the store")
    for difference in await here.stack.start():
        say(f"topic {difference}")
    say(f"Kafka at {here.stack.addresses.kafka}, store at {here.stack.addresses.mongo}")
    for each in here.rooms:
        each.runner.launch()
    await asyncio.gather(*(_announced(each, say) for each in here.rooms))
    say(f"logs and data are in {folder}; `make down` stops everything and keeps the data")


async def down(say: Say = print, folder: Path = FOLDER) -> None:
    """Stop the rooms, which finish what they have in hand, and then what they stood on."""
    here = Installation.of(folder)
    await _stopped(here.rooms, say)
    await _stopped(here.stack.ours(), say)


async def _announced(room: Room, say: Say) -> None:
    await room.wait_ready()
    say(f"{room.name} at {room.url}")


async def _stopped(parts: Iterable[Part], say: Say) -> None:
    running = [part for part in parts if part.runner.runs()]
    await asyncio.gather(*(part.stop() for part in running))
    for part in running:
        say(f"{part.name} stopped")


def _ports_are_ours(here: Installation) -> None:
    """StackError when a stranger sits on a port: it would be taken for the part that could not start there."""
    places = [
        *((part, PORTS.kafka if part.name == "kafka" else PORTS.mongo) for part in here.stack.ours()),
        *((each, each.port) for each in here.rooms),
    ]
    for part, port in places:
        if not part.runner.runs() and _is_taken(port):
            raise StackError(f"port {port} of {part.name} is taken by another program; end that one first")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
