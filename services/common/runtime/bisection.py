"""Finds those at fault among many: all are tried together, then in halves, so that one costs a logarithm."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from services.common.runtime.error_texts import describe
from services.common.runtime.failures import TRANSIENT

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

Work = Callable[[Sequence[T]], Awaitable[Sequence[R]]]
Blame = Callable[[T, Exception], R]


async def bisect(items: Sequence[T], work: Work[T, R], blame: Blame[T, R]) -> list[R]:
    """What came of all items, in order; for one that fails alone, what `blame` says of it.

    Transient failures are raised. Halves are worked on one after the other, so what came before is done before.
    """
    try:
        return list(await work(items))
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - told with the item at fault
        if len(items) == 1:
            return [blame(items[0], error)]
        log.warning("fails together, tried in halves", extra={"count": len(items), "reason": describe(error)})
    middle = len(items) // 2
    return [*await bisect(items[:middle], work, blame), *await bisect(items[middle:], work, blame)]
