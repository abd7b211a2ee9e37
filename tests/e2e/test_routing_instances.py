"""Two instances of routing share the work: every case opens once, and equals are loaded alike."""

from collections import Counter
from pathlib import Path
from typing import Any

from deploy.local import Stack, start_service
from tests.dealership import a_contact
from tests.patience import until
from tests.routing_service import routing


async def test_two_instances_open_every_case_once_and_spread_them_evenly(
    stack: Stack, tmp_path: Path
) -> None:
    async with routing(stack, tmp_path) as service:
        second = start_service("routing", service.env | {"REDRESS_INSTANCE": "1"}, tmp_path / "second.log")
        await second.wait_ready()
        contacts = [a_contact(f"异响 {number}") for number in range(60)]
        await service.receive(*contacts)

        async def all_open() -> list[dict[str, Any]]:
            answers = [await service.get("gm-1", f"/v1/cases/{one.case_id}") for one in contacts]
            return [one.json() for one in answers] if all(one.is_success for one in answers) else []

        cases = await until(all_open)
        await second.stop()
    assert [[entry["event"] for entry in case["history"]].count("case.opened") for case in cases] == [1] * 60
    load = Counter(case["owner"] for case in cases)
    assert set(load) == {"op-1", "op-2"}
    assert abs(load["op-1"] - load["op-2"]) <= 2 + 1


async def test_who_holds_what_is_known_again_after_a_kill(stack: Stack, tmp_path: Path) -> None:
    async with routing(stack, tmp_path) as service:
        held = [(await service.opened(received_by="op-1"))[0] for _ in range(2)]
        await service.process.kill()
        await service.process.start()
        after = [(await service.opened())[0] for _ in range(2)]
        owners = [(await service.get("gm-1", path)).json()["owner"] for path in (*held, *after)]
    assert owners == ["op-1", "op-1", "op-2", "op-2"]
