"""Every story that is shipped, played once on a stack of its own: all go as they should, and nothing was lost."""

import os
import re
import subprocess
import sys
from pathlib import Path

from deploy.local.provider import received
from deploy.plays.audit import CHECKS
from deploy.plays.commands import STORIES
from deploy.plays.story import story_files
from tests.patience import SECONDS

NUMBERS = re.compile(
    r"(\d+) stories, (\d+) cases, (\d+) events, (\d+) breaches, (\d+) messages arrived \((\d+) by email, (\d+) by sms\)"
)


def test_all_stories_go_as_they_should_and_leave_nothing_running(tmp_path: Path) -> None:
    data, stories = tmp_path / "plays", len(story_files(STORIES))
    played = subprocess.run(
        [sys.executable, "-m", "deploy.redress", "play", "--data", str(data)],
        capture_output=True, text=True, timeout=4 * SECONDS, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stdout.count("\n✓ ") == stories
    assert [name for name in CHECKS if f"\nok    {name}\n" not in played.stdout] == []
    numbers = NUMBERS.search(played.stdout)
    assert numbers, played.stdout
    shown, cases, events, breaches, arrived, mails, sms = map(int, numbers.groups())
    assert shown == cases == stories
    assert events > 10 * stories
    assert breaches > 0
    assert (len(received(data / "mail")), len(received(data / "sms"))) == (mails, sms)
    assert arrived == mails + sms
    assert min(mails, sms) > stories
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
