"""A child process: frozen and woken."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.process import ChildProcess, Command
from tests.load import BUSY


@contextmanager
def child(tmp_path: Path, *arguments: str) -> Iterator[ChildProcess]:
    process = ChildProcess(Command(arguments, tmp_path / "child.log"))
    process.launch()
    try:
        yield process
    finally:
        process.signal(signal.SIGKILL)
        while process.runs():
            pass


def state(process: ChildProcess) -> str:
    """As the kernel says it: R for one that runs, T for one that is stopped."""
    return Path(f"/proc/{process.pid}/stat").read_text("utf-8").rpartition(") ")[2][0]


def test_what_is_frozen_does_nothing_any_more_when_the_call_returns(tmp_path: Path) -> None:
    with child(tmp_path, *BUSY) as process:
        for _ in range(20):
            process.signal(signal.SIGSTOP)
            assert state(process) == "T"
            process.signal(signal.SIGCONT)
            assert state(process) != "T"


def test_to_freeze_what_has_ended_waits_for_nothing(tmp_path: Path) -> None:
    with child(tmp_path, sys.executable, "-c", "") as process:
        while process.runs():
            pass
        process.signal(signal.SIGSTOP)
        assert not process.runs()
