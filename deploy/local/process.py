"""Processes of this machine: children that end with their starter, or detached ones found again by a lock."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PARENT_WATCH = Path(__file__).with_name("parent_watch.py")
LAST_BYTES = 4_000


@dataclass(frozen=True)
class Command:
    """A program to run, the file for its output, and its environment variables besides ours."""

    arguments: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, prefix: tuple[str, ...] = (), keep: tuple[int, ...] = ()) -> "subprocess.Popen[bytes]":
        """The started process; `prefix` goes before the arguments, the descriptors `keep` stay open in it."""
        # A session of its own: Ctrl-C reaches only the starter, who ends its parts in order.
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*prefix, *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A killed service starts sooner again when its modules are compiled already.
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **self.environment},
                pass_fds=keep,
                start_new_session=True,
            )

    def log_tail(self) -> str:
        """The end of the log, or a note that there is none."""
        if not self.log.exists():
            return f"no file {self.log}"
        return self.log.read_bytes()[-LAST_BYTES:].decode(errors="replace")


class ChildProcess:
    """A child that ends with this process, however this process ends."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the program itself, which parent_watch.py becomes; 0 before it is launched."""
        return 0 if self._process is None else self._process.pid

    def launch(self) -> None:
        watch = (sys.executable, "-I", "-S", str(PARENT_WATCH), str(os.getpid()))
        self._process = self._command.start(watch)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal. After SIGSTOP it waits until the process is stopped: on a busy machine it answers on for a while."""
        if self._process is not None:
            self._process.send_signal(number)
            if number is signal.SIGSTOP and self.runs():
                os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log_tail(self) -> str:
        return self._command.log_tail()


class DetachedProcess:
    """A process that outlives this one; whoever names the same log finds it again.

    It holds a lock for as long as it runs, so that its pid is never mistaken for that of a later process.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._lock = command.log.with_suffix(".lock")

    def launch(self) -> None:
        with self._lock.open("a+") as lock:
            if _is_locked(lock):
                return
            process = self._command.start(keep=(lock.fileno(),))
            lock.truncate(0)
            lock.write(str(process.pid))
            # Nobody here waits for it; without a return code Popen would warn that it still runs.
            process.returncode = 0

    def signal(self, number: signal.Signals) -> None:
        if self.runs():
            os.kill(int(self._lock.read_text()), number)

    def runs(self) -> bool:
        if not self._lock.exists():
            return False
        with self._lock.open() as lock:
            return _is_locked(lock)

    def log_tail(self) -> str:
        return self._command.log_tail()


def _is_locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
