"""A provider at fault is left alone for a while, then asked with one message."""

import pytest

from services.notify.domain.breaker import LONGEST_PAUSE_TIMES, Breaker

BASE, MOST = 1.0, 8.0


def a_breaker() -> Breaker:
    return Breaker(BASE, MOST)


def opened(times: int = 1, now: float = 0.0) -> Breaker:
    """Opened at `now`, and probed in vain as soon as it may be until it has failed `times` times."""
    breaker = a_breaker()
    for _ in range(times):
        now += breaker.wait(now) or 0
        breaker.fail(breaker.admit(), now, "smtp 535")
    return breaker


def test_while_all_is_well_every_message_goes_at_once() -> None:
    breaker = a_breaker()
    tickets = [breaker.admit() for _ in range(3)]
    assert breaker.wait(0.0) == 0
    assert [breaker.succeed(ticket) for ticket in tickets] == [False] * 3


def test_the_first_fault_opens_it_once_however_many_meet_it() -> None:
    breaker = a_breaker()
    tickets = [breaker.admit() for _ in range(16)]
    assert [breaker.fail(ticket, 0.0, "smtp 530") for ticket in tickets] == [True, *[False] * 15]
    assert (breaker.reason, breaker.wait(0.0), breaker.wait(BASE)) == ("smtp 530", BASE, 0)


def test_only_one_message_is_the_probe() -> None:
    breaker = opened()
    ticket = breaker.admit()
    assert breaker.is_probe(ticket)
    assert breaker.wait(100.0) is None


def test_a_probe_that_is_answered_closes_it() -> None:
    breaker = opened(times=3)
    assert breaker.succeed(breaker.admit())
    assert (breaker.is_open, breaker.wait(0.0)) == (False, 0)


@pytest.mark.parametrize(("times", "pause"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (1_000, 8)])
def test_pauses_grow_up_to_the_longest(times: int, pause: float) -> None:
    breaker, now = a_breaker(), 0.0
    for _ in range(times):
        now += breaker.wait(now) or 0
        breaker.fail(breaker.admit(), now, "no")
    assert breaker.wait(now) == pause


def test_a_probe_that_fails_is_no_new_alarm() -> None:
    breaker = opened()
    assert not breaker.fail(breaker.admit(), BASE, "no")


@pytest.mark.parametrize(("asked", "pause"), [(0.5, BASE), (5.0, 5.0), (1e9, LONGEST_PAUSE_TIMES * MOST)])
def test_a_pause_that_a_provider_asks_for_is_kept_within_bounds(asked: float, pause: float) -> None:
    breaker = a_breaker()
    breaker.fail(breaker.admit(), 0.0, "http 429", asked)
    assert breaker.wait(0.0) == pause


def test_a_message_that_says_nothing_about_the_provider_leaves_the_probe_to_another() -> None:
    breaker = opened()
    breaker.release(breaker.admit())
    assert (breaker.is_open, breaker.wait(BASE)) == (True, 0)


@pytest.mark.parametrize("late", ["succeed", "fail", "release"])
def test_what_was_begun_before_it_opened_neither_closes_it_nor_makes_it_longer(late: str) -> None:
    breaker = a_breaker()
    before = breaker.admit()
    breaker.fail(breaker.admit(), 0.0, "no")
    probe = breaker.admit()
    match late:
        case "succeed":
            breaker.succeed(before)
        case "fail":
            breaker.fail(before, 50.0, "late")
        case _:
            breaker.release(before)
    assert (breaker.reason, breaker.wait(50.0)) == ("no", None)
    assert breaker.succeed(probe)


def test_after_it_closed_a_new_fault_is_a_new_alarm_with_a_short_pause() -> None:
    breaker = opened(times=4)
    breaker.succeed(breaker.admit())
    assert breaker.fail(breaker.admit(), 100.0, "again")
    assert breaker.wait(100.0) == BASE
