"""What is announced of policies: what cannot be used is reported and counted, and the last good version serves on."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from schemas.policies import CurrentVersion, PublishedPolicy, key
from services.common.kafka.table import LeftOut
from services.routing.domain.policies import CompiledPolicy
from services.routing.store.announced import VERSIONS, Announced, AnnouncedPolicies
from tests.casework import gtmc
from tests.dealership import MONDAY


class Announcing:
    """Routing's policies as records are read, and what an operator sees of each topic."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.reasons: dict[str, str] = {}
        parts = SimpleNamespace(left_out=self.left_out)
        settings = SimpleNamespace(default_policy="gtmc")
        self.policies = AnnouncedPolicies(cast("Any", settings), cast("Any", parts), lambda: None)
        table = Announced("", "policies", VERSIONS, self.policies._announced, self.left_out("policies"))  # noqa: SLF001
        self.policies.table = table

    def left_out(self, topic: str) -> LeftOut:
        def report(count: int, reasons: str) -> None:
            self.counts[topic], self.reasons[topic] = count, reasons

        return LeftOut(report)

    async def put(self, record: PublishedPolicy | CurrentVersion) -> None:
        assert self.policies.table is not None
        await self.policies.table.put(key(record), record.model_dump_json().encode())

    def opens_with(self) -> str:
        return self.policies.policies.choose("gtmc")[0].version


def published(policy: CompiledPolicy) -> PublishedPolicy:
    return PublishedPolicy(version=policy.version, policy=policy.content)


def current(version: str) -> CurrentVersion:
    return CurrentVersion(current="gtmc", version=version, by="li", at=MONDAY, reason="the new table")


async def test_new_cases_follow_the_announced_version_at_once() -> None:
    announcing, later = Announcing(), replace(gtmc(), version="later")
    for record in (published(gtmc()), current(gtmc().version), published(later)):
        await announcing.put(record)
    assert announcing.opens_with() == gtmc().version
    await announcing.put(current("later"))
    assert announcing.opens_with() == "later"
    assert announcing.counts["current policies"] == 0


async def test_a_wrong_version_leaves_the_last_good_one_in_force_and_is_counted_until_it_is_mended() -> None:
    announcing, later = Announcing(), replace(gtmc(), version="later")
    await announcing.put(published(gtmc()))
    await announcing.put(current(gtmc().version))
    assert announcing.policies.table is not None
    await announcing.policies.table.put("gtmc@later", b'{"version": "later", "policy": {"id": "gtmc"}}')
    await announcing.put(current("later"))
    assert announcing.opens_with() == gtmc().version
    assert (announcing.counts["policies"], announcing.counts["current policies"]) == (1, 1)
    assert "gtmc@later" in announcing.reasons["policies"]
    assert "new cases should follow gtmc@later" in announcing.reasons["current policies"]
    await announcing.put(published(later))
    assert announcing.opens_with() == "later"
    assert (announcing.counts["policies"], announcing.counts["current policies"]) == (0, 0)
