"""What is seen while stories are played: each step with its time, and the present numbers in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status

from services.common.runtime.clock import ticks

LINE_SECONDS = 5.0


@dataclass
class Progress:
    """On a terminal the present numbers stand in one moving line; elsewhere a line comes now and then."""

    console: Console
    started: float = field(default_factory=ticks)
    _step: float = field(default_factory=ticks)
    _line: float = 0.0
    _status: Status | None = None

    @contextmanager
    def on_screen(self) -> Iterator[None]:
        """Keep the moving line on the screen, where there is one."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status("starting Kafka and the store") as self._status:
            yield
        self._status = None

    def done(self, step: str) -> None:
        """A step ended; what follows is timed from here."""
        now = ticks()
        self._print(f"{now - self.started:6.1f} s  {step} ({now - self._step:.1f} s)")
        self._step = now

    def note(self, line: str) -> None:
        self._print(f"{ticks() - self.started:6.1f} s  {line}")

    def show(self, numbers: str) -> None:
        """The present numbers."""
        if self._status is not None:
            self._status.update(f"{ticks() - self.started:.0f} s  {numbers}")
        elif ticks() - self._line >= LINE_SECONDS:
            self._line = ticks()
            self.note(numbers)

    def _print(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)
