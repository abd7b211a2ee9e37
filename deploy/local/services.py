"""Services as processes, for the demo, the tests and `make up` alike."""

import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from deploy.local.addresses import free_port
from deploy.local.part import Part, Runner
from deploy.local.process import ChildProcess, Command

# A client that reads all certificates anew for each of many requests takes a core for it.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SERVICES = ("intake", "routing", "sla", "notify", "desk")


@dataclass(frozen=True)
class Service(Part):
    """One service with its port; wait_ready() asks its /readyz."""

    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def service(
    name: str,
    env: Mapping[str, str],
    log: Path,
    port: int | None = None,
    run: Callable[[Command], Runner] = ChildProcess,
) -> Service:
    """A service that is not started yet; `env` are its environment variables besides ours."""
    at = port or free_port()
    command = (sys.executable, "-m", "deploy.redress", "serve", name, "--port", str(at))
    log.parent.mkdir(parents=True, exist_ok=True)
    return Service(name, run(Command(command, log, env)), partial(is_ready, at), port=at)


def start_service(name: str, env: Mapping[str, str], log: Path, port: int | None = None) -> Service:
    """Launch a service that ends with this process; wait_ready() is the caller's, so that many can start at once."""
    launched = service(name, env, log, port)
    launched.runner.launch()
    return launched


async def is_ready(port: int) -> bool:
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
