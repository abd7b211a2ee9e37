"""Kafka, the store and all services in the background, for `redress up` and `redress down`; data survives both."""

import asyncio
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.addresses import BACKGROUND, Ports, StackError, free_port
from deploy.local.part import Part
from deploy.local.process import Detached
from deploy.local.provider import Provider, provider
from deploy.local.services import SERVICES, Service, service
from deploy.local.stack import Stack, choose

FOLDER = Path(__file__).parents[2] / ".up"
ENVIRONMENT = "environment"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Places:
    """The loopback ports of everything that runs in the background."""

    stack: Ports
    services: Mapping[str, int]
    mail: int
    sms: int

    @staticmethod
    def free() -> "Places":
        return Places(Ports.free(), {name: free_port() for name in SERVICES}, free_port(), free_port())


FIXED = Places(
    BACKGROUND, {name: port for port, name in enumerate(SERVICES, start=8101)}, mail=8125, sms=8126
)


@dataclass(frozen=True)
class Installation:
    """What runs in the background of this machine, or would: the same handles for starting and for stopping."""

    stack: Stack
    mail: Provider
    sms: Provider
    services: tuple[Service, ...]
    places: Places

    @staticmethod
    def of(folder: Path, places: Places) -> "Installation":
        stack = choose(folder, places.stack, "file", keep=True)
        env = {**_fixed(folder, places), **stack.addresses.environment()}
        _write_environment(folder, env)
        return Installation(
            stack,
            provider("mail", folder / "mail", places.mail, Detached),
            provider("sms", folder / "sms", places.sms, Detached),
            tuple(
                service(name, env, folder / f"{name}.log", port, Detached)
                for name, port in places.services.items()
            ),
            places,
        )

    @property
    def around(self) -> tuple[Service | Provider, ...]:
        """All but Kafka and the store."""
        return (self.mail, self.sms, *self.services)


async def up(say: Say = print, folder: Path = FOLDER, places: Places = FIXED) -> None:
    """Start whatever is not running yet, and return when all of it serves; StackError says what does not."""
    here = Installation.of(folder, places)
    _ports_are_ours(here)
    say("starting Kafka and the store")
    for difference in await here.stack.start():
        say(f"topic {difference}")
    say(f"Kafka at {here.stack.addresses.kafka}, store at {here.stack.addresses.mongo}")
    for part in here.around:
        part.runner.launch()
    await asyncio.gather(*(_announced(part, say) for part in here.around))
    say(
        f"data and logs are in {folder}, what was mailed in {here.mail.data}; `make down` stops all and keeps all"
    )
    say(f"for redress commands on it: env $(cat {folder / ENVIRONMENT}) .venv/bin/redress ...")


async def down(say: Say = print, folder: Path = FOLDER, places: Places = FIXED) -> None:
    """Stop the services, which finish what they have in hand, and then what they stood on."""
    here = Installation.of(folder, places)
    await _stopped(here.services, say)
    await _stopped((here.mail, here.sms, *here.stack.ours()), say)


def _fixed(folder: Path, places: Places) -> dict[str, str]:
    """Where the services find what stands around them, and the key of all tokens, drawn once."""
    known = folder / ENVIRONMENT
    lines = known.read_text().splitlines() if known.exists() else []
    kept = dict(line.split("=", maxsplit=1) for line in lines)
    return {
        "REDRESS_TOKEN_KEY": kept.get("REDRESS_TOKEN_KEY") or secrets.token_hex(32),
        "REDRESS_ROUTING_URL": f"http://127.0.0.1:{places.services['routing']}",
        "REDRESS_SMTP_PORT": str(places.mail),
        "REDRESS_SMS_URL": f"http://127.0.0.1:{places.sms}",
    }


def _write_environment(folder: Path, env: Mapping[str, str]) -> None:
    file = folder / ENVIRONMENT
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in env.items()))


async def _announced(part: Service | Provider, say: Say) -> None:
    await part.wait_ready()
    say(f"{part.name} at 127.0.0.1:{part.port}")


async def _stopped(parts: Iterable[Part], say: Say) -> None:
    running = [part for part in parts if part.runner.runs()]
    await asyncio.gather(*(part.stop() for part in running))
    for part in running:
        say(f"{part.name} stopped")


def _ports_are_ours(here: Installation) -> None:
    """StackError when a stranger sits on a port: it would be taken for the part that could not start there."""
    ports = here.places.stack
    taken = [
        *((part, ports.kafka if part.name == "kafka" else ports.mongo) for part in here.stack.ours()),
        *((each, each.port) for each in here.around),
    ]
    for part, port in taken:
        if not part.runner.runs() and _is_taken(port):
            raise StackError(f"port {port} of {part.name} is taken by another program; end that one first")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
