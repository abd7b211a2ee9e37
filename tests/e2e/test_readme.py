"""What README prints is what works: its commands are run as they stand, on an installation of their own."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import click
import pytest
import yaml

from deploy.local.up import FIXED, BackgroundPorts, down, up
from deploy.redress import main
from tests.patience import SECONDS

README = Path("README.md").read_text("utf-8")
DIRECTORY = yaml.safe_load(Path("deploy/local/directory.yaml").read_text("utf-8"))


BY_HAND = README.split("\n## Try it by hand\n")[1].split("\n## ")[0]
WITH_STACK, WITHOUT = re.findall(r"```sh\n(.*?)```", BY_HAND, re.DOTALL)


async def run(script: str) -> str:
    """What a script prints; it ends at the first command that fails."""
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
async def script(ours: None, tmp_path: Path) -> AsyncIterator[str]:
    """The script, brought to an installation that runs on other ports and in another folder."""
    folder, ports = tmp_path / "up", BackgroundPorts.free()
    script = WITH_STACK
    for printed, here in {
        "make up\n": "",
        ".up/environment": str(folder / "environment"),
        ".up/accounts": str(folder / "accounts"),
        f":{FIXED.services['intake']}/": f":{ports.services['intake']}/",
        f":{FIXED.services['desk']}/": f":{ports.services['desk']}/",
    }.items():
        assert printed in script
        script = script.replace(printed, here)
    try:
        await up(lambda _: None, folder, ports)
        yield script
    finally:
        await down(lambda _: None, folder, ports)


@pytest.mark.skipif(shutil.which("curl") is None, reason="what README prints needs curl")
async def test_by_hand_a_complaint_is_accepted_transferred_resolved_and_closed(script: str) -> None:
    printed = await run(script)
    states = re.findall(r"'state': '(\w+)'", printed)
    assert states == [
        "in_review", "transferred", "transferred", "transferred", "resolved", "callback_pending", "callback_confirmed",
        "callback_confirmed", "closed",
    ]  # fmt: skip


async def test_what_needs_no_stack_runs_as_printed() -> None:
    printed = await run(WITHOUT)
    assert '"level": "major"' in printed
    assert "level 级别: major 重要投诉 / major complaint" in printed
    assert '"due_at": "2026-03-04T10:00:00Z"' in printed


def test_the_shops_named_are_those_of_the_invented_directory() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|$", BY_HAND, re.MULTILINE)
    named = {(group, shop) for group, cell in rows for shop in re.findall(r"`([a-z-]+)`", cell)}
    assert named == {(shop["group"], shop["id"]) for shop in DIRECTORY["shops"]}


def test_the_people_named_are_those_of_the_invented_directory() -> None:
    posts = set(re.findall(r"`(?:gz-tianhe)?\.(\w+)`", BY_HAND))
    people = {tuple(person["id"].rsplit(".", 1)) for person in DIRECTORY["people"]}
    shops = {shop["id"] for shop in DIRECTORY["shops"]}
    assert posts == {post for shop, post in people if shop in shops}
    assert set(re.findall(r"`((?:hanlu|songye)\.\w+)`", README)) == {
        f"{at}.{post}" for at, post in people if at not in shops
    }


def test_every_command_named_exists() -> None:
    for words in re.findall(r"`redress ([a-z]+(?: [a-z]+)?)", README):
        group: click.Command | None = main
        for word in words.split():
            assert isinstance(group, click.Group), words
            group = group.get_command(click.Context(group), word)
            assert group is not None, words
