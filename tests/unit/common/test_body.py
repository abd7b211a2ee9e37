"""A body is read to its end even when it is too large, and is not waited for without end."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.requests import Request

from services.common.web import body
from services.common.web.problems import Problem


class Client:
    """A client that sends chunks and then, unless it goes on, ends; `left` is what nobody has read."""

    def __init__(self, chunks: Iterable[bytes], *, ends: bool = True) -> None:
        self.left = list(chunks)
        self.ends = ends

    async def receive(self) -> dict[str, Any]:
        if not self.left:
            await asyncio.Event().wait()
        chunk = self.left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.left) or not self.ends}

    def request(self) -> Request:
        return Request({"type": "http", "headers": []}, self.receive)


async def test_what_fits_is_read_whole() -> None:
    assert await body.read(Client([b"12", b"34"]).request(), 4, 1) == b"1234"


async def test_what_is_too_large_is_read_to_its_end_before_it_is_refused() -> None:
    client = Client([b"12345"] * 100)
    with pytest.raises(Problem) as refused:
        await body.read(client.request(), 4, 1)
    assert (refused.value.status, client.left) == (413, [])


@pytest.mark.parametrize(("sent", "status"), [(b"1", 408), (b"12345", 413)])
async def test_a_client_that_does_not_end_is_not_waited_for(sent: bytes, status: int) -> None:
    with pytest.raises(Problem) as refused:
        await body.read(Client([sent], ends=False).request(), 4, 0.05)
    assert refused.value.status == status


async def test_a_client_that_left_is_no_error_of_ours() -> None:
    async def left() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(Problem) as refused:
        await body.read(Request({"type": "http", "headers": []}, left), 4, 1)
    assert refused.value.status == 408
