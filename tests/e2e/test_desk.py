"""Who signs in at desk is known at intake and at routing, for as long as that is so, also while desk is away."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from deploy.local import Service, Stack, start_service
from deploy.local.patient import client
from schemas.directory import Post
from services.common.runtime.clock import wall
from services.desk.domain.signing import Signer, draw_secret
from tests.dealership import directory_file, person
from tests.forgery import HOUR, forgeries
from tests.patience import SECONDS, until
from tests.routing_service import redress
from tests.stack import Names

OTHER_PASSWORD = "another horse battery"


@dataclass
class Dealer:
    """Desk, intake and routing, which know of each other only what stands on Kafka."""

    env: dict[str, str]
    folder: Path
    desk: Service
    intake: Service
    routing: Service

    async def console(self, *words: str) -> str:
        done = await asyncio.to_thread(redress, self.env, *words)
        return done.stdout.strip()

    async def signed_in(self, login: str, password: str) -> str:
        """A token as `redress sign-in` writes it."""
        env = self.env | {"REDRESS_DESK_URL": self.desk.url, "REDRESS_PASSWORD": password}
        return (await asyncio.to_thread(redress, env, "sign-in", login)).stdout.strip()

    async def posts(self, token: str) -> int:
        """What intake answers to a contact."""
        contact = {
            "channel": "onsite",
            "shop": "north",
            "received_at": datetime.now(UTC).isoformat(),
            "vehicle": {"brand": "gtmc"},
            "narrative": "空调有异响",
        }
        async with client(self.intake.url, SECONDS) as http:
            answer = await http.post("/v1/contacts", json=contact, headers=bearing(token))
        return answer.status_code

    async def reads(self, token: str) -> int:
        """What routing answers to whoever asks for a case that is not there: 404 where it knows them."""
        async with client(self.routing.url, SECONDS) as http:
            return (await http.get(f"/v1/cases/{UUID(int=0)}", headers=bearing(token))).status_code

    async def lists(self, token: str) -> int:
        """What desk answers to whoever asks for their cases."""
        async with client(self.desk.url, SECONDS) as http:
            return (await http.get("/v1/cases", headers=bearing(token))).status_code

    async def restart_desk(self, **env: str) -> None:
        await self.desk.stop()
        self.env |= env
        self.desk = start_service("desk", self.env, self.folder / "desk.log")
        await self.desk.wait_ready()


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}".rstrip()}


@pytest.fixture
async def dealer(stack: Stack, names: Names, tmp_path: Path) -> AsyncIterator[Dealer]:
    env = names.environment(stack) | {
        "REDRESS_SIGNING_KEY": draw_secret(),
        "REDRESS_SECURE_COOKIES": "false",
        "REDRESS_KEYS_FILE": str(tmp_path / "keys.json"),
    }
    file = tmp_path / "directory.json"
    file.write_text(directory_file().model_dump_json(), "utf-8")
    await asyncio.to_thread(redress, env, "directory", "load", str(file))
    services = {
        name: start_service(name, env, tmp_path / f"{name}.log") for name in ("desk", "intake", "routing")
    }
    dealer = Dealer(env, tmp_path, **services)
    try:
        for service in services.values():
            await service.wait_ready()
        yield dealer
    finally:
        for service in (dealer.desk, dealer.intake, dealer.routing):
            await service.kill()


async def test_who_signs_in_is_known_elsewhere_until_they_sign_out_everywhere_or_leave(
    dealer: Dealer,
) -> None:
    first = await dealer.console("account", "create", "gm", "--person", "gm-1")
    async with client(dealer.desk.url, SECONDS) as browser:
        await browser.post("/v1/session", json={"login": "gm", "password": first})
        answer = await browser.put("/v1/session/password", json={"old": first, "new": OTHER_PASSWORD})
        assert answer.status_code == httpx.codes.NO_CONTENT, answer.text
        token = await dealer.signed_in("gm", OTHER_PASSWORD)
        assert (await dealer.posts(token), await dealer.reads(token)) == (202, 404)
        await browser.post("/v1/session", json={"login": "gm", "password": OTHER_PASSWORD})
        await browser.delete("/v1/session", params={"everywhere": True})
    await until(lambda: is_answered(dealer, token, 401))
    again = await dealer.signed_in("gm", OTHER_PASSWORD)
    assert (await dealer.posts(again), await dealer.reads(again)) == (202, 404)
    await dealer.console("account", "disable", "gm")
    await until(lambda: is_answered(dealer, again, 401))


async def test_a_forged_or_old_token_is_refused_by_every_service(dealer: Dealer) -> None:
    signer = Signer.of(dealer.env["REDRESS_SIGNING_KEY"])
    doors = {"intake": dealer.posts, "routing": dealer.reads, "desk": dealer.lists}
    good = signer.sign("gm-1", list(doors), uuid4(), wall(), HOUR)
    assert [await ask(good) for ask in doors.values()] == [202, 404, 200]
    for service, ask in doors.items():
        for wrong, token in forgeries(signer, "gm-1", service).items():
            assert await ask(token) == 401, f"{service}: {wrong}"


async def is_answered(dealer: Dealer, token: str, status: int) -> bool:
    return (await dealer.posts(token), await dealer.reads(token)) == (status, status)


async def test_a_complaint_is_in_the_lists_of_whoever_may_read_it_as_the_directory_changes(
    dealer: Dealer, tmp_path: Path
) -> None:
    token = await dealer.console("token", "create", "dms", "--for", "intake")
    assert await dealer.posts(token) == httpx.codes.ACCEPTED
    moved = person("gm-south", posts=(Post(at="north", role="dealer_gm"),))

    async def listed(login: str) -> list[str]:
        async with client(dealer.desk.url, SECONDS) as browser:
            await browser.post("/v1/session", json={"login": login, "password": OTHER_PASSWORD})
            return [row["shop"] for row in (await browser.get("/v1/cases")).json()["cases"]]

    for login, who in (("near", "gm-1"), ("far", "gm-south")):
        first = await dealer.console("account", "create", login, "--person", who)
        async with client(dealer.desk.url, SECONDS) as browser:
            await browser.post("/v1/session", json={"login": login, "password": first})
            await browser.put("/v1/session/password", json={"old": first, "new": OTHER_PASSWORD})
    await until(lambda: listed("near"))
    assert (await listed("near"), await listed("far")) == (["north"], [])
    file = tmp_path / "moved.json"
    file.write_text(directory_file(gm_south=moved).model_dump_json(), "utf-8")
    await dealer.console("directory", "load", str(file))
    assert await until(lambda: listed("far")) == ["north"]


async def test_a_machine_is_known_to_intake_alone_until_its_token_is_revoked(dealer: Dealer) -> None:
    token = await dealer.console("token", "create", "dms", "--for", "intake")
    assert (await dealer.posts(token), await dealer.reads(token)) == (202, 401)
    [line] = (await dealer.console("token", "list")).splitlines()
    assert "\tdms\tintake\tuntil " in line
    await dealer.console("token", "revoke", line.split("\t")[0])

    async def is_refused() -> bool:
        return await dealer.posts(token) == httpx.codes.UNAUTHORIZED

    await until(is_refused)


async def test_another_key_lets_old_tokens_count_until_the_old_one_is_retired(dealer: Dealer) -> None:
    old = await dealer.console("token", "create", "dms", "--for", "intake")
    ours = (await dealer.console("token", "keys")).split("\t")[0]
    await dealer.restart_desk(REDRESS_SIGNING_KEY=draw_secret())
    new = await dealer.console("token", "create", "dms", "--for", "intake")
    assert len((await dealer.console("token", "keys")).splitlines()) == 2

    async def are_answered(*statuses: int) -> bool:
        return (await dealer.posts(old), await dealer.posts(new)) == statuses

    await until(lambda: are_answered(202, 202))
    await dealer.console("token", "retire", ours)
    await until(lambda: are_answered(401, 202))


async def test_contacts_are_accepted_with_desk_and_store_away_also_by_an_intake_that_starts_then(
    dealer: Dealer,
) -> None:
    token = await dealer.console("token", "create", "dms", "--for", "intake")
    await dealer.desk.kill()
    await dealer.intake.stop()
    env = dealer.env | {"REDRESS_MONGO": "mongodb://127.0.0.1:1"}
    dealer.intake = start_service("intake", env, dealer.folder / "intake.log")
    await dealer.intake.wait_ready()
    assert await dealer.posts(token) == httpx.codes.ACCEPTED


async def test_a_private_key_that_is_none_ends_desk_with_what_would_be_right(
    stack: Stack, names: Names, tmp_path: Path
) -> None:
    env = names.environment(stack) | {"REDRESS_SIGNING_KEY": "too short"}
    desk = start_service("desk", env, tmp_path / "desk.log")

    async def has_ended() -> bool:
        return not desk.runner.runs()

    await until(has_ended)
    assert "REDRESS_SIGNING_KEY should be 32 random bytes in base64" in (tmp_path / "desk.log").read_text(
        "utf-8"
    )
