"""One pass of the ticker: what is left of it, what is counted and how long the ticker rests."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.sla.domain.due.instants import to_ms
from tests.unit.sla.story import a_deadline, at
from tests.unit.sla.watch import Watch, an_event, case


async def test_a_case_with_nothing_left_to_fire_is_scheduled_no_more(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    schedule = watch.deadlines.schedule
    assert (schedule.armed, len(schedule.cases)) == (1, 1)
    await watch.passes(60)
    assert (schedule.armed, schedule.cases, watch.deadlines.decided) == (0, {}, {})


async def test_a_case_that_cannot_be_written_is_tried_again_a_minute_later_and_counted_once(
    watch: Watch,
) -> None:
    await watch.happens(an_event("opened"), an_event("opened", 2))
    watch.documents.unfit = case(1)
    counted = breaches_counted()
    await watch.passes(60)
    assert [event.case_id for event in watch.published("breached")] == [case(2)]
    assert breaches_counted() == counted + 1
    watch.documents.unfit = None
    await watch.passes(0.99)
    assert len(watch.published("breached")) == 1
    await watch.passes(0.01)
    assert len(watch.published("breached")) == 2
    assert breaches_counted() == counted + 2


async def test_a_case_on_which_nothing_is_decided_is_looked_at_again_a_minute_later(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    watch.goes_by(a_deadline("another"))
    watch.clock.move(at(60))
    await watch.ticker.tick(watch.progress)
    assert watch.deadlines.schedule.cases[case(1)].due == to_ms(at(61))


async def test_what_is_unsent_is_published_within_a_pass_once_it_is_much(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.sla.ticker.MOST_UNSENT", 0)
    await watch.happens(an_event("opened"))
    watch.clock.move(at(60))
    await watch.ticker.tick(watch.progress)
    assert len(watch.published("breached")) == 1


async def test_lateness_counts_from_when_a_deadline_was_due_or_scheduled(watch: Watch) -> None:
    before, caught_up = (lateness("running"), lateness("catch_up")), measured("catch_up")
    await watch.happens(an_event("opened", occurred=-70), an_event("opened", 2))
    await watch.passes(0)
    assert lateness("running") == before[0]
    watch.clock.move(at(61))
    await watch.again().starts()
    # The new process scheduled it only now.
    assert (lateness("running"), lateness("catch_up")) == before
    assert measured("catch_up") == caught_up + 1
    await watch.passes(1)
    assert lateness("running") == before[0]


async def test_the_ticker_rests_until_the_next_due_time_and_never_longer_than_its_pause(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await rest_of(watch, monkeypatch) == 0.2
    await watch.happens(an_event("opened"))
    watch.clock.move(at(60) - timedelta(milliseconds=50))
    assert await rest_of(watch, monkeypatch) == 0.05
    watch.doubt = "our clock is wrong"
    assert await rest_of(watch, monkeypatch) == 0.2


async def test_the_ticker_looks_often_while_a_partition_is_to_be_read(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watch.happens(an_event("opened"))
    await watch.writes(an_event("contact", seq=2, occurred=30))
    watch.clock.move(at(60))
    assert await rest_of(watch, monkeypatch) == 0.02


def breaches_counted() -> float:
    return REGISTRY.get_sample_value("redress_deadline_events_total", {"type": "breached"}) or 0


def lateness(phase: str) -> float:
    """By how many seconds breaches were late, in all."""
    return sample("redress_deadline_lateness_seconds_sum", phase)


def measured(phase: str) -> float:
    """How many breaches were measured."""
    return sample("redress_deadline_lateness_seconds_count", phase)


def sample(name: str, phase: str) -> float:
    return REGISTRY.get_sample_value(name, {"kind": "breached", "phase": phase}) or 0


async def rest_of(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> float:
    """For how many seconds the ticker sleeps after a pass that fires nothing."""
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr("services.sla.ticker.asyncio.sleep", sleep)
        with pytest.raises(asyncio.CancelledError):
            await watch.ticker.run(watch.progress)
    return rests[0]
