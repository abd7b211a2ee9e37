"""Processes of this machine: leashed to their starter, or detached and found again by a lock."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LEASH = Path(__file__).with_name("leash.py")
LAST_BYTES = 4_000


@dataclass(frozen=True)
class Command:
    """A program to run, where its output goes, and what it finds in the environment besides ours."""

    arguments: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def popen(self, leash: tuple[str, ...] = (), keep: tuple[int, ...] = ()) -> "subprocess.Popen[bytes]":
        # A session of its own: Ctrl-C reaches only the starter, who ends its parts in order.
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*leash, *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A service that is killed comes back sooner when it need not compile what it is made of.
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **self.environment},
                pass_fds=keep,
                start_new_session=True,
            )

    def last_words(self) -> str:
        """The end of the log, or a word that there is none."""
        if not self.log.exists():
            return f"nothing in {self.log}"
        return self.log.read_bytes()[-LAST_BYTES:].decode(errors="replace")


class Leashed:
    """A child that ends with this process, however this process ends."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the program itself, since the leash becomes it; 0 before it is launched."""
        return 0 if self._process is None else self._process.pid

    def launch(self) -> None:
        leash = (sys.executable, "-I", "-S", str(LEASH), str(os.getpid()))
        self._process = self._command.popen(leash)

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        return self._command.last_words()


class Detached:
    """A process that outlives this one; whoever knows its name finds it again.

    It holds a lock for as long as it lives, so that its pid is never mistaken for a later stranger's.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._lock = command.log.with_suffix(".lock")

    def launch(self) -> None:
        with self._lock.open("a+") as lock:
            if _taken(lock):
                return
            process = self._command.popen(keep=(lock.fileno(),))
            lock.truncate(0)
            lock.write(str(process.pid))
            # Nobody here waits for it; unless told that it has ended, Popen would complain that it has not.
            process.returncode = 0

    def signal(self, number: signal.Signals) -> None:
        if self.runs():
            os.kill(int(self._lock.read_text()), number)

    def runs(self) -> bool:
        if not self._lock.exists():
            return False
        with self._lock.open() as lock:
            return _taken(lock)

    def last_words(self) -> str:
        return self._command.last_words()


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
