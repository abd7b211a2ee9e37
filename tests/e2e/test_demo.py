"""The demonstration in small: three complaints on a stack of its own, played, killed and audited."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.patience import SECONDS


def test_three_complaints_come_out_reconciled_and_leave_nothing_running(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    words = ("demo", "--complaints", "3", "--hours", "9", "--data", str(data))
    played = subprocess.run(
        [sys.executable, "-m", "deploy.redress", *words],
        capture_output=True, text=True, timeout=4 * SECONDS, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    numbers = json.loads(data.with_suffix(".json").read_text("utf-8"))
    assert numbers["accepted"] == numbers["cases"] == numbers["events"]["case.opened"] == 3
    assert numbers["events"]["case.task_accepted"] > 0
    assert numbers["kills"] == {"intake": 1, "routing": 1, "notify": 1, "sla": 1}
    assert numbers["arrived"]["email"] > 0
    assert numbers["arrived"]["sms"] > 0
    assert numbers["checks"]
    assert {name: found for name, found in numbers["checks"].items() if found} == {}
    assert len(numbers["rows"]) == 3
    assert all(row["number"] in played.stdout for row in numbers["rows"])
    assert not _running(str(data))


def _running(name: str) -> list[str]:
    """Command lines of processes that were started with `name`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(os.getpid()):
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            found += [words] if name in words else []
    return found
