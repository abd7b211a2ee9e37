"""Errors as text: for an operator, for a log and for a dead letter, and never with words of a record."""

import traceback
from collections.abc import Iterator

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from services.common.runtime.failures import TRANSIENT, brief
from services.common.runtime.settings import SettingsError


def describe(error: BaseException) -> str:
    """The type of an error, and its text where that cannot quote a record: in our own and in transient ones."""
    ours = type(error).__module__.startswith("services.")
    return (
        f"{type(error).__name__}: {error}" if ours or isinstance(error, TRANSIENT) else type(error).__name__
    )


def mendable(error: Exception) -> str | None:
    """What an operator can mend, in one line; None for a fault of ours, which is to be seen in full."""
    match error:
        case ExceptionGroup():
            lines = [mendable(part) for part in error.exceptions]
            return None if None in lines else "; ".join(dict.fromkeys(filter(None, lines)))
        case SettingsError():
            return str(error)
        case KafkaError():
            return f"gave up on Kafka (REDRESS_KAFKA): {brief(error)}"
        case PyMongoError():
            return f"gave up on the store (REDRESS_MONGO): {brief(error)}"
        case TimeoutError():
            return f"gave up: {str(error) or 'no answer in time'}"
    return None


def frames(error: BaseException | None) -> str:
    """Types and places of an error, of its parts and of what led to it: texts can hold personal words."""
    return "" if error is None else "\n".join(_lines(error))


def _lines(error: BaseException) -> Iterator[str]:
    yield describe(error)
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename.rsplit('/', 3)[-1]}:{frame.lineno} {frame.name}"
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _lines(part)
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before)
