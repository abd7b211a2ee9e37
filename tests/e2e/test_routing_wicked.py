"""Wrong and wicked text in questions, paths, headers and bodies is refused over HTTP as a problem."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local import Stack
from tests.routing_service import Service, routing
from tests.signing import signed

SEEN = {"If-Match": '"1"', "Idempotency-Key": "wicked"}


@pytest.fixture(scope="module")
async def service(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with routing(stack, tmp_path_factory.mktemp("routing-wicked")) as running:
        yield running


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "note"),
        ({"note": ""}, "note"),
        ({"note": "好", "nate": 1}, "nate"),
        ({"note": "长" * 4001}, "note"),
    ],
)
async def test_a_wrong_body_is_refused_by_field(service: Service, body: Any, field: str) -> None:
    path, seen = await service.opened()
    answer = await service.post("cr-1", f"{path}/actions/contact", seen, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("path", ["%00", "%ED%A0%80", "a%00b", "..%2f", "%ff", "0" * 9_000])
async def test_a_path_of_wicked_text_is_refused_as_a_problem(service: Service, path: str) -> None:
    targets = (f"{path}/actions/follow_up", f"{uuid4()}/actions/{path}", f"{uuid4()}/tasks/{path}/accept")
    for method, target in (("GET", path), *(("POST", target) for target in targets)):
        answer = await service.http.request(method, f"/v1/cases/{target}", headers=signed("gm-1") | SEEN)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.status_code in {404, 422}


@pytest.mark.parametrize("header", ["If-Match", "Idempotency-Key"])
@pytest.mark.parametrize("text", [b"\xed\xa0\x80", b"\xff", '"１"'.encode(), b'"1\x7f"', b"1 \xa0"])
async def test_a_header_of_wicked_text_is_refused_as_a_problem(
    service: Service, header: str, text: bytes
) -> None:
    path, _ = await service.opened()
    given = {name.encode(): value.encode() for name, value in (signed("cr-1") | SEEN).items()}
    headers = httpx.Headers(given | {header.encode(): text})
    answer = await service.http.post(f"{path}/actions/follow_up", headers=headers)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code in {400, 428}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"note": "a", "note": "b"}', "note"),
        (b'{"note": "\\ud83d"}', "note"),
        (b'{"note": "a", "\\ud800": 1}', "\\ud800"),
        (b'{"note": "a", "reached": NaN}', "reached"),
        (b'{"note": 1e999}', "note"),
        (b'\xef\xbb\xbf{"note": "a"}', "body"),
        (b'{"note": "\xff"}', "body"),
        (b'{"note": ' + b"[" * 10_000, "body"),
        (b"[]", "body"),
    ],
)
async def test_an_action_that_says_two_things_is_refused_by_name(
    service: Service, raw: bytes, field: str
) -> None:
    path, seen = await service.opened()
    headers = signed("cr-1") | SEEN | {"If-Match": seen, "Content-Type": "application/json"}
    answer = await service.http.post(f"{path}/actions/follow_up", content=raw, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
