"""A directory is loaded while people leave and complaints come in: no case stays with anybody who has gone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from deploy.local import StackError
from deploy.local.console import redress
from deploy.plays.environment import environment
from deploy.plays.progress import Progress
from services.common.runtime.clock import Clock, ticks, wall
from tests.e2e.traffic import DIRECTORY, Traffic, check
from tests.patience import until

SCALE = 60.0
CONTACTS = 400
PER_SECOND = 50
LEAVERS = (
    "gz-tianhe.op1", "gz-tianhe.cr", "gz-panyu.op1", "gz-panyu.cr", "sz-nanshan.service", "dg-nancheng.gm",
    "dg-nancheng.op1", "sh-pudong.cr", "fs-chancheng.cr", "bj-haidian.op1",
)  # fmt: skip

SUCCESSOR = "dg-nancheng.manager"
"""Of one shop nobody else would be left who could answer for its operators: the CR manager is asked already."""


@pytest.fixture
async def traffic(tmp_path: Path) -> AsyncIterator[Traffic]:
    clock = Clock(SCALE, wall().timestamp())
    async with environment(tmp_path / "environment", clock, Progress(Console(quiet=True))) as running:
        traffic = await Traffic.begin(running)
        yield traffic
        await traffic.close()


@pytest.fixture
def without(tmp_path: Path) -> Path:
    """The directory without those who leave."""
    whole = yaml.safe_load(DIRECTORY.read_text("utf-8"))
    whole["people"] = [one for one in whole["people"] if one["id"] not in LEAVERS]
    file = tmp_path / "without.yaml"
    file.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    return file


async def _flow(traffic: Traffic, halfway: asyncio.Event) -> None:
    """So many contacts at so many a second, or as fast as this machine takes them."""
    began = ticks()
    async with asyncio.TaskGroup() as group:
        for number in range(CONTACTS):
            await asyncio.sleep(max(0.0, began + number / PER_SECOND - ticks()))
            group.create_task(traffic.post(number))
            if number == CONTACTS // 2:
                halfway.set()


def _holders(state: dict[str, Any]) -> set[str]:
    return {state["owner"], *(task["to"] for task in state["tasks"])}


async def _entries(traffic: Traffic, stored: dict[str, Any]) -> list[dict[str, Any]]:
    pages = [page for page in await traffic.documents("case_history") if page["key"] == stored["_id"]]
    return [*(entry for page in pages for entry in page["entries"]), *stored["history"]["entries"]]


async def test_ten_people_leave_under_load_and_no_case_stays_with_them(
    traffic: Traffic, without: Path
) -> None:
    halfway = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_flow(traffic, halfway))
        await halfway.wait()
        said = await redress(
            traffic.environment.variables, "directory", "load", str(without), "--remove", "--to", SUCCESSOR
        )
    assert all(name in said for name in LEAVERS)
    await traffic.come_to_rest()

    async def handed_over() -> bool:
        cases = await traffic.documents("cases")
        return not any(_holders(stored["state"]) & set(LEAVERS) for stored in cases)

    await until(handed_over)
    await check(traffic)
    cases = await traffic.documents("cases")
    assert len(cases) == CONTACTS
    moved = 0
    for stored in cases:
        entries = await _entries(traffic, stored)
        owners = {entry["facts"]["owner"] for entry in entries if entry["event"] == "case.opened"} & set(
            LEAVERS
        )
        why = {
            entry["facts"]["predecessor"]: entry["facts"]["why"]
            for entry in entries
            if entry["event"] == "case.reassigned"
        }
        assert owners <= set(why), f"{stored['_id']}: nothing says why {owners} is not its owner"
        assert set(why.values()) <= {"left"}
        moved += bool(why)
    assert moved
    people = {
        stored["state"]["entry"]["id"]: stored["state"]["entry"]
        for stored in await traffic.documents("directory")
    }
    for name in LEAVERS:
        assert (people[name]["status"], people[name]["posts"], people[name]["email"]) == ("left", [], "")
        assert people[name]["name"]


async def _whose(traffic: Traffic) -> tuple[dict[str, set[str]], list[dict[str, Any]]]:
    """Who has each case by its number, and the directory. Fates of messages may still be counted in cases."""
    cases = [stored["state"] for stored in await traffic.documents("cases")]
    return {state["number"]: _holders(state) for state in cases}, await traffic.documents("directory")


def _write_deputy_from_elsewhere(file: Path) -> None:
    whole = yaml.safe_load(file.read_text("utf-8"))
    whole["people"][0]["deputy"] = next(one["id"] for one in whole["people"] if one["id"].startswith("bj-"))
    file.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")


async def _try_to_leave_cases_to_nobody(traffic: Traffic, file: Path) -> None:
    """Load a directory of which every shop loses its people."""
    shown = yaml.safe_load(await redress(traffic.environment.variables, "directory", "show"))
    shops = {shop["id"] for shop in shown["shops"]}
    for one in shown["people"]:
        one["posts"] = [post for post in one.get("posts", ()) if post["at"] not in shops]
        one.pop("deputy", None)
    nobody = file.with_name("nobody.yaml")
    nobody.write_text(yaml.safe_dump(shown, allow_unicode=True), "utf-8")
    with pytest.raises(StackError, match="nothing is loaded: some open cases would be nobody's"):
        await redress(traffic.environment.variables, "directory", "load", str(nobody))


async def test_a_diff_says_what_a_load_would_do_and_does_nothing(traffic: Traffic, without: Path) -> None:
    for number in range(30):
        await traffic.post(number)
    await traffic.come_to_rest()
    before = await _whose(traffic)
    said = await redress(traffic.environment.variables, "directory", "diff", str(without), "--remove")
    assert await _whose(traffic) == before
    theirs = {(number, name) for number, names in before[0].items() for name in names & set(LEAVERS)}
    assert theirs
    published = [line.split() for line in said.splitlines() if "→" in line and not line.startswith("~")]
    assert {(words[0].rstrip(":"), words[2]) for words in published} == theirs
    gone = [line for line in said.splitlines() if line.startswith("~ person")]
    assert {line.split()[2].rstrip(":") for line in gone} == set(LEAVERS)
    unchanged = await redress(traffic.environment.variables, "directory", "diff", str(DIRECTORY))
    assert unchanged.endswith("0 changes to the directory, 0 to open cases")
    stays = await redress(traffic.environment.variables, "directory", "load", str(without))
    assert "--remove lets them go" in stays
    await _try_to_leave_cases_to_nobody(traffic, without)
    assert await _whose(traffic) == before
    _write_deputy_from_elsewhere(without)
    with pytest.raises(
        StackError, match="deputy: should have a post at the same shop, group or manufacturer"
    ):
        await redress(traffic.environment.variables, "directory", "diff", str(without))
