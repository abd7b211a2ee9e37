"""Signing in and out by password: who gets in, for how long, and what a wrong one costs."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from schemas.staffing import Directory
from services.common.web import tokens
from services.common.web.problems import Problem
from services.desk.api import dependencies, session
from services.desk.domain.account_changes import FAILURES, LOCKED
from tests.dealership import directory_file
from tests.memory_desk import PASSWORD, MemoryDesk, sign_in

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Time:
    """The time of day at desk, which tests move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def later(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    for module in (session, dependencies, tokens):
        monkeypatch.setattr(module, "wall", time)
    return time


async def token(browser: httpx.AsyncClient) -> str:
    answer = await browser.post("/v1/session/token")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


async def test_whoever_signs_in_is_known_and_gets_a_token_for_the_other_services(desk: MemoryDesk) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        assert (await browser.get("/v1/session")).status_code == 401
        answer = await sign_in(browser, "gm")
        assert answer.json() | {"until": ""} == {
            "login": "gm", "person": "gm-1", "administrator": False, "must_change": False, "until": "",
        }  # fmt: skip
        assert (await browser.get("/v1/session")).json() == answer.json()
        given = f"Bearer {await token(browser)}"
    ring = await desk.keyring()
    assert {tokens.subject(given, ring, name) for name in ("intake", "routing")} == {"gm-1"}
    with pytest.raises(Problem):
        tokens.subject(given, ring, "elsewhere")


async def test_a_login_is_the_same_however_it_is_written(desk: MemoryDesk) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        assert (await sign_in(browser, " GM ")).status_code == 200


@pytest.mark.parametrize(
    ("login", "password"),
    [("gm", "another password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("left", PASSWORD)],
)
async def test_who_does_not_get_in_is_told_the_same_whatever_the_reason(
    desk: MemoryDesk, login: str, password: str
) -> None:
    people = [
        entry.model_copy(update={"status": "leaving"}) if entry.id == "cr-1" else entry
        for entry in directory_file().entries()
    ]
    desk.people = Directory(people)
    await desk.having("gm", "gm-1")
    await desk.having("left", "cr-1")
    await desk.having("gone", "somebody-who-is-in-no-directory")
    async with desk.browser() as browser:
        answer = await sign_in(browser, login, password)
        assert (answer.status_code, answer.json()["title"]) == (401, "Not signed in")
        assert "set-cookie" not in answer.headers


async def test_wrong_passwords_close_an_account_for_a_while_and_the_right_one_opens_it_after(
    desk: MemoryDesk, time: Time
) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        for _ in range(FAILURES - 1):
            assert (await sign_in(browser, "gm", "wrong")).status_code == 401
        assert (await sign_in(browser, "gm")).status_code == 200
        for _ in range(FAILURES):
            assert (await sign_in(browser, "gm", "wrong")).status_code == 401
        assert (await sign_in(browser, "gm")).status_code == 401
        assert (await desk.history("gm"))[-1] == "account.locked"
        written = len(await desk.history("gm"))
        await sign_in(browser, "gm", "wrong")
        assert len(await desk.history("gm")) == written, "who tries on and on fills no history"
        time.later(LOCKED)
        assert (await sign_in(browser, "gm")).status_code == 200


async def test_a_session_ends_by_itself_and_a_token_much_sooner(desk: MemoryDesk, time: Time) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        await sign_in(browser, "gm")
        given, ring = f"Bearer {await token(browser)}", await desk.keyring()
        time.later(desk.dependencies.settings.token_life)
        with pytest.raises(Problem):
            tokens.subject(given, ring, "routing")
        assert tokens.subject(given, ring, "intake", late=timedelta(hours=8)) == "gm-1"
        time.later(desk.dependencies.settings.session)
        assert (await browser.post("/v1/session/token")).status_code == 401


async def test_signing_out_ends_one_session_and_everywhere_all_of_them_with_their_tokens(
    desk: MemoryDesk, time: Time
) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as one, desk.browser() as two, desk.browser() as three:
        for browser in (one, two, three):
            await sign_in(browser, "gm")
        given = f"Bearer {await token(two)}"
        assert (await one.delete("/v1/session")).status_code == 204
        assert (await one.get("/v1/session")).status_code == 401
        assert (await two.get("/v1/session")).status_code == 200
        assert tokens.subject(given, await desk.keyring(), "routing") == "gm-1"
        time.later(timedelta(seconds=1))
        await three.delete("/v1/session", params={"everywhere": True})
        assert (await two.get("/v1/session")).status_code == 401
        with pytest.raises(Problem, match="not known"):
            tokens.subject(given, await desk.keyring(), "routing")


async def test_who_leaves_is_signed_out_at_once(desk: MemoryDesk) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        await sign_in(browser, "gm")
        desk.people = Directory(
            entry.model_copy(update={"status": "leaving"}) if entry.id == "gm-1" else entry
            for entry in directory_file().entries()
        )
        assert (await browser.get("/v1/session")).status_code == 401
        assert (await browser.post("/v1/session/token")).status_code == 401


async def test_a_first_password_opens_nothing_but_its_change(desk: MemoryDesk) -> None:
    await desk.having("gm", "gm-1", must_change=True)
    async with desk.browser() as browser:
        assert (await sign_in(browser, "gm")).json()["must_change"]
        refused = await browser.post("/v1/session/token")
        assert (refused.status_code, refused.json()["rule"]) == (403, "must_change")
        answer = await browser.put(
            "/v1/session/password", json={"old": PASSWORD, "new": "another horse battery"}
        )
        assert answer.status_code == 204, answer.text
        assert (await browser.get("/v1/session")).status_code == 401
        assert not (await sign_in(browser, "gm", "another horse battery")).json()["must_change"]
        assert await token(browser)


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        ("short", "should have 12 to 200 characters"),
        ("the gm-of-tianhe himself", "should not hold the login"),
        ("aaaaaaaaaaaaaa", "should have at least 6 different characters"),
        (PASSWORD, "should be another than the old one"),
    ],
)
async def test_a_password_that_could_be_guessed_is_refused_with_what_would_be_right(
    desk: MemoryDesk, new: str, fault: str
) -> None:
    await desk.having("gm-of-tianhe", "gm-1")
    async with desk.browser() as browser:
        await sign_in(browser, "gm-of-tianhe")
        answer = await browser.put("/v1/session/password", json={"old": PASSWORD, "new": new})
        assert answer.status_code == 422
        assert {"field": "new", "problem": fault} in answer.json()["errors"]


async def test_who_guesses_the_old_password_closes_the_account_as_well(desk: MemoryDesk) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        await sign_in(browser, "gm")
        for _ in range(FAILURES):
            body = {"old": "wrong", "new": "another horse battery"}
            answer = await browser.put("/v1/session/password", json=body)
            assert answer.json()["errors"] == [{"field": "old", "problem": "should be the present password"}]
        right = {"old": PASSWORD, "new": "another horse battery"}
        refused = await browser.put("/v1/session/password", json=right)
        assert (refused.status_code, refused.json()["rule"]) == (403, "locked")
        assert (await sign_in(browser, "gm")).status_code == 401


async def test_a_session_is_kept_by_the_browser_alone_and_given_to_no_script(desk: MemoryDesk) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        cookie = (await sign_in(browser, "gm")).headers["set-cookie"]
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    secret = cookie.partition(".")[2].partition(";")[0]
    stored = str(desk.documents.documents)
    assert len(secret) > 40
    assert secret not in stored
    assert PASSWORD not in stored


@pytest.mark.parametrize("cookie", ["", "x", "x.y", f"{'0' * 32}.secret", f"{'z' * 32}.secret", "." * 100])
async def test_a_cookie_that_is_none_is_nobodys(desk: MemoryDesk, cookie: str) -> None:
    async with desk.browser() as browser:
        answer = await browser.get("/v1/session", headers={"Cookie": f"redress_session={cookie}"})
        assert answer.status_code == 401


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
async def test_what_another_sites_page_asks_for_is_refused(desk: MemoryDesk, origin: str) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        browser.headers["Sec-Fetch-Site"] = origin
        refused = await sign_in(browser, "gm")
        assert (refused.status_code, refused.json()["rule"]) == (403, "origin")


async def test_no_more_than_a_score_of_sessions_last(desk: MemoryDesk) -> None:
    await desk.having("gm", "gm-1")
    async with desk.browser() as browser:
        for _ in range(22):
            await sign_in(browser, "gm")
    assert len((await desk.account("gm")).sessions) == 20
