"""Says that work goes on, to whoever watches over it; nothing where nobody does."""

from collections.abc import Callable
from contextvars import ContextVar

# The store's commands serve ticks and people too: only what is done for records may vouch for their consumer.
watcher: ContextVar[Callable[[], None]] = ContextVar("watcher", default=lambda: None)


def note_progress() -> None:
    """A step of the work is done."""
    watcher.get()()
