"""Kafka and the document store in containers, where an engine answers and has the images: nothing is pulled."""

import importlib.util
import os
import signal
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from deploy.local import native
from deploy.local.addresses import Ports

KAFKA = "apache/kafka:4.1.1"
MONGO = "mongo:8.0"
# Without a socket there is no engine, and no heavy import is needed to see it.
SOCKET = Path("/var/run/docker.sock")
LAST_LINES = 40
ANSWER_SECONDS = 20


def unavailable() -> str | None:
    """Why containers cannot provide the stack here; None when they can."""
    if "DOCKER_HOST" not in os.environ and not SOCKET.exists():
        return f"no container engine: DOCKER_HOST is not set and there is no {SOCKET}"
    if importlib.util.find_spec("testcontainers") is None:
        return "testcontainers is not installed; `make setup` installs it"
    return _engine_lacks()


def _engine_lacks() -> str | None:
    from docker.errors import DockerException  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy

    try:
        tags = {tag for image in _engine().images.list() for tag in image.tags}
    except (OSError, DockerException) as trouble:
        return f"the container engine does not answer: {trouble}"
    missing = {KAFKA, MONGO} - tags
    return f"images not at hand: {', '.join(sorted(missing))}" if missing else None


@cache
def _engine() -> Any:
    """The engine's client; raises DockerException where it cannot be reached, OSError where it does not answer."""
    import docker  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and only here of use

    return docker.from_env(timeout=ANSWER_SECONDS)


@dataclass
class Container:
    """A container with its ports on the loopback; it keeps its data when killed and started again.

    With `keep` it outlives this process and is found again by its name.
    """

    image: str
    name: str
    port: int
    inside: int
    keep: bool
    environment: dict[str, str] = field(default_factory=dict)

    def launch(self) -> None:
        if (container := self._existing()) is not None:
            container.start()
            return
        self._create()
        if not self.keep:
            self._remove_when_we_end()

    def signal(self, number: signal.Signals) -> None:
        if (container := self._existing()) is not None and container.status == "running":
            container.kill(signal=number.name)

    def runs(self) -> bool:
        return (container := self._existing()) is not None and container.status == "running"

    def log_tail(self) -> str:
        if (container := self._existing()) is None:
            return f"no container {self.name}"
        return str(container.logs(tail=LAST_LINES).decode(errors="replace"))

    def _existing(self) -> Any:
        containers = _engine().containers.list(all=True, filters={"name": f"^{self.name}$"})
        return containers[0] if containers else None

    def _create(self) -> None:
        from testcontainers.core.config import testcontainers_config  # noqa: PLC0415
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415

        # Its own clean-up needs one more image; ours needs none.
        testcontainers_config.ryuk_disabled = True
        container: Any = DockerContainer(self.image).with_name(self.name)
        container.env.update(self.environment)
        container.ports[f"{self.inside}/tcp"] = ("127.0.0.1", self.port)
        container.start()

    def _remove_when_we_end(self) -> None:
        """Start a process that removes the container when this one has ended, however it ended."""
        reading, writing = os.pipe()
        command = (sys.executable, str(Path(__file__).with_name("container_cleanup.py")), self.name)
        os.posix_spawn(
            command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, reading, 0)], setpgroup=0
        )
        os.close(reading)
        _open_pipes.append(writing)


_open_pipes: list[int] = []


def pair(ports: Ports, *, keep: bool) -> tuple[Container, Container]:
    """Kafka, reached on the very port it advertises, and the store; named after that port."""
    # S104, S108: both are the container's own, of which only the loopback port is seen.
    properties = native.properties("/tmp/redress", ports, bind="0.0.0.0")  # noqa: S104, S108
    environment = {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in properties.items()}
    name = f"redress-{ports.kafka}"
    return (
        Container(KAFKA, f"{name}-kafka", ports.kafka, ports.kafka, keep, environment),
        Container(MONGO, f"{name}-store", ports.mongo, 27017, keep),
    )
