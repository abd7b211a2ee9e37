"""What administrators do: accounts, first passwords, and the tokens of machines."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from services.common.web import tokens
from services.common.web.problems import Problem
from tests.memory_desk import PASSWORD, MemoryDesk, sign_in


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
async def admin(desk: MemoryDesk) -> AsyncIterator[httpx.AsyncClient]:
    await desk.having("root", administrator=True)
    async with desk.browser() as browser:
        await sign_in(browser, "root")
        yield browser


ONLY_ADMINISTRATORS = [
    ("GET", "/v1/accounts", None),
    ("POST", "/v1/accounts", {"login": "new", "person": "gm-1"}),
    ("POST", "/v1/accounts/root/password", None),
    ("DELETE", "/v1/accounts/root/sessions", None),
    ("PUT", "/v1/accounts/root/disabled", {"disabled": True}),
    ("GET", "/v1/machine-tokens", None),
    ("POST", "/v1/machine-tokens", {"name": "dms", "services": ["intake"]}),
    ("DELETE", f"/v1/machine-tokens/{UUID(int=0)}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ONLY_ADMINISTRATORS)
async def test_only_administrators_may(
    desk: MemoryDesk, admin: httpx.AsyncClient, method: str, path: str, body: dict[str, object] | None
) -> None:
    async with desk.browser() as browser:
        assert (await browser.request(method, path, json=body)).status_code == 401
        await desk.having("gm", "gm-1")
        await sign_in(browser, "gm")
        answer = await browser.request(method, path, json=body)
        assert (answer.status_code, answer.json()["rule"]) == (403, "administrator")


async def test_a_new_account_signs_in_by_its_first_password_and_changes_it(
    desk: MemoryDesk, admin: httpx.AsyncClient
) -> None:
    made = await admin.post("/v1/accounts", json={"login": "gm", "person": "gm-1"})
    async with desk.browser() as browser:
        first = made.json()["password"]
        assert (await sign_in(browser, "gm", first)).json()["must_change"]
        await browser.put("/v1/session/password", json={"old": first, "new": PASSWORD})
        assert (await sign_in(browser, "gm")).status_code == 200
    [one] = [one for one in (await admin.get("/v1/accounts")).json()["accounts"] if one["login"] == "gm"]
    assert (one["person"], one["administrator"], one["must_change"], one["sessions"]) == (
        "gm-1",
        False,
        False,
        1,
    )
    assert await desk.history("gm") == [
        "account.created", "account.signed_in", "account.password_changed", "account.signed_in",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"login": "gm"}, "person"),
        ({"login": "gm", "person": "nobody"}, "person"),
        ({"login": "", "person": "gm-1"}, "login"),
        ({"login": "x" * 201, "person": "gm-1"}, "login"),
        ({"person": "gm-1"}, "login"),
        ({"login": "gm", "person": "gm-1", "password": "mine"}, "password"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_by_field(
    admin: httpx.AsyncClient, body: dict[str, str], field: str
) -> None:
    answer = await admin.post("/v1/accounts", json=body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_there_is_one_account_of_a_login_however_many_are_made_at_once(
    admin: httpx.AsyncClient,
) -> None:
    bodies = [{"login": login, "administrator": True} for login in ("Chen", "chen", " CHEN")]
    answers = await asyncio.gather(*(admin.post("/v1/accounts", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/accounts/gm/password", None),
        ("DELETE", "/v1/accounts/gm/sessions", None),
        ("PUT", "/v1/accounts/gm/disabled", {"disabled": True}),
    ],
)
async def test_what_an_administrator_ends_is_over_here_and_at_the_other_services(
    desk: MemoryDesk, admin: httpx.AsyncClient, method: str, path: str, body: dict[str, bool] | None
) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        await sign_in(browser, "gm")
        given = f"Bearer {(await browser.post('/v1/session/token')).json()['token']}"
        assert tokens.subject(given, await desk.keyring(), "routing") == "gm-1"
        # Instants are kept in whole milliseconds.
        await asyncio.sleep(0.002)
        assert (await admin.request(method, path, json=body)).is_success
        assert (await browser.get("/v1/session")).status_code == 401
        with pytest.raises(Problem):
            tokens.subject(given, await desk.keyring(), "routing")


async def test_a_disabled_account_opens_by_no_password_until_it_is_enabled(
    desk: MemoryDesk, admin: httpx.AsyncClient
) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        await admin.put("/v1/accounts/gm/disabled", json={"disabled": True})
        assert (await sign_in(browser, "gm")).status_code == 401
        await admin.put("/v1/accounts/gm/disabled", json={"disabled": False})
        assert (await sign_in(browser, "gm")).status_code == 200


@pytest.mark.parametrize("path", ["/v1/accounts/nobody/password", f"/v1/accounts/{'x' * 200}/password"])
async def test_what_is_not_there_is_named(admin: httpx.AsyncClient, path: str) -> None:
    answer = await admin.post(path)
    assert (answer.status_code, answer.json()["rule"]) == (422, "no_account")


async def test_a_machine_is_known_by_its_token_to_the_services_named_until_it_is_revoked(
    desk: MemoryDesk, admin: httpx.AsyncClient
) -> None:
    body = {"name": "dms", "services": ["intake", "intake"], "days": 30}
    issued = (await admin.post("/v1/machine-tokens", json=body)).json()
    given = f"Bearer {issued['token']}"
    assert tokens.subject(given, await desk.keyring(), "intake") == "machine:dms"
    with pytest.raises(Problem):
        tokens.subject(given, await desk.keyring(), "routing")
    [listed] = (await admin.get("/v1/machine-tokens")).json()["tokens"]
    assert (listed["id"], listed["services"], listed["by"]) == (issued["id"], ["intake"], "root")
    assert issued["token"] not in str(listed)
    for _ in range(2):
        assert (await admin.delete(f"/v1/machine-tokens/{issued['id']}")).status_code == 204
        with pytest.raises(Problem):
            tokens.subject(given, await desk.keyring(), "intake")
    assert (await admin.get("/v1/machine-tokens")).json()["tokens"][0]["revoked_at"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"days": 91}, "days"),
        ({"days": 0}, "days"),
        ({"services": []}, "services"),
        ({"services": ["everything"]}, "services.0"),
        ({"name": "machine:gm-1"}, "name"),
        ({"name": ""}, "name"),
    ],
)
async def test_a_token_that_cannot_be_is_refused_by_field(
    admin: httpx.AsyncClient, change: dict[str, object], field: str
) -> None:
    body = {"name": "dms", "services": ["intake"]} | change
    answer = await admin.post("/v1/machine-tokens", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_token_that_nobody_has_cannot_be_revoked(admin: httpx.AsyncClient) -> None:
    answer = await admin.delete(f"/v1/machine-tokens/{uuid4()}")
    assert (answer.status_code, answer.json()["rule"]) == (422, "no_token")
