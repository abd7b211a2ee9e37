"""What is asked at the wrong place or in the wrong way is answered as a problem document in every room."""

import importlib

import httpx
import pytest

from deploy.redress import ROOMS


async def ask(room: str, method: str, path: str) -> httpx.Response:
    app = importlib.import_module(f"services.{room}.app").create()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://room") as client:
        return await client.request(method, path)


@pytest.mark.parametrize("room", ROOMS)
async def test_an_address_that_is_not_there_is_named(room: str) -> None:
    answer = await ask(room, "GET", "/v1/nowhere")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["detail"]) == (404, "This room has no /v1/nowhere.")


@pytest.mark.parametrize("room", ROOMS)
async def test_a_wrong_method_is_told_the_right_one(room: str) -> None:
    answer = await ask(room, "DELETE", "/livez")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert answer.json()["detail"] == "/livez takes GET."


@pytest.mark.parametrize(
    ("room", "method", "path"),
    [("intake", "POST", "/v1/contacts/"), ("routing", "GET", "/v1/cases/"), ("sla", "GET", "/metrics/")],
)
async def test_an_address_with_a_slash_too_many_is_not_redirected(room: str, method: str, path: str) -> None:
    answer = await ask(room, method, path)
    assert (answer.status_code, answer.json()["title"]) == (404, "Nothing is there")


async def test_a_contact_can_only_be_posted() -> None:
    answer = await ask("intake", "GET", "/v1/contacts")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
