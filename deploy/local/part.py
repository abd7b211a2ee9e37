"""One part of the stack, to be started, stopped, killed, paused and resumed by tests and operators."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from deploy.local.addresses import StackError

GLANCE = 0.05


class Runner(Protocol):
    """What runs a part: a process, a container, or somebody else's installation."""

    def launch(self) -> None: ...

    def signal(self, number: signal.Signals) -> None: ...

    def runs(self) -> bool: ...

    def log_tail(self) -> str: ...


@dataclass(frozen=True)
class External:
    """Runs a part at a given address, which only its owner can start and stop."""

    address: str

    def launch(self) -> None:
        return

    def signal(self, number: signal.Signals) -> None:
        raise StackError(f"cannot send {number.name} to {self.address}: it is not ours to stop")

    def runs(self) -> bool:
        return True

    def log_tail(self) -> str:
        return f"no log here; look at {self.address}"


@dataclass(frozen=True)
class Part:
    """A part with its name and its check for readiness.

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
        """Return once it serves; StackError with the end of its log when it ends first or takes too long."""
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
        return StackError(f"{self.name} {what}; the end of its log:\n{self.runner.log_tail()}")
