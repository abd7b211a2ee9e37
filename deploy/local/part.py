"""One part of the stack as tests and operators handle it: start, stop, kill, pause, resume."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from deploy.local.addresses import StackError

GLANCE = 0.05


class Runner(Protocol):
    """What runs a part: a process, a container, or someone else."""

    def launch(self) -> None: ...

    def signal(self, number: signal.Signals) -> None: ...

    def runs(self) -> bool: ...

    def last_words(self) -> str: ...


@dataclass(frozen=True)
class Part:
    """A running thing with a name, and the question that tells whether it serves.

    `patience` is how many seconds it may take to become ready, and again to end.
    """

    name: str
    runner: Runner
    ready: Callable[[], Awaitable[bool]]
    patience: float = 180

    async def start(self) -> None:
        """Launch and wait until it serves; again after stop() or kill(), on the same port and data."""
        self.runner.launch()
        await self.wait_ready()

    async def wait_ready(self) -> None:
        """Return once it serves; StackError with its last words when it ends first or takes too long."""
        try:
            async with asyncio.timeout(self.patience):
                while not await self.ready():
                    self._must_run()
                    await asyncio.sleep(GLANCE)
        except TimeoutError:
            raise self._failure(f"was not ready after {self.patience:g} s") from None

    async def stop(self) -> None:
        """Ask it to end in order (SIGTERM) and wait; killed, and StackError, when it does not."""
        self.runner.signal(signal.SIGTERM)
        try:
            await self._ended()
        except TimeoutError:
            await self.kill()
            raise self._failure(f"did not end within {self.patience:g} s of SIGTERM") from None

    async def kill(self) -> None:
        """End it at once (SIGKILL) and wait until it is gone."""
        self.runner.signal(signal.SIGKILL)
        await self._ended()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay, nothing answers."""
        self.runner.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.runner.signal(signal.SIGCONT)

    async def _ended(self) -> None:
        async with asyncio.timeout(self.patience):
            while self.runner.runs():  # noqa: ASYNC110 - the end of a process is an event only for its parent
                await asyncio.sleep(GLANCE)

    def _must_run(self) -> None:
        if not self.runner.runs():
            raise self._failure("ended before it was ready")

    def _failure(self, what: str) -> StackError:
        return StackError(f"{self.name} {what}; its last words:\n{self.runner.last_words()}")
