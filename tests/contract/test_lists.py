"""The lists over a real store: filters, order, pages, and nobody is shown what they may not read."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local import Stack
from services.common.store import mongo
from services.common.store.decision import Cause
from services.common.store.mongo import MongoDocuments
from services.desk.store import ROWS, SEARCHES
from tests.casework import Casework
from tests.dealership import MONDAY, a_contact
from tests.memory_desk import MemoryDesk
from tests.signing import signed
from tests.stack import Names

pytestmark = pytest.mark.real
FIRE = "车子突然起火冒烟,必须给我一个说法"


@pytest.fixture(scope="module")
async def desk(stack: Stack) -> AsyncIterator[MemoryDesk]:
    """Desk with seven cases of shop south, two a minute, one of which is major, and one of shop north."""
    database = mongo.connect(stack.addresses.mongo, Names.fresh().database)
    documents = MongoDocuments(database, ROWS)
    await documents.prepare(searched=SEARCHES)
    casework = Casework()
    desk = MemoryDesk(row_documents=documents, now=MONDAY)
    for minutes in range(7):
        received_at = MONDAY - timedelta(minutes=minutes // 2)
        narrative = FIRE if minutes == 6 else f"异响 {minutes}"
        casework.receive(a_contact(narrative, shop="south", received_at=received_at))
    casework.receive(a_contact())
    causes = [Cause(event.case_id, event.id, event) for event in casework.events()]
    await desk.rows.change_many(causes)
    yield desk
    database.client.close()


@pytest.fixture
async def browser(desk: MemoryDesk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.browser() as browser:
        yield browser


async def listed(browser: httpx.AsyncClient, person: str = "gm-south", **query: Any) -> list[dict[str, Any]]:
    answer = await browser.get("/v1/cases", params=query, headers=signed(person))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["cases"])


@pytest.mark.parametrize(
    ("person", "count"),
    [("gm-south", 7), ("op-south", 7), ("gm-1", 1), ("op-2", 1), ("mfr-1", 1), ("mfr-2", 1)],
)
async def test_people_are_shown_the_cases_of_their_places(
    browser: httpx.AsyncClient, person: str, count: int
) -> None:
    """The manufacturer is shown what it was asked: the major one."""
    assert len(await listed(browser, person)) == count


async def test_a_list_takes_a_session_as_well_as_a_token(
    desk: MemoryDesk, browser: httpx.AsyncClient
) -> None:
    assert (await browser.get("/v1/cases")).status_code == 401
    assert (await browser.get("/v1/cases", headers=signed("a-stranger"))).status_code == 403
    await desk.having("gm", "gm-south")
    await browser.post("/v1/session", json={"login": "gm", "password": "correct horse battery"})
    assert len((await browser.get("/v1/cases")).json()["cases"]) == 7


@pytest.mark.parametrize("sort", ["received_at", "-received_at", "updated_at", "-next_due", "next_due"])
async def test_page_after_page_no_line_is_skipped_or_repeated(browser: httpx.AsyncClient, sort: str) -> None:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        query: dict[str, Any] = {"limit": 3, "sort": sort, **cursor}
        page = (await browser.get("/v1/cases", params=query, headers=signed("gm-south"))).json()
        found += page["cases"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len({row["id"] for row in found}) == len(found) == 7
    values = [row[sort.lstrip("-")] or "9999" for row in found]
    assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"severity": "major"}, 1), ({"severity": "general"}, 6), ({"state": "registered"}, 7), ({"state": "of_no_policy"}, 0),
        ({"stage": "handling"}, 0), ({"kind": "inquiry"}, 0), ({"kind": "complaint"}, 7), ({"shop": "north"}, 0), ({"shop": "south"}, 7),
        ({"group": "rivers"}, 7), ({"manufacturer": "gtmc"}, 7), ({"region": "east"}, 7), ({"region": "west"}, 0),
        ({"policy": "gtmc"}, 7), ({"owner": "op-south"}, 7), ({"owner": "op-1"}, 0), ({"department": "after_sales"}, 7),
        ({"open": True}, 7), ({"open": False}, 0), ({"overdue": True}, 0), ({"overdue": False}, 7),
        ({"triage": False}, 7), ({"triage": True}, 0), ({"to_confirm": True}, 0), ({"to_confirm": False}, 7),
        ({"since": (MONDAY - timedelta(minutes=1)).isoformat()}, 4), ({"until": (MONDAY - timedelta(minutes=1)).isoformat()}, 3),
        ({"severity": "general", "owner": "op-south", "since": MONDAY.isoformat()}, 2),
    ],
)  # fmt: skip
async def test_every_filter_narrows_the_list(
    browser: httpx.AsyncClient, query: dict[str, Any], count: int
) -> None:
    assert len(await listed(browser, **query)) == count


async def test_a_case_is_found_by_its_number_however_that_is_written(browser: httpx.AsyncClient) -> None:
    number = (await listed(browser))[3]["number"]
    assert [row["number"] for row in await listed(browser, number=f" {number.lower()} ")] == [number]
    assert await listed(browser, "gm-1", number=number) == []


async def test_a_cursor_counts_only_for_the_filters_and_the_order_it_was_given_for(
    browser: httpx.AsyncClient,
) -> None:
    given = await browser.get("/v1/cases", params={"limit": 2}, headers=signed("gm-south"))
    cursor = given.json()["next"]
    for query, status in (
        ({}, 200),
        ({"limit": 5}, 200),
        ({"sort": "received_at"}, 422),
        ({"owner": "op-south"}, 422),
    ):
        answer = await browser.get(
            "/v1/cases", params={"cursor": cursor, **query}, headers=signed("gm-south")
        )
        assert answer.status_code == status, query


def encoded(*place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


WICKED = ["\ud800", "a\udfff", "\x00", "2026\x00", "\x1b[0m"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 1000}, {"limit": 0}, {"sort": "name"}, {"state": "lo st"}, {"x": 1}, {"shop": "no\x00rth"}, {"number": "\x00"},
        {"shop": ["north", "south"]}, {"since": "yesterday"}, {"open": "perhaps"},
        *({"cursor": cursor} for cursor in ("???", "NQ==", "\u00e9", encoded("x"), encoded("x", "2026-01-01", str(uuid4())))),
        *({"cursor": encoded(*([text] * 3))} for text in WICKED),
        {"cursor": encoded("-received_at", {"$gt": ""}, "x")},
        {"cursor": base64.urlsafe_b64encode(b"[" * 250).decode()},
        {"cursor": base64.urlsafe_b64encode(b'["-received_at", NaN, "x"]').decode()},
    ],
)  # fmt: skip
async def test_a_wrong_or_wicked_question_is_refused_as_a_problem(
    browser: httpx.AsyncClient, query: dict[str, Any]
) -> None:
    answer = await browser.get("/v1/cases", params=query, headers=signed("gm-south"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
