"""Logs of several services are followed as one, in order of time, whatever stands in them."""

import json
import time
from itertools import islice
from pathlib import Path

import pytest

from deploy.local.follow import follow
from deploy.local.tail import Tail


def write(folder: Path, service: str, *lines: str) -> None:
    with (folder / f"{service}.log").open("a", encoding="utf-8") as log:
        log.writelines(f"{line}\n" for line in lines)


def event(at: str, text: str, level: str = "info", **fields: str) -> str:
    return json.dumps(
        {"at": f"2026-03-02T{at}.000Z", "level": level, "service": "any", "event": text, **fields}
    )


def test_the_last_lines_come_in_order_of_time_and_new_ones_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "sla", *(event(f"10:00:0{n}", f"deadline {n}") for n in (1, 4)))
    write(tmp_path, "routing", event("09:00:00", "old"), event("10:00:02", "case opened", case_id="c1"))

    def somebody_writes(_seconds: float) -> None:
        write(tmp_path, "notify", event("10:00:05", "sent"))

    monkeypatch.setattr(time, "sleep", somebody_writes)
    lines = list(islice(follow(tmp_path, ("routing", "sla", "notify"), 1), 3))
    assert lines == [
        "10:00:02 routing  case opened case_id=c1",
        "10:00:04 sla      deadline 4",
        "10:00:05 notify   sent",
    ]


def test_trouble_is_coloured_and_what_is_no_event_is_shown_as_it_stands(tmp_path: Path) -> None:
    write(tmp_path, "sla", "Fatal Python error", event("10:00:01", "gone", "error", stack="in tick"))
    fatal, error = islice(follow(tmp_path, ("sla",), 2), 2)
    assert fatal == "         sla      Fatal Python error"
    assert error == "\x1b[31m10:00:01 sla      error: gone\nin tick\x1b[0m"


def test_a_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    tail, file = Tail(tmp_path / "log"), tmp_path / "log"
    assert tail.lines() == []
    file.write_bytes(b"one\n\ntw")
    assert (tail.lines(), tail.lines()) == ([b"one", b""], [])
    file.write_bytes(b"one\n\ntwo\n")
    assert tail.lines() == [b"two"]
