"""Where every task of this process waits: what an operator needs to know of one that stands still."""

import asyncio
from collections.abc import Iterator
from typing import Any


def waiting_places() -> str:
    """One line per task: the places it waits in, outermost first; no values."""
    return "\n".join(sorted({" > ".join(_places(task.get_coro())) for task in asyncio.all_tasks()}))


def _places(waits: Any) -> Iterator[str]:
    while waits is not None:
        frame = getattr(waits, "cr_frame", None) or getattr(waits, "gi_frame", None)
        if frame is not None:
            yield f"{frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.f_lineno} {frame.f_code.co_name}"
        waits = getattr(waits, "cr_await", None) or getattr(waits, "gi_yieldfrom", None)
