"""Amounts and numbers over and under a limit."""

from typing import Any

import pytest

from schemas.conditions import Bounds


@pytest.mark.parametrize("value", ["refund", "2026-03-02", True, None, ("1",), ""])
def test_what_is_no_amount_lies_within_no_bounds(value: Any) -> None:
    assert not Bounds(over=0).holds(value)


@pytest.mark.parametrize(
    ("value", "holds"), [(500, False), ("500.00", False), ("500.01", True), ("999.99", True), (1000, False)]
)
def test_a_limit_itself_is_neither_over_nor_under(value: int | str, *, holds: bool) -> None:
    assert Bounds(over=500, under=1000).holds(value) is holds
