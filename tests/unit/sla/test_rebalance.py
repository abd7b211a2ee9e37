"""Partitions that come and go: what is theirs is scheduled and fired, and nothing of others."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.sla.story import a_deadline, at, did
from tests.unit.sla.watch import Watch, an_event, case

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
    watch.goes_by(a_deadline(on_breach=[], restart=[did("follow_up")]))
    await watch.happens(an_event("opened"), an_event("opened", number=2))
    moved, other = watch.deadlines.schedule.cases.values()
    watch.clock.move(at(10))
    find = watch.documents.find

    async def find_while_it_is_written(query: Any, fields: Any) -> AsyncIterator[dict[str, Any]]:
        stored = [row async for row in find(query, fields)]
        await watch.happens(an_event("follow_up", seq=2, occurred=10))
        for row in stored:
            yield row

    monkeypatch.setattr(watch.documents, "find", find_while_it_is_written)
    await watch.ticker.assigned({0, 1, 2})
    due = {case: entry.due for case, entry in watch.deadlines.schedule.cases.items()}
    assert due == {moved.case: moved.due + 600_000, other.case: other.due}


async def test_a_case_that_is_written_while_its_partition_leaves_is_scheduled_no_more(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.goes_by(a_deadline(recurring=True, on_breach=[]))
    await watch.happens(an_event("opened"))
    write = watch.documents.write

    async def write_while_all_leave(documents: Any) -> set[int]:
        await watch.ticker.revoked({0, 1, 2})
        return await write(documents)

    monkeypatch.setattr(watch.documents, "write", write_while_all_leave)
    await watch.passes(60)
    schedule = watch.deadlines.schedule
    assert (schedule.cases, schedule.heaps, schedule.armed) == ({}, {}, 0)


async def test_only_what_is_in_the_partitions_that_came_is_loaded(watch: Watch) -> None:
    await watch.happens(*(an_event("opened", number) for number in range(1, 10)))
    new = watch.again()
    await new.ticker.assigned({1})
    loaded = new.deadlines.schedule.cases
    assert loaded.keys() == {
        case(number) for number in range(1, 10) if new.deadlines.partition_of(case(number)) == 1
    }
    assert new.deadlines.schedule.armed == len(loaded)
