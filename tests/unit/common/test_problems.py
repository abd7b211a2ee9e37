"""What is asked at the wrong place or in the wrong way is answered as a problem document in every service."""

import importlib
import json

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from deploy.redress import SERVICES
from services.common.runtime.logs import JsonLine
from services.common.web import problems


async def ask(service: str, method: str, path: str) -> httpx.Response:
    app = importlib.import_module(f"services.{service}.app").create()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.request(method, path)


@pytest.mark.parametrize("service", SERVICES)
async def test_an_address_that_is_not_there_is_named(service: str) -> None:
    answer = await ask(service, "GET", "/v1/nowhere")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["detail"]) == (404, "This service has no /v1/nowhere.")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_wrong_method_is_told_the_right_one(service: str) -> None:
    answer = await ask(service, "DELETE", "/livez")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert answer.json()["detail"] == "/livez takes GET."


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [("intake", "POST", "/v1/contacts/"), ("routing", "GET", "/v1/cases/"), ("sla", "GET", "/metrics/")],
)
async def test_an_address_with_a_slash_too_many_is_not_redirected(
    service: str, method: str, path: str
) -> None:
    answer = await ask(service, method, path)
    assert (answer.status_code, answer.json()["title"]) == (404, "Nothing is there")


async def test_a_contact_can_only_be_posted() -> None:
    answer = await ask("intake", "GET", "/v1/contacts")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


class Wicked(Exception):  # noqa: N818 - a fault nobody has thought of
    """Its text is what no answer and no log may show."""


@pytest.mark.parametrize("error", [Wicked("13800138000"), UnicodeEncodeError("utf-8", "13800138000", 0, 1, "x"), KeyError("13800138000")])  # fmt: skip
async def test_a_fault_of_ours_is_a_problem_document_whose_reference_stands_in_the_log_with_its_stack(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/faulty")
    async def faulty() -> None:
        raise error

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/faulty")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    [record] = [each for each in caplog.records if each.name == "services.common.web.problems"]
    line = json.loads(JsonLine("service").format(record))
    assert line["reference"] == answer.json()["reference"]
    assert "faulty" in line["stack"]
    assert "13800138000" not in answer.text + json.dumps(line)


async def test_what_the_framework_refuses_by_itself_is_a_problem_document_too() -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "short and stout")

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/teapot")
    assert (answer.status_code, answer.headers["Content-Type"]) == (418, "application/problem+json")
    assert answer.json()["status"] == 418
