"""Follows the logs of the services in the background, a line for each event."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from deploy.local.tail import Tail

PAUSE = 0.3
COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}
HEAD = ("at", "level", "service", "event", "logger", "stack")


def follow(folder: Path, services: Sequence[str], last: int) -> Iterator[str]:
    """The last lines of each service's log in order of time, then each new line as it is written; never ends."""
    tails = {service: Tail(folder / f"{service}.log") for service in services}
    yield from _new_lines(tails, last)
    while True:
        time.sleep(PAUSE)
        yield from _new_lines(tails)


def _new_lines(tails: dict[str, Tail], last: int | None = None) -> Iterator[str]:
    """What was written since the last call, at most the `last` lines of each service."""
    written = {service: tail.lines() for service, tail in tails.items()}
    events = [
        (service, _event(line))
        for service, lines in written.items()
        for line in (lines if last is None else lines[-last:])
    ]
    return (
        _text(service, event) for service, event in sorted(events, key=lambda pair: pair[1].get("at", ""))
    )


def _event(line: bytes) -> dict[str, Any]:
    """The fields of a line; what is not JSON, like a crash of the interpreter, is an event in itself."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {"event": line.decode(errors="replace")}
    return fields if isinstance(fields, dict) else {"event": str(fields)}


def _text(service: str, event: dict[str, Any]) -> str:
    """One event for people: time, service, level where it is no mere information, event, fields, stack."""
    level = event.get("level", "")
    time_of_day = event.get("at", "")[11:19]
    fields = [f"{name}={value}" for name, value in event.items() if name not in HEAD]
    warning = f"{level}: " if level in COLOURS else ""
    text = " ".join([f"{time_of_day:8}", f"{service:8}", f"{warning}{event.get('event', '')}", *fields])
    text = "\n".join(filter(None, [text, event.get("stack", "")]))
    return click.style(text, fg=COLOURS[level]) if level in COLOURS else text
