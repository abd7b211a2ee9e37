"""Where Kafka and the document store are reached."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from pathlib import Path

# Below the range from which the kernel draws outgoing ports: a client that retries while a part is down
# could otherwise be given that part's own port, and the part could not come back.
FREE = range(20_000, 27_000)
# Never back: a process is not given a port twice, whether or not something listens there already.
_walk = count(os.getpid() * 97)


class StackError(Exception):
    """The stack cannot be brought up, or one of its parts cannot do what was asked."""


@dataclass(frozen=True)
class Addresses:
    """Bootstrap servers of Kafka (host:port, comma-separated) and the URL of the document store."""

    kafka: str
    mongo: str

    def environment(self) -> dict[str, str]:
        """The variables from which every service reads these addresses."""
        return {"REDRESS_KAFKA": self.kafka, "REDRESS_MONGO": self.mongo}


@dataclass(frozen=True)
class Ports:
    """Loopback ports of a stack that this machine runs itself."""

    kafka: int
    controller: int
    mongo: int

    @staticmethod
    def free() -> "Ports":
        return Ports(*(free_port() for _ in range(3)))

    def addresses(self) -> Addresses:
        return Addresses(f"127.0.0.1:{self.kafka}", f"mongodb://127.0.0.1:{self.mongo}/")


# What `redress up` runs: always there, for those who work with it by hand.
BACKGROUND = Ports(kafka=19092, controller=19093, mongo=19017)


def free_port() -> int:
    """A loopback port that nothing listens on; no other process is given it before this one has ended.

    What listens there may be killed and come back.
    """
    for step in islice(_walk, len(FREE)):
        port = FREE[step % len(FREE)]
        with socket.socket() as probe:
            if _is_ours(port) and _bindable(probe, port):
                return port
    raise StackError(f"no free port from {FREE.start} to {FREE.stop}")


def given(environment: Mapping[str, str]) -> Addresses | None:
    """Addresses named by REDRESS_KAFKA and REDRESS_MONGO; None when neither is set, or both to what `up` runs.

    That is for work by hand: stories or tests started in the same shell must not meet its data, and
    `up` and `down` may start and stop it. Raises StackError when only one of the two is set: half a stack of
    ours beside half of someone else's would be a surprise.
    """
    kafka, mongo = environment.get("REDRESS_KAFKA"), environment.get("REDRESS_MONGO")
    if bool(kafka) != bool(mongo):
        missing = "REDRESS_MONGO" if kafka else "REDRESS_KAFKA"
        raise StackError(f"{missing} is not set; set both REDRESS_KAFKA and REDRESS_MONGO, or neither")
    addresses = Addresses(kafka, mongo) if kafka and mongo else None
    return None if addresses == BACKGROUND.addresses() else addresses


@cache
def _taken() -> int:
    """The file of which every process locks the bytes that are numbered as its ports; it is closed by the process's end."""
    path = Path(tempfile.gettempdir()) / f"redress-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _is_ours(port: int) -> bool:
    """Whether this process holds a port from now on, rather than another one."""
    try:
        fcntl.lockf(_taken(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _bindable(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
