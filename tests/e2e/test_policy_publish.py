"""New cases follow the version that a person publishes, at once; neither a start nor an old instance moves it."""

import asyncio
from pathlib import Path
from shutil import copytree
from uuid import UUID

import httpx

from deploy.local import Stack, service
from services.routing.settings import POLICIES as SHIPPED
from services.routing.store.policy_files import load_policy
from tests.dealership import a_contact
from tests.patience import until
from tests.policy_folder import ChangedFolder
from tests.routing_service import Service, redress, routing
from tests.stack import database

GTMC = load_policy(SHIPPED / "gtmc")


async def opens_with(running: Service) -> str:
    """The version by which a new case goes."""
    contact = a_contact("音响没有声音")
    await running.receive(contact)
    return (await running.events(contact.case_id, 1))[0].header.policy_version


async def rebased(running: Service, version: str) -> None:
    """Open cases of before go on by the version where a person says so, and act by it."""
    path, seen = await running.opened()
    case = UUID(path.rsplit("/", 1)[1])
    assert (await running.events(case, 1))[0].header.policy_version == version
    async with database(running.stack, running.names.database) as store:
        stored = await store.cases.find_one({"state.policy_version": GTMC.version})
    assert stored
    number, behind = stored["state"]["number"], UUID(stored["_id"])
    said = await asyncio.to_thread(
        redress,
        running.env,
        "policy",
        "rebase",
        "gtmc",
        "--cases",
        number,
        "--by",
        "li",
        "--reason",
        "all alike",
    )
    assert said.stdout == f"{number}\n1 of 1 cases go on by the current version of gtmc\n"
    count = stored["published"]["cases"] + 1
    last = (await running.events(behind, count))[count - 1]
    assert (last.type, last.by, last.header.policy_version) == ("case.rebased", "li", version)
    taken = await running.accept("cr-1", path, seen)
    assert taken.status_code == httpx.codes.OK


async def test_new_cases_follow_what_is_published_and_no_restart_turns_it_back(
    stack: Stack, tmp_path: Path
) -> None:
    policies = ChangedFolder(copytree(SHIPPED / "gtmc", tmp_path / "policies" / "gtmc"))
    policies.change("limit: {elapsed_minutes: 120}", "limit: {elapsed_minutes: 90}", "deadlines.yaml")
    changed = load_policy(policies.folder)
    async with routing(stack, tmp_path) as running:
        others = running.env | {"REDRESS_POLICIES": str(policies.folder.parent)}
        assert await opens_with(running) == GTMC.version

        # An instance with other files publishes its version, and moves nothing.
        other = service("routing", others | {"REDRESS_INSTANCE": "1"}, tmp_path / "other.log")
        await other.start()
        await other.stop()
        assert await opens_with(running) == GTMC.version
        listed = (await asyncio.to_thread(redress, running.env, "policy", "list")).stdout
        assert f"gtmc@{GTMC.version}\tcurrent since" in listed

        replayed = await asyncio.to_thread(redress, running.env, "policy", "replay", str(policies.folder))
        assert (
            "2 of 2 cases would have gone otherwise: 0 judged, 0 assigned, 2 timed otherwise"
            in replayed.stdout
        )
        said = await asyncio.to_thread(
            redress, others, "policy", "publish", "gtmc", "--by", "li", "--reason", "sooner"
        )
        assert "has the limit 90 minutes; before 120 minutes." in said.stdout
        assert said.stdout.endswith(f"new cases follow gtmc@{changed.version}; before {GTMC.version}\n")

        async def is_followed() -> bool:
            return await opens_with(running) == changed.version

        await until(is_followed)
        await rebased(running, changed.version)
        await running.process.kill()
        await running.process.start()  # with the files of before
        assert await opens_with(running) == changed.version
        again = await asyncio.to_thread(redress, others, "policy", "publish", "gtmc", "--reason", "again")
        assert again.stdout.endswith(
            f"new cases follow gtmc@{changed.version} already; announced once more\n"
        )
        back = ("policy", "publish", f"gtmc@{GTMC.version}", "--by", "wang", "--reason", "as it was")
        await asyncio.to_thread(redress, running.env, *back)
        moves = (await asyncio.to_thread(redress, running.env, "policy", "list")).stdout.splitlines()
        assert [line.split("\t")[2:] for line in moves if line.startswith("gtmc\t")] == [
            [f"none → {GTMC.version}", "by start of routing: no version of this policy was current"],
            [f"{GTMC.version} → {changed.version}", "by li: sooner"],
            [f"{changed.version} → {GTMC.version}", "by wang: as it was"],
        ]
