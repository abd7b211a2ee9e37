"""Our clock against others: who is outvoted, what a slow answer proves, and a step of ours between two questions."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from services.common.runtime import clock_skew as skew
from services.common.runtime.clock_skew import Ask, ClockSkew

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = 3_600.0


class World:
    """The right time, and how far our clock is ahead of it."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.ahead = 0.0

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.passed + self.ahead)

    def source(self, ahead: float = 0.0, takes: float = 0.0) -> Ask:
        """Another clock; its answer is taken half-way through the time that asking takes."""

        async def ask() -> datetime:
            self.passed += takes / 2
            published = NOON + timedelta(seconds=self.passed + ahead)
            self.passed += takes / 2
            return published

        return ask

    def broken(self, error: Exception) -> Ask:
        async def ask() -> datetime:
            raise error

        return ask


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(skew, "wall", world.wall)
    monkeypatch.setattr(skew, "ticks", lambda: 1_000 + world.passed)
    return world


async def checked(**sources: Ask) -> ClockSkew:
    checked = ClockSkew("any", 30.0, sources)
    await checked.check()
    return checked


@pytest.mark.parametrize(
    ("kafka", "store", "doubted"),
    [
        (0, 0, False),
        (-29, -29, False),
        (-HOUR, -HOUR, True),
        (HOUR, HOUR, True),
        (-HOUR, 0, False),
        (0, HOUR, False),
        (HOUR, -HOUR, True),
        (-31, -29, False),
    ],
)
async def test_our_clock_is_doubted_once_no_other_confirms_it(
    world: World, kafka: float, store: float, *, doubted: bool
) -> None:
    ours = await checked(kafka=world.source(kafka), store=world.source(store))
    assert bool(ours.doubt()) == doubted


async def test_the_doubt_says_how_far_and_from_whom(world: World) -> None:
    world.ahead = HOUR
    ours = await checked(kafka=world.source(), store=world.source())
    assert ours.doubt() == (
        "our clock is 3600 s ahead of kafka, 3600 s ahead of store; more than 30 s is too much"
    )
    assert REGISTRY.get_sample_value(
        "redress_clock_offset_seconds", {"service": "any", "source": "kafka"}
    ) == pytest.approx(HOUR)


@pytest.mark.parametrize("error", [TimeoutError(), ValueError("not stamped"), KeyError("localTime")])
async def test_a_broken_source_stops_nothing_and_the_other_still_counts(
    world: World, error: Exception
) -> None:
    assert not (await checked(kafka=world.broken(error), store=world.broken(error))).doubt()
    ours = await checked(kafka=world.broken(error), store=world.source())
    assert not ours.doubt()
    world.ahead = HOUR
    assert ours.doubt()


async def test_a_step_of_our_clock_is_seen_without_asking_and_so_is_its_end(world: World) -> None:
    ours = await checked(kafka=world.source(), store=world.source())
    world.passed += 20
    assert not ours.doubt()
    world.ahead = -HOUR
    assert "3600 s behind kafka" in ours.doubt()
    world.ahead = 0.0
    assert not ours.doubt()


async def test_half_the_time_an_answer_takes_is_taken_off_and_proves_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ours = await checked(kafka=world.source(takes=4))
    assert ours.readings["kafka"].ahead() == pytest.approx(0)
    world.ahead = 1.9
    assert not ours.readings["kafka"].beyond(1)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(("ahead", "warned"), [(0.5, False), (-0.9, False), (1.5, True), (-1.5, True)])
async def test_more_than_a_second_is_warned_of(
    world: World, caplog: pytest.LogCaptureFixture, ahead: float, *, warned: bool
) -> None:
    world.ahead = ahead
    ours = await checked(store=world.source())
    assert not ours.doubt()
    assert ("our clock differs" in caplog.text) == warned


async def test_it_asks_again_every_minute_and_at_once_after_a_step(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    async def ask() -> datetime:
        asked.append(world.passed)
        return NOON + timedelta(seconds=world.passed)

    ours = await checked(kafka=ask)
    monkeypatch.setattr("services.common.runtime.clock_skew.asyncio.sleep", _passing(world))
    with pytest.raises(asyncio.CancelledError):
        await ours.run()
    assert asked == [0, 60, 101]


def _passing(world: World) -> Callable[[float], "asyncio.Future[None]"]:
    async def sleep(seconds: float) -> None:
        world.passed += seconds
        world.ahead = 5.0 if world.passed > 100 else 0.0
        if world.passed > 110:
            raise asyncio.CancelledError

    return sleep  # type: ignore[return-value]
