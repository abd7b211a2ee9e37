"""Deadlines of cases whose policy version is not published, or no more."""

from dataclasses import replace

from schemas.cases import CaseEvent
from schemas.policies import PublishedPolicy
from services.common.store.decision import Cause
from services.common.store.versions import Versions
from tests.unit.sla.story import a_deadline, a_policy
from tests.unit.sla.watch import Watch, an_event


async def test_a_case_whose_policy_is_gone_is_tried_again_later(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    policies, watch.deadlines.policies = watch.deadlines.policies, Versions()
    await watch.passes(60)
    assert not watch.published("breached")
    watch.deadlines.policies = policies
    await watch.passes(2)
    assert len(watch.published("breached")) == 1


async def test_a_case_of_an_unpublished_policy_waits_and_its_deadlines_start_in_order_later(
    watch: Watch,
) -> None:
    policies, watch.deadlines.policies = watch.deadlines.policies, Versions()
    opened = an_event("opened")
    raw = opened.model_dump_json().encode()
    causes = [Cause(opened.case_id, opened.id, opened, "cases", 1, raw=raw)]
    outcomes = await watch.store.change_many(causes, watch.deadlines.decide)
    assert [(outcome.kind, outcome.awaits) for outcome in outcomes] == [("waiting", opened.header.policy_key)]
    watch.deadlines.policies = policies
    outcomes = await watch.store.change_many([replace(causes[0], waited=True)], watch.deadlines.decide)
    assert [outcome.kind for outcome in outcomes] == ["applied"]
    assert watch.store.awaiting == {}


async def test_deadlines_whose_policy_version_is_gone_are_looked_at_again_later(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    watch.deadlines.policies = Versions()
    await watch.passes(200)
    assert [one.type for one in watch.published()] == ["deadline.started"]


def goes_on_by(version: str, event: CaseEvent) -> CaseEvent:
    return event.model_copy(update={"header": event.header.model_copy(update={"policy_version": version})})


async def test_what_was_a_breach_by_the_version_before_stands_by_another(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    await watch.passes(60)
    longer = PublishedPolicy(version="2", policy=a_policy(a_deadline(limit={"elapsed_minutes": 90})))
    watch.deadlines.policies = Versions({**watch.deadlines.policies.ready, "gtmc@2": longer})
    await watch.happens(goes_on_by("2", an_event("rebased", seq=2, occurred=60)))
    await watch.passes(100)
    assert [one.type for one in watch.published()] == ["deadline.started", "deadline.breached"]
