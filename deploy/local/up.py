"""Kafka, the store and all services in the background, for `redress up` and `redress down`; data survives both."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.addresses import BACKGROUND, Ports, StackError, free_port
from deploy.local.console import redress
from deploy.local.part import Part
from deploy.local.process import DetachedProcess
from deploy.local.provider import Provider, provider
from deploy.local.services import SERVICES, Service, service
from deploy.local.stack import Stack, choose
from services.desk.domain.signing import draw_secret

FOLDER = Path(__file__).parents[2] / ".up"
ENVIRONMENT = "environment"
ACCOUNTS = "accounts"
DIRECTORY = Path(__file__).with_name("directory.yaml")
FIRST_SHOP = "gz-tianhe"
"""Where those work who get the accounts, as far as the role is there."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class BackgroundPorts:
    """The loopback ports of everything that runs in the background."""

    stack: Ports
    services: Mapping[str, int]
    mail: int
    sms: int

    @staticmethod
    def free() -> "BackgroundPorts":
        return BackgroundPorts(
            Ports.free(), {name: free_port() for name in SERVICES}, free_port(), free_port()
        )


FIXED = BackgroundPorts(
    BACKGROUND, {name: port for port, name in enumerate(SERVICES, start=8101)}, mail=8125, sms=8126
)


@dataclass(frozen=True)
class Installation:
    """The parts that run, or would run, in the background: the same handles for starting and for stopping."""

    stack: Stack
    mail: Provider
    sms: Provider
    services: tuple[Service, ...]
    ports: BackgroundPorts

    @staticmethod
    def of(folder: Path, ports: BackgroundPorts) -> "Installation":
        stack = choose(folder, ports.stack, "file", keep=True)
        env = {**_settings(folder, ports), **stack.addresses.environment()}
        _write_environment(folder, env)
        return Installation(
            stack,
            provider("mail", folder / "mail", ports.mail, DetachedProcess),
            provider("sms", folder / "sms", ports.sms, DetachedProcess),
            tuple(
                service(name, env, folder / f"{name}.log", port, DetachedProcess)
                for name, port in ports.services.items()
            ),
            ports,
        )

    @property
    def around(self) -> tuple[Service | Provider, ...]:
        """All but Kafka and the store."""
        return (self.mail, self.sms, *self.services)


async def up(report: Report = print, folder: Path = FOLDER, ports: BackgroundPorts = FIXED) -> None:
    """Start whatever is not running yet, and return when all of it serves; StackError says what does not."""
    here = Installation.of(folder, ports)
    _check_ports(here)
    report("starting Kafka and the store")
    for difference in await here.stack.start():
        report(f"topic {difference}")
    report(f"Kafka at {here.stack.addresses.kafka}, store at {here.stack.addresses.mongo}")
    for part in here.around:
        part.runner.launch()
    await asyncio.gather(*(_report_ready(part, report) for part in here.around))
    await _invite(folder, report)
    report(
        f"data and logs are in {folder}, what was mailed in {here.mail.data}; `make down` stops all and keeps all"
    )
    report(f"for redress commands on it: env $(cat {folder / ENVIRONMENT}) .venv/bin/redress ...")


async def _invite(folder: Path, report: Report) -> None:
    """Accounts for trials, one for each role; where nobody works anywhere yet, in the invented directory."""
    variables, file = _read_environment(folder), folder / ACCOUNTS
    invite = partial(redress, variables, "account", "demonstration", str(file), "--first", FIRST_SHOP)
    accounts = await invite()
    if "\n" not in accounts:
        report(await redress(variables, "directory", "load", str(DIRECTORY)))
        accounts = await invite()
    report(f"accounts for trials, login and password, also in {file}:")
    report(accounts)


async def down(report: Report = print, folder: Path = FOLDER, ports: BackgroundPorts = FIXED) -> None:
    """Stop the services, which finish their work, and then the parts that they need."""
    here = Installation.of(folder, ports)
    await _stop(here.services, report)
    await _stop((here.mail, here.sms, *here.stack.ours()), report)


def _settings(folder: Path, ports: BackgroundPorts) -> dict[str, str]:
    """The services' settings besides Kafka and the store; the key by which desk signs tokens is drawn once and kept."""
    kept = _read_environment(folder)
    return {
        "REDRESS_SIGNING_KEY": kept.get("REDRESS_SIGNING_KEY") or draw_secret(),
        "REDRESS_KEYS_FILE": str(folder / "keys.json"),
        "REDRESS_SECURE_COOKIES": "false",
        "REDRESS_ROUTING_URL": f"http://127.0.0.1:{ports.services['routing']}",
        "REDRESS_DESK_URL": f"http://127.0.0.1:{ports.services['desk']}",
        "REDRESS_SMTP_PORT": str(ports.mail),
        "REDRESS_SMS_URL": f"http://127.0.0.1:{ports.sms}",
    }


def _read_environment(folder: Path) -> dict[str, str]:
    file = folder / ENVIRONMENT
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", maxsplit=1) for line in lines)


def _write_environment(folder: Path, env: Mapping[str, str]) -> None:
    file = folder / ENVIRONMENT
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in env.items()))


async def _report_ready(part: Service | Provider, report: Report) -> None:
    await part.wait_ready()
    report(f"{part.name} at 127.0.0.1:{part.port}")


async def _stop(parts: Iterable[Part], report: Report) -> None:
    running = [part for part in parts if part.runner.runs()]
    await asyncio.gather(*(part.stop() for part in running))
    for part in running:
        report(f"{part.name} stopped")


def _check_ports(here: Installation) -> None:
    """StackError when another program listens on a port: it would be taken for the part that could not start."""
    ports = here.ports.stack
    needed = [
        *((part, ports.kafka if part.name == "kafka" else ports.mongo) for part in here.stack.ours()),
        *((part, part.port) for part in here.around),
    ]
    for part, port in needed:
        if not part.runner.runs() and _is_taken(port):
            raise StackError(f"port {port} of {part.name} is taken by another program; end that one first")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
