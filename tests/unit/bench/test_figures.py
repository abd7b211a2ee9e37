"""What a series of rounds shows: medians with intervals, and a side is worse only when the whole interval is."""

import random
import statistics
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.bench.commands import check_measures
from deploy.bench.figures import Figure, Round, compared, estimate, judged
from deploy.local import StackError

RATE = Figure("rate", "b", "per_second", 500)
LATE = Figure("late", "c", "p99_ms", 250, most=True)


def rounds(*numbers: float, figure: Figure = RATE) -> list[Round]:
    return [{figure.part: {figure.name: number}} for number in numbers]


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(1, 1, 1), (5, 1, 5), (7, 1, 7), (8, 1, 8), (9, 2, 8), (12, 3, 10), (15, 4, 12)],
)
def test_the_interval_leaves_out_as_many_at_either_end_as_it_may(count: int, low: int, high: int) -> None:
    result = estimate(random.Random(count).sample(range(1, count + 1), count))
    assert (result.low, result.high) == (low, high)
    assert result.median == statistics.median(range(1, count + 1))


def test_the_interval_holds_the_true_median_as_often_as_it_says() -> None:
    draws = random.Random(7)
    series = [estimate([draws.expovariate(1) for _ in range(9)]) for _ in range(2_000)]
    share = sum(one.low <= 0.6931 <= one.high for one in series) / len(series)
    assert share >= 0.94


@pytest.mark.parametrize(
    ("figure", "numbers", "missed"),
    [
        (RATE, (300, 350, 400, 410, 420, 430, 499), True),
        (RATE, (300, 350, 400, 410, 420, 430, 501), False),
        (LATE, (251, 260, 270, 280, 290, 300, 900), True),
        (LATE, (249, 260, 270, 280, 290, 300, 900), False),
    ],
)
def test_an_aim_is_missed_only_by_the_whole_interval(
    figure: Figure, numbers: Sequence[float], *, missed: bool
) -> None:
    result = judged(figure, rounds(*numbers, figure=figure), aimed=True)
    assert result is not None
    assert result["missed"] is missed


@pytest.mark.parametrize(
    ("figure", "ours", "theirs", "verdict"),
    [
        (RATE, (90, 95, 90, 80, 99, 70, 90), (100,) * 7, "worse"),
        (RATE, (90, 95, 90, 80, 101, 70, 90), (100,) * 7, "no worse"),
        (RATE, (101, 110, 120, 130, 101, 110, 105), (100,) * 7, "better"),
        (LATE, (101, 110, 120, 130, 101, 110, 105), (100,) * 7, "worse"),
        (LATE, (90, 95, 90, 80, 99, 70, 90), (100,) * 7, "better"),
    ],
)
def test_what_counts_is_the_ratio_within_each_round(
    figure: Figure, ours: Sequence[float], theirs: Sequence[float], verdict: str
) -> None:
    result = compared(figure, rounds(*ours, figure=figure), rounds(*theirs, figure=figure))
    assert result is not None
    assert result["line"].endswith(f" {verdict}")
    assert result["worse"] is (verdict == "worse")


def test_a_machine_that_slows_down_for_both_makes_neither_worse() -> None:
    theirs = [100, 50, 25, 100, 50, 25, 10]
    result = compared(RATE, rounds(*(one * 1.01 for one in theirs)), rounds(*theirs))
    assert result is not None
    assert result["interval"] == pytest.approx([1.01, 1.01])


def test_a_round_without_a_number_counts_for_neither() -> None:
    result = compared(RATE, [*rounds(100), {}, *rounds(100)], [*rounds(100, 1), {}])
    assert result is not None
    assert result["ratios"] == [1]
    assert compared(LATE, rounds(1), rounds(1)) is None


def test_a_commit_that_cannot_measure_a_round_is_refused_and_one_that_can_is_left_as_it_is(
    tmp_path: Path,
) -> None:
    bench = tmp_path / "deploy" / "bench"
    bench.mkdir(parents=True)
    with pytest.raises(StackError, match=r"no deploy/bench/measure\.py"):
        check_measures(tmp_path)
    (bench / "measure.py").write_text("theirs")
    check_measures(tmp_path)
    assert [file.name for file in bench.iterdir()] == ["measure.py"]
