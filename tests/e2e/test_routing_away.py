"""Routing while the store is away: people are told without waiting for it, contacts wait and none is lost."""

from pathlib import Path

import httpx

from deploy.local import Stack
from tests.dealership import a_contact
from tests.proxy import proxy
from tests.routing_service import routing


async def test_people_are_told_and_contacts_wait_while_the_store_is_away(
    stack: Stack, tmp_path: Path
) -> None:
    url = httpx.URL(stack.addresses.mongo)
    async with (
        proxy(url.host, url.port or 27_017) as way,
        routing(stack, tmp_path, f"mongodb://127.0.0.1:{way.port}/") as service,
    ):
        path, seen = await service.opened()
        target = await service.replying(path, "accept")
        way.shut()
        answer = await service.post("cr-1", target, seen, key="once", once=True)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        waiting = a_contact("音响没有声音")
        await service.receive(waiting)
        await way.open()
        assert (await service.events(waiting.case_id, 2))[0].type == "case.opened"
        answer = await service.post("cr-1", target, seen, key="once")
        assert answer.status_code == httpx.codes.OK
        events = [entry["event"] for entry in (await service.get("cr-1", path)).json()["history"]]
        assert events.count("case.task_accepted") == 1
