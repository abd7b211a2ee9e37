"""The ticker: never early, never before everything that occurred was read, nothing lost by a restart."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas.calendar import PublicDays
from schemas.deadlines import DeadlineBreached, DeadlineMoved, DeadlineStarted
from services.common.runtime.failures import ClockDoubtedError
from services.common.store.decision import Cause
from services.sla.domain.schedule import Schedule, ScheduledCase
from tests.unit.sla.story import a_deadline, at
from tests.unit.sla.watch import Watch, an_event, case


@pytest.fixture
async def watch() -> Watch:
    watch = Watch.fresh()
    await watch.starts()
    return watch


async def test_what_is_due_fires_and_is_published(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    await watch.passes(59.99)
    assert not watch.published("breached")
    await watch.passes(0.01)
    assert [one.case_id for one in watch.published("breached")] == [case(1)]


async def test_nothing_fires_while_something_written_was_not_read(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    stop = an_event("contacted", seq=2, occurred=30)
    await watch.writes(stop)
    await watch.passes(120)
    assert not watch.published("breached")
    await watch.reads(stop)
    await watch.passes()
    assert not watch.published("breached")
    assert len(watch.published("met")) == 1


@pytest.mark.parametrize("ahead", [120, -120])
async def test_nothing_fires_by_a_clock_that_is_doubted_and_all_that_is_due_once_it_is_right(
    watch: Watch, ahead: float
) -> None:
    await watch.happens(an_event("opened"))
    await watch.passes(59)
    watch.doubt = "our clock is wrong"
    await watch.passes(ahead)
    assert not watch.published("breached")
    await watch.passes(-ahead)
    watch.doubt = ""
    await watch.passes()
    assert not watch.published("breached")
    await watch.passes(1)
    assert len(watch.published("breached")) == 1


@pytest.mark.parametrize("apart", [-90, -60, -1, 1, 60])
async def test_an_event_read_by_a_clock_that_is_doubted_waits_and_is_applied_once_it_is_right(
    watch: Watch, apart: float
) -> None:
    opened = an_event("opened")
    await watch.writes(opened)
    watch.clock.move(at(apart))
    watch.doubt = "our clock is wrong"
    with pytest.raises(ClockDoubtedError):
        await watch.reads(opened)
    assert not watch.published()
    watch.clock.move(at(1))
    watch.doubt = ""
    await watch.reads(opened)
    await watch.passes(58.99)
    assert not watch.published("breached")
    await watch.passes(0.01)
    assert [one.occurred_at for one in watch.published("breached")] == [at(60)]


async def test_what_was_done_too_late_and_read_by_a_clock_behind_is_a_breach(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    late = an_event("contacted", seq=2, occurred=70)
    await watch.writes(late)
    watch.clock.move(at(10))
    watch.doubt = "our clock is an hour behind"
    with pytest.raises(ClockDoubtedError):
        await watch.reads(late)
    watch.clock.move(at(71))
    watch.doubt = ""
    await watch.reads(late)
    await watch.passes()
    assert len(watch.published("breached")) == 1


async def test_one_partition_that_is_not_read_holds_up_no_other(watch: Watch) -> None:
    numbers = list(range(1, 10))
    await watch.happens(*(an_event("opened", number) for number in numbers))
    slow = next(n for n in numbers if watch.deadlines.partition_of(case(n)) == 0)
    await watch.writes(an_event("contacted", slow, seq=2, occurred=30))
    await watch.passes(60)
    partitions = {watch.deadlines.partition_of(one.case_id) for one in watch.published("breached")}
    assert partitions == {1, 2}


async def test_a_restart_fires_what_became_due_meanwhile_once_and_marks_it_late(watch: Watch) -> None:
    await watch.happens(*(an_event("opened", number) for number in range(1, 6)))
    watch.clock.move(an_event("opened", occurred=500).occurred_at)
    new = watch.again()
    await new.starts()
    await new.passes(1)
    breaches = [one for one in new.published("breached") if isinstance(one, DeadlineBreached)]
    assert len({one.id for one in breaches}) == len(breaches) == 5
    assert all(one.late for one in breaches)
    assert not new.deadlines.schedule.behind


async def test_stops_written_during_downtime_are_read_before_anything_fires(watch: Watch) -> None:
    await watch.happens(*(an_event("opened", number) for number in range(1, 9)))
    stops = [an_event("contacted", number, seq=2, occurred=50) for number in range(1, 5)]
    await watch.writes(*stops)
    watch.clock.move(an_event("opened", occurred=500).occurred_at)
    new = watch.again()
    await new.starts()
    await new.reads(*stops)
    await new.passes()
    assert {one.case_id for one in new.published("breached")} == {case(number) for number in range(5, 9)}


async def test_a_breach_found_by_an_event_read_while_catching_up_is_late_too(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    stop = an_event("contacted", seq=2, occurred=70)
    await watch.writes(stop)
    watch.clock.move(stop.occurred_at)
    new = watch.again()
    await new.ticker.assigned({0, 1, 2})
    await new.reads(stop)
    await new.passes()
    assert [one.late for one in new.published("breached") if isinstance(one, DeadlineBreached)] == [True]


async def test_a_tick_after_a_crash_before_publishing_publishes_nothing_twice(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    await watch.publisher.flush()
    watch.log.away = True
    with pytest.raises(TimeoutError):
        await watch.passes(60)
    watch.log.away = False
    new = watch.again()
    await new.store.look_after_leftovers()
    await new.starts()
    await new.passes(60)
    assert len(new.published("breached")) == 1


async def test_public_days_announced_since_move_what_was_provisional(watch: Watch) -> None:
    deadline = a_deadline(limit={"working_days": 230}, escalates=False)
    watch.goes_by(deadline)
    await watch.happens(an_event("opened"))
    await watch.publisher.flush()
    [started] = watch.published("started")
    assert isinstance(started, DeadlineStarted)
    assert started.provisional
    announced = PublicDays(
        country="CN", published_until=started.due_at.year, holidays=frozenset({started.due_at.date()})
    )
    new = watch.again(announced)
    new.goes_by(deadline)
    await new.starts()
    [moved] = new.published("moved")
    assert isinstance(moved, DeadlineMoved)
    assert moved.due_at > started.due_at
    assert not moved.provisional


async def test_a_pass_cut_off_by_the_end_of_the_service_is_ended_first(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    watch.clock.move(watch.clock.now() + timedelta(minutes=60))
    writing, go_on = asyncio.Event(), asyncio.Event()
    write = watch.documents.write

    async def slowly(documents: Sequence[dict[str, Any]]) -> set[int]:
        lost = await write(documents)
        writing.set()
        await go_on.wait()
        return lost

    watch.documents.write = slowly  # type: ignore[method-assign]
    running = asyncio.create_task(watch.ticker.run(watch.progress))
    await writing.wait()
    running.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    await asyncio.wait([running])
    await watch.publisher.flush()
    assert len(watch.published("breached")) == 1


async def test_two_processes_that_fire_the_same_deadline_publish_it_once(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    other = watch.again()
    await other.ticker.assigned({0, 1, 2})
    await watch.passes(60)
    await other.passes(1)
    assert len(watch.published("breached")) == 1


MEANWHILE = [({0, 1, 2}, {0, 1, 2}), ({0, 1, 2}, {1}), ({0, 1, 2}, set[int]()), ({2}, {2})]


@pytest.mark.parametrize("during", ["write", "end_offsets"])
@pytest.mark.parametrize(("gone", "back"), MEANWHILE)
@pytest.mark.parametrize("within", [False, True])
async def test_partitions_that_go_and_come_during_a_pass_fire_all_that_is_theirs(
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    during: str,
    gone: set[int],
    back: set[int],
    *,
    within: bool,
) -> None:
    early, late = range(1, 10), range(10, 20)
    await watch.happens(*(an_event("opened", number) for number in early))
    await watch.happens(*(an_event("opened", number, occurred=30) for number in late))
    watch.clock.move(at(60))
    target: Any = watch.documents if during == "write" else watch.progress
    original, met = getattr(target, during), list[bool]()

    async def meets_a_rebalance(*asked: Any) -> Any:
        answer = await original(*asked)
        if not met:
            met.append(True)
            await watch.ticker.revoked(gone)
            if within and back:
                await watch.ticker.assigned(back)
        return answer

    monkeypatch.setattr(target, during, meets_a_rebalance)
    await watch.ticker.tick(watch.progress)
    assert met
    if not within and back:
        await watch.ticker.assigned(back)
    held = {0, 1, 2} - gone | back
    assert {one.partition for one in watch.deadlines.schedule.cases.values()} <= held
    await watch.passes(0)
    assert not watch.deadlines.schedule.behind
    await watch.passes(60)
    breached = [event.case_id for event in watch.published("breached")]
    assert len(set(breached)) == len(breached)
    assert {one for one in breached if watch.deadlines.partition_of(one) in held} == {
        case(number) for number in (*early, *late) if watch.deadlines.partition_of(case(number)) in held
    }
    assert watch.ticker.barriers.keys() == held


async def test_a_partition_that_left_is_others_to_fire(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    await watch.ticker.revoked({0, 1, 2})
    await watch.passes(60)
    assert not watch.published("breached")
    assert watch.deadlines.schedule.armed == 0


async def test_what_was_written_while_loading_is_known_better_than_what_was_loaded(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.goes_by(a_deadline(escalates=False, restart=[{"type": "case.followed_up"}]))
    await watch.happens(an_event("opened"), an_event("opened", number=2))
    moved, other = watch.deadlines.schedule.cases.values()
    watch.clock.move(at(10))
    find = watch.documents.find

    async def find_while_it_is_written(query: Any, fields: Any) -> AsyncIterator[dict[str, Any]]:
        stored = [row async for row in find(query, fields)]
        await watch.happens(an_event("followed_up", seq=2, occurred=10))
        for row in stored:
            yield row

    monkeypatch.setattr(watch.documents, "find", find_while_it_is_written)
    await watch.ticker.assigned({0, 1, 2})
    due = {case: entry.due for case, entry in watch.deadlines.schedule.cases.items()}
    assert due == {moved.case: moved.due + 600_000, other.case: other.due}


def test_all_that_is_due_in_a_partition_is_taken_oldest_first_up_to_its_moment() -> None:
    schedule = Schedule()
    schedule.assign({0, 1, 2})
    for number, partition, due in ((1, 0, 30), (2, 0, 10), (3, 0, 20), (4, 1, 15), (5, 2, 5)):
        schedule.put(ScheduledCase(case(number), partition, due, 0, 1))
    assert [one.due for one in schedule.take({0: 20, 1: 20}, 10)] == [10, 15, 20]
    assert (schedule.next_due(0), schedule.next_due(1), schedule.next_due(2)) == (30, None, 5)


async def test_a_case_whose_policy_is_gone_is_tried_again_later(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    policies = dict(watch.deadlines.policies)
    watch.deadlines.policies = {}
    await watch.passes(60)
    assert not watch.published("breached")
    watch.deadlines.policies = policies
    await watch.passes(2)
    assert len(watch.published("breached")) == 1


async def test_idle_partitions_ask_kafka_for_nothing(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    await watch.passes(1)
    before = watch.progress.questions
    await watch.passes(10)
    assert watch.progress.questions == before


async def test_a_case_of_an_unpublished_policy_waits_and_its_deadlines_start_in_order_later(
    watch: Watch,
) -> None:
    policies, watch.deadlines.policies = watch.deadlines.policies, {}
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
    watch.deadlines.policies = {}
    await watch.passes(200)
    assert [one.type for one in watch.published()] == ["deadline.started"]
