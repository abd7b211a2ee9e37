"""The ticker: never early, never before everything that occurred was read, nothing lost by a restart."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from schemas.calendar import PublicDays
from schemas.deadlines import DeadlineBreached, DeadlineMoved, DeadlineStarted
from services.common.runtime.failures import ClockDoubtedError
from tests.unit.sla.story import a_deadline, at
from tests.unit.sla.watch import Watch, an_event, case


async def test_what_is_due_fires_and_is_published(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    await watch.passes(59.99)
    assert not watch.published("breached")
    await watch.passes(0.01)
    assert [one.case_id for one in watch.published("breached")] == [case(1)]


async def test_nothing_fires_while_something_written_was_not_read(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    stop = an_event("contact", seq=2, occurred=30)
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
    late = an_event("contact", seq=2, occurred=70)
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
    await watch.writes(an_event("contact", slow, seq=2, occurred=30))
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
    stops = [an_event("contact", number, seq=2, occurred=50) for number in range(1, 5)]
    await watch.writes(*stops)
    watch.clock.move(an_event("opened", occurred=500).occurred_at)
    new = watch.again()
    await new.starts()
    await new.reads(*stops)
    await new.passes()
    assert {one.case_id for one in new.published("breached")} == {case(number) for number in range(5, 9)}


async def test_a_breach_found_by_an_event_read_while_catching_up_is_late_too(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    stop = an_event("contact", seq=2, occurred=70)
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
    deadline = a_deadline(limit={"working_days": 230}, on_breach=[])
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


async def test_idle_partitions_ask_kafka_for_nothing(watch: Watch) -> None:
    await watch.happens(an_event("opened"))
    await watch.passes(1)
    before = watch.progress.questions
    await watch.passes(10)
    assert watch.progress.questions == before


async def test_a_partition_that_is_written_without_end_fires_what_is_due(watch: Watch) -> None:
    first, *others = cases_of_a_partition(watch, 4)
    await watch.happens(an_event("opened", first))
    later = [an_event("opened", number, occurred=60) for number in others]
    watch.clock.move(at(60))
    await watch.writes(later[0])
    assert await watch.ticker.tick(watch.progress) == 0
    await watch.writes(later[1])
    await watch.reads(later[0])
    assert await watch.ticker.tick(watch.progress) == 1


async def test_nothing_fires_that_became_due_while_the_end_was_asked_for(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = cases_of_a_partition(watch, 2)
    await watch.happens(an_event("opened", early))
    watch.clock.move(at(1))
    await watch.happens(an_event("opened", late, occurred=1))
    end_offsets = watch.progress.end_offsets

    async def answer_slowly(topic: str, numbers: set[int]) -> Mapping[int, int]:
        ends = await end_offsets(topic, numbers)
        await watch.writes(an_event("contact", late, seq=2, occurred=60.5))
        watch.clock.move(at(62))
        return ends

    monkeypatch.setattr(watch.progress, "end_offsets", answer_slowly)
    watch.clock.move(at(60))
    await watch.ticker.tick(watch.progress)
    await watch.publisher.flush()
    assert [event.case_id for event in watch.published("breached")] == [case(early)]


async def test_a_partition_has_caught_up_only_once_all_that_was_due_has_fired(watch: Watch) -> None:
    numbers = range(1, 10)
    await watch.happens(*(an_event("opened", number) for number in numbers))
    watch.clock.move(at(60))
    new = watch.again()
    new.ticker.at_once = 1
    await new.starts()
    breaches = [event for event in new.published("breached") if isinstance(event, DeadlineBreached)]
    assert {event.case_id for event in breaches} == {case(number) for number in numbers}
    assert all(event.late for event in breaches)
    assert not new.deadlines.schedule.behind


def cases_of_a_partition(watch: Watch, count: int) -> list[int]:
    numbers = (number for number in range(1, 100) if watch.deadlines.partition_of(case(number)) == 0)
    return list(islice(numbers, count))
