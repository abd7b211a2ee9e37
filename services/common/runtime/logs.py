"""One event per line on standard error, as JSON of a service and as words of a command; no message bodies."""

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType, TracebackType
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from services.common.runtime.error_texts import frames

# httpx logs whole addresses, and those of webhooks often hold a secret.
DRIVERS = ("aiokafka", "httpx", "kafka", "pymongo")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_context: ContextVar[Mapping[str, str]] = ContextVar("log context", default=MappingProxyType({}))


@contextmanager
def context(**fields: str) -> Iterator[None]:
    """Add these fields to every line that is logged meanwhile by this task and those it starts."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


class JsonLine(JsonFormatter):
    """The event, its time, level and logger, the service, and the fields given by `extra`, all as texts."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, service: str) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={
                "asctime": "at",
                "levelname": "level",
                "name": "logger",
                "message": "event",
                "exc_info": "stack",
            },
            static_fields={"service": service},
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],
            json_ensure_ascii=False,
        )

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - named by the standard library
        return frames(ei[1])

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        fields = {**_context.get(), **log_data}
        return {name: str(value) for name, value in fields.items()} | {"level": log_data["level"].lower()}


class PlainLine(logging.Formatter):
    """The event, the work it is about and its reason, for a person."""

    def format(self, record: logging.LogRecord) -> str:
        fields = [getattr(record, name, "") for name in ("work", "reason")]
        return ": ".join(filter(None, [record.getMessage(), *fields]))


class NoRepeat(logging.Filter):
    """Passes an event once, however often it is met in a row: a command tries again several times a second."""

    last = ""

    def filter(self, record: logging.LogRecord) -> bool:
        line = PlainLine().format(record)
        self.last, is_repeated = line, line == self.last
        return not is_repeated


class OncePerWindow(logging.Filter):
    """The drivers' events pass once in ten seconds each: while a broker is away they come many times a second."""

    WINDOW = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(DRIVERS):
            return True
        place = (record.pathname, record.lineno)
        if record.created - self._passed.get(place, 0.0) < self.WINDOW:
            return False
        self._passed[place] = record.created
        return True


def configure(service: str, level: str = "INFO") -> None:
    """Send every log of this process, a service, through one JSON handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine(service))
    handler.addFilter(OncePerWindow())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in DRIVERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def configure_console() -> None:
    """Show a person at a console what a command waits for; drivers are silent, since their errors are the reasons."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLine())
    handler.addFilter(NoRepeat())
    logging.basicConfig(level="WARNING", handlers=[handler], force=True)
    for name in DRIVERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
