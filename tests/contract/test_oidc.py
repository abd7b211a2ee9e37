"""Signing in at an identity provider: a real one, in this process, over HTTP."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr

from services.desk.domain.account import Account
from services.desk.domain.account_changes import Creation, Switch
from services.desk.settings import Settings
from tests.memory_desk import NOON, MemoryDesk

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    from oidc_provider_mock import run_server_in_thread  # noqa: PLC0415 - heavy, and only here of use

    with run_server_in_thread() as server:
        yield f"http://127.0.0.1:{server.server_port}"


def desk_at(provider: str, claim: str = "preferred_username") -> MemoryDesk:
    return MemoryDesk(
        settings=Settings(
            secure_cookies=False,
            desk_url="http://desk",
            oidc_issuer=provider,
            oidc_client_secret=SecretStr("a secret of ours"),
            oidc_claim=claim,
        )
    )


async def having(desk: MemoryDesk, login: str, person: str = "gm-1") -> None:
    account = Account(login=login, person=person)
    await desk.accounts.change(login, Creation(account, "test", NOON))


@pytest.fixture
async def elsewhere() -> AsyncIterator[httpx.AsyncClient]:
    """The browser, at the provider."""
    async with httpx.AsyncClient() as client:
        yield client


async def registered(elsewhere: httpx.AsyncClient, provider: str, subject: str, **claims: object) -> None:
    """Let the provider know somebody."""
    answer = await elsewhere.put(f"{provider}/users/{quote(subject)}", json=claims)
    assert answer.is_success, answer.text


async def come(
    desk: MemoryDesk, browser: httpx.AsyncClient, elsewhere: httpx.AsyncClient, subject: str
) -> httpx.Response:
    """Go to the provider, say who one is, and come back."""
    sent = await browser.get("/v1/oidc")
    assert sent.status_code == 302, sent.text
    assert "code_challenge_method=S256" in sent.headers["location"]
    answered = await elsewhere.post(sent.headers["location"], data={"sub": subject})
    back = answered.headers["location"]
    assert back.startswith("http://desk/v1/oidc/return?")
    return await browser.get(back.removeprefix("http://desk"))


async def test_who_is_known_there_and_has_an_account_here_is_signed_in(
    provider: str, elsewhere: httpx.AsyncClient
) -> None:
    desk = desk_at(provider)
    await having(desk, "li.wei")
    await registered(elsewhere, provider, "s-1", preferred_username="li.wei")
    async with desk.browser() as browser:
        back = await come(desk, browser, elsewhere, "s-1")
        assert (back.status_code, back.headers["location"]) == (302, "http://desk")
        assert (await browser.get("/v1/session")).json()["person"] == "gm-1"
        assert (await browser.post("/v1/session/token")).status_code == 200


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        ("s-2", {"preferred_username": "nobody"}),
        ("s-3", {}),
        ("s-4", {"preferred_username": "gone"}),
        ("s-5", {"preferred_username": "closed"}),
    ],
)
async def test_who_has_no_account_here_or_is_gone_stays_out(
    provider: str, elsewhere: httpx.AsyncClient, subject: str, claims: dict[str, object]
) -> None:
    desk = desk_at(provider)
    await having(desk, "gone", "somebody-who-is-in-no-directory")
    await having(desk, "closed")
    await desk.accounts.change("closed", Switch(disabled=True, by="test", at=NOON))
    await registered(elsewhere, provider, subject, **claims)
    async with desk.browser() as browser:
        back = await come(desk, browser, elsewhere, subject)
        assert (back.status_code, back.json()["title"]) == (401, "Not signed in")
        assert (await browser.get("/v1/session")).status_code == 401


async def test_an_account_stays_with_the_first_who_came_by_its_login(
    provider: str, elsewhere: httpx.AsyncClient
) -> None:
    desk = desk_at(provider)
    await having(desk, "li.wei")
    for subject in ("first", "second"):
        await registered(elsewhere, provider, subject, preferred_username="li.wei")
    async with desk.browser() as browser:
        assert (await come(desk, browser, elsewhere, "first")).status_code == 302
        assert (await come(desk, browser, elsewhere, "second")).status_code == 401
        assert (await come(desk, browser, elsewhere, "first")).status_code == 302


@pytest.mark.parametrize(
    ("said", "status"),
    [({"email_verified": True}, 302), ({"email_verified": False}, 401), ({}, 401)],
    ids=["verified", "not verified", "not said"],
)
async def test_an_email_counts_only_where_the_provider_has_verified_it(
    provider: str, elsewhere: httpx.AsyncClient, said: dict[str, object], status: int
) -> None:
    desk = desk_at(provider, claim="email")
    await having(desk, "li.wei@dealer.example")
    subject = f"mail-{status}-{len(said)}"
    await registered(elsewhere, provider, subject, email="li.wei@dealer.example", **said)
    async with desk.browser() as browser:
        assert (await come(desk, browser, elsewhere, subject)).status_code == status


@pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=y", "?error=access_denied&state=y"])
async def test_whoever_was_not_sent_from_here_is_not_taken_in(provider: str, query: str) -> None:
    async with desk_at(provider).browser() as browser:
        assert (await browser.get(f"/v1/oidc/return{query}")).status_code == 401


async def test_what_began_in_another_browser_does_not_end_here(
    provider: str, elsewhere: httpx.AsyncClient
) -> None:
    desk = desk_at(provider)
    await having(desk, "li.wei")
    await registered(elsewhere, provider, "s-9", preferred_username="li.wei")
    async with desk.browser() as attacker, desk.browser() as victim:
        sent = await attacker.get("/v1/oidc")
        answered = await elsewhere.post(sent.headers["location"], data={"sub": "s-9"})
        back = answered.headers["location"].removeprefix("http://desk")
        assert (await victim.get(back)).status_code == 401


async def test_without_a_provider_and_with_one_away_desk_says_so() -> None:
    async with MemoryDesk().browser() as browser:
        assert (await browser.get("/v1/oidc")).status_code == 404
    async with desk_at("http://127.0.0.1:1").browser() as browser:
        answer = await browser.get("/v1/oidc")
        assert (answer.status_code, answer.json()["title"]) == (503, "The identity provider is not available")
