"""Reads JSON that says one thing only: whatever readers could take in two ways is refused by name."""

import json
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

DEEPEST = 32
LARGEST = 2**63 - 1
LONGEST_NAME = 100
ESCAPE, HALF_CHARACTER = b"\\u", re.compile(rb"\\u[dD][89a-fA-F]")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

TWICE = "should be given once: it stands there twice"
NO_NUMBER = "should be a number: NaN and infinity are none"
TOO_LARGE = f"should be a number of at most {LARGEST} on either side of nil"
TOO_DEEP = f"should be nested at most {DEEPEST} deep"
HALF = "should be whole characters: one is cut in half"

Place = tuple[int | str, ...]
Fault = tuple[Place, str]


class JsonError(ValueError):
    """What is wrong with a JSON text, each fault with its place; what stands there is not repeated."""

    def __init__(self, faults: list[Fault]) -> None:
        texts = ("".join(f"{step}." for step in place)[:-1] + f": {says}" for place, says in faults)
        super().__init__("; ".join(text.removeprefix(": ") for text in texts))
        self.faults = faults


def read(text: bytes) -> Any:
    """The value of one JSON text in UTF-8; raises JsonError naming every fault."""
    try:
        return _read(text)
    except UnicodeDecodeError as error:
        raise JsonError([((), f"should be UTF-8, which it is not at byte {error.start + 1}")]) from None
    except json.JSONDecodeError as error:
        raise JsonError([((), _unreadable(text, error))]) from None
    except RecursionError:
        raise JsonError([((), TOO_DEEP)]) from None


def _read(text: bytes) -> Any:
    decoded = text.decode()
    # Faults are looked for only where there can be any: most texts are flat, whole and sure.
    is_whole = ESCAPE not in text or not HALF_CHARACTER.search(text)
    if is_whole and text.count(b"[") + text.count(b"{") <= DEEPEST:
        with suppress(DoubtError):
            return QUICK.decode(decoded)
    value = THOROUGH.decode(decoded)
    if faults := list(_faults(value, ())):
        raise JsonError(faults)
    return value


def read_line(line: bytes) -> dict[str, Any]:
    """The object in one of JSON Lines; editors of some systems begin a file with a byte order mark."""
    try:
        value = read(line.removeprefix(BYTE_ORDER_MARK))
    except JsonError as broken:
        raise ValueError(f"line: should be one JSON object in UTF-8 ({broken})") from None
    if not isinstance(value, dict):
        raise ValueError(f"line: should be one JSON object, not {json.dumps(value):.60}")  # noqa: TRY004
    return value


def _unreadable(text: bytes, error: json.JSONDecodeError) -> str:
    if text.startswith(BYTE_ORDER_MARK):
        return "should be JSON without a byte order mark before it"
    return f"should be one JSON value: {error.msg.lower()} at line {error.lineno}, column {error.colno}"


class DoubtError(Exception):
    """There is a fault, and it is worth the time to find them all."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands for what cannot be taken, until its place is known."""

    problem: str


def _once_or_doubt(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise DoubtError
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        fields[name] = Refused(TWICE) if name in fields else value
    return fields


def _sure(value: Any) -> Any:
    if isinstance(value, Refused):
        raise DoubtError
    return value


def _constant(_name: str) -> Refused:
    return Refused(NO_NUMBER)


def _number(text: str) -> float | Refused:
    value = float(text)
    return value if math.isfinite(value) else Refused(TOO_LARGE)


def _whole(text: str) -> int | Refused:
    # Digits are counted first: turning very many of them into a number takes long.
    value = int(text) if len(text) <= len(str(-LARGEST)) else LARGEST + 1
    return value if -LARGEST <= value <= LARGEST else Refused(TOO_LARGE)


QUICK = json.JSONDecoder(
    object_pairs_hook=_once_or_doubt,
    parse_constant=lambda name: _sure(_constant(name)),
    parse_float=lambda text: _sure(_number(text)),
    parse_int=lambda text: _sure(_whole(text)),
)
THOROUGH = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_constant, parse_float=_number, parse_int=_whole
)


def _faults(value: Any, place: Place) -> Iterator[Fault]:
    if len(place) > DEEPEST:
        yield place[:1], TOO_DEEP
    elif isinstance(value, Refused):
        yield place, value.problem
    elif isinstance(value, str) and not _is_whole(value):
        yield place, HALF
    else:
        for step, part in _members(value):
            yield from _faults(part, (*place, step))


def _members(value: Any) -> Iterator[tuple[int | str, Any]]:
    """What stands in an object or a list, under names that can be shown; a name that cannot is itself a part."""
    if isinstance(value, list):
        yield from enumerate(value)
    elif isinstance(value, dict):
        for name, part in value.items():
            label = f"{name.encode('utf-8', 'backslashreplace').decode():.{LONGEST_NAME}}"
            yield label, part if _is_whole(name) else name


def _is_whole(text: str) -> bool:
    """Whether it can be encoded: half a surrogate pair cannot."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
