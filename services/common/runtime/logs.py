"""One event per line on standard error, as JSON of a service and as words of a command; no message bodies."""

import json
import logging
import sys
import time
from typing import Any

from services.common.runtime.failures import frames

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
NOISY = ("aiokafka", "kafka", "pymongo")


class JsonLine(logging.Formatter):
    """The event, its level and logger, and the fields given by `extra`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "event": record.getMessage(),
            **{name: str(value) for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            fields["stack"] = frames(record.exc_info[1])
        return json.dumps(fields, ensure_ascii=False)


class PlainLine(logging.Formatter):
    """The event and its reason, for a person."""

    def format(self, record: logging.LogRecord) -> str:
        reason = getattr(record, "reason", "")
        return f"{record.getMessage()}: {reason}" if reason else record.getMessage()


class NoEcho(logging.Filter):
    """Passes an event once, however often it is met in a row: a person reads what he has read."""

    last: tuple[str, str] | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage(), getattr(record, "reason", "")
        self.last, echo = said, said == self.last
        return not echo


class OncePerWindow(logging.Filter):
    """Drivers repeat themselves while a broker is away: the same event passes once in ten seconds."""

    WINDOW = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(NOISY):
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
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def speak() -> None:
    """Tell a person at a console what a command waits for; drivers are silent, since their errors are the reasons."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLine())
    handler.addFilter(NoEcho())
    logging.basicConfig(level="WARNING", handlers=[handler], force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
