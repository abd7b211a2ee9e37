"""Busy processes beside what is tested, so that it meets a crowded machine."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.process import ChildProcess, Command

BUSY = (sys.executable, "-c", "while True: pass")


@contextmanager
def load(log: Path, processes: int = 4) -> Iterator[None]:
    """That many processes that never rest; they end with the block, and with this process however it ends."""
    running = [ChildProcess(Command(BUSY, log)) for _ in range(processes)]
    try:
        for one in running:
            one.launch()
        yield
    finally:
        for one in running:
            one.signal(signal.SIGKILL)
