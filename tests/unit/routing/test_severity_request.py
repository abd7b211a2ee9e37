"""`POST /v1/severity`: the judgement of a text that nobody keeps, and the evidence that a case shows."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from schemas.severity import Statement
from services.common.web import problems
from services.routing.api import install
from services.routing.domain.severity.judge import judge
from services.routing.settings import Settings
from tests.casework import patterns
from tests.memory_routing import MemoryRouting
from tests.signing import keyring, signed

BRAKES = "在高速上刹车失灵，差点撞车"


@pytest.fixture
def routing() -> MemoryRouting:
    return MemoryRouting()


@pytest.fixture
async def http(routing: MemoryRouting) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install(app, Settings(), keyring())
    problems.install(app)
    app.state.dependencies = routing.dependencies
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://service", headers=signed("cr-1")
    ) as client:
        yield client


async def judged(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await http.post("/v1/severity", json=body)
    assert answer.status_code == httpx.codes.OK, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_text_is_judged_as_a_contact_is(http: httpx.AsyncClient, routing: MemoryRouting) -> None:
    table = routing.casework.policies.current["gtmc"].content.severity
    [detection] = patterns().detect([BRAKES])
    expected = judge(Statement(text=BRAKES), detection, table)
    shown = await judged(http, text=BRAKES)
    assert (shown["policy"], shown["level"], shown["certain"]) == ("gtmc", expected.level, expected.certain)
    assert shown["signals"] == [signal.model_dump(mode="json") for signal in expected.signals]
    assert [one["id"] for one in shown["criteria"]] == list(expected.criteria)
    assert shown["criteria"][0] == {
        "id": "M4",
        "level": "major",
        "title": {"zh": "车辆行驶、转弯、停止", "en": "The car does not drive, turn or stop as it should"},
    }


async def test_channel_flags_and_ticks_count(http: httpx.AsyncClient) -> None:
    marks = {"channel": "hotline_800", "flags": {"injury": True, "fire": False}, "ticks": ["P3"]}
    shown = await judged(http, text="请回电", **marks)
    assert [one["id"] for one in shown["criteria"]] == ["P10", "P3", "P8"]
    assert {signal["detector"] for signal in shown["signals"]} == {
        "flag:injury",
        "tick",
        "channel:hotline_800",
    }


async def test_the_policy_is_that_of_the_shop_for_the_brand(http: httpx.AsyncClient) -> None:
    assert (await judged(http, text="洗车", shop="north", brand="gtmc"))["policy"] == "gtmc"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "长" * 22_001}, "text"),
        ({"text": 5}, "text"),
        ({"channel": "pigeon"}, "channel"),
        ({"flags": {"flood": True}}, "flags.flood"),
        ({"flags": {"fire": 1}}, "flags.fire"),
        ({"ticks": ["P3", "P99"]}, "ticks.1"),
        ({"policy": "nowhere"}, "policy"),
        ({"shop": "nowhere"}, "shop"),
        ({"brand": "gtmc"}, "shop"),
        ({"shop": "north", "brand": "nothing"}, "brand"),
        ({"txt": "x"}, "txt"),
    ],
)
async def test_what_is_wrong_is_refused_by_field(
    http: httpx.AsyncClient, wrong: dict[str, Any], field: str
) -> None:
    answer = await http.post("/v1/severity", json={"text": "洗车", **wrong})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


async def test_the_longest_text_fits_however_it_is_written(http: httpx.AsyncClient) -> None:
    text = "".join(f"\\u{half:04x}" for half in (0xD83D, 0xDE97)) * 22_000
    answer = await http.post("/v1/severity", content=f'{{"text": "{text}"}}')
    assert answer.status_code == httpx.codes.OK


async def test_nothing_is_stored_or_logged(
    http: httpx.AsyncClient, routing: MemoryRouting, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await judged(http, text=BRAKES)
    assert not routing.documents.documents
    assert not routing.texts.records
    assert BRAKES not in caplog.text


async def test_texts_judged_at_once_are_judged_as_one_by_one(http: httpx.AsyncClient) -> None:
    texts = [BRAKES, "空调有异响", "我要退车", "车着火了"] * 3
    alone = [await judged(http, text=text) for text in texts]
    assert await asyncio.gather(*(judged(http, text=text) for text in texts)) == alone


async def test_a_case_shows_the_words_of_its_evidence(
    http: httpx.AsyncClient, routing: MemoryRouting
) -> None:
    case = await routing.opened(BRAKES)
    [contact] = case.contacts
    record = {"_id": str(contact.text), "words": {"narrative": BRAKES, "demand": "退车"}, "key": "00"}
    await routing.texts.put([record])
    [shown] = (await http.get(f"/v1/cases/{case.id}")).json()["contacts"]
    assert shown["signals"]
    assert all(signal["text"] == BRAKES[signal["start"] : signal["end"]] for signal in shown["signals"])
    assert shown["signals"][0].keys() >= {"start", "end", "certain", "doubt", "probability"}


async def test_a_case_shows_no_words_of_a_text_that_was_erased(
    http: httpx.AsyncClient, routing: MemoryRouting
) -> None:
    case = await routing.opened(BRAKES)
    [shown] = (await http.get(f"/v1/cases/{case.id}")).json()["contacts"]
    assert {signal["text"] for signal in shown["signals"]} == {None}
