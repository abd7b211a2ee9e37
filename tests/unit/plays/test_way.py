"""The way of a case from its events: what changed, when, and which breaches stand."""

from collections import defaultdict
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from deploy.plays.evidence import Accepted, Evidence
from deploy.plays.story import MONDAY
from deploy.plays.way import Way, ways

CASE, BREACH = UUID(int=1), UUID(int=2)


def a_case_event(number: int, minutes: float, **changes: Any) -> Any:
    usual = {"state": "new", "stage": "intake", "owner": "desk", "severity": "general"}
    return SimpleNamespace(
        id=UUID(int=100 + number), case_id=CASE, seq=number, type="case.acted",
        occurred_at=at(minutes), header=SimpleNamespace(**usual | changes),
    )  # fmt: skip


def a_breach(minutes: float) -> Any:
    return SimpleNamespace(id=BREACH, case_id=CASE, seq=1, type="deadline.breached", occurred_at=at(minutes))


def at(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


def way(*, until: float = 600, **topics: Any) -> Way:
    records = defaultdict(list, topics)
    accepted = {str(CASE): Accepted("0-1", at(until), ("shop/try",))}
    return ways(Evidence(accepted, (), {}, (), {}, records, {}, {}, frozenset()))[str(CASE)]


def test_what_changes_nothing_is_no_moment() -> None:
    moments = way(cases=[a_case_event(1, 0), a_case_event(2, 10), a_case_event(3, 20, owner="head")]).moments
    assert [(moment.at, moment.owner) for moment in moments] == [(at(0), "desk"), (at(20), "head")]


def test_what_follows_within_a_minute_is_one_moment() -> None:
    [moment] = way(cases=[a_case_event(1, 0), a_case_event(2, 0.5, state="seen")]).moments
    assert (moment.at, moment.state) == (at(0), "seen")


def test_a_breach_is_a_moment_of_the_case_as_it_was() -> None:
    seen = way(cases=[a_case_event(1, 0, state="seen")], deadlines=[a_breach(60)])
    assert [(moment.state, moment.breaches) for moment in seen.moments] == [("seen", 0), ("seen", 1)]
    assert seen.breaches == 1


def test_a_breach_that_was_withdrawn_is_none_and_a_repeated_record_is_one() -> None:
    withdrawn = SimpleNamespace(id=UUID(int=3), type="deadline.withdrawn", breach=BREACH)
    assert way(cases=[a_case_event(1, 0)] * 2, deadlines=[a_breach(60), withdrawn]).breaches == 0
    assert way(cases=[a_case_event(1, 0)], deadlines=[a_breach(60)] * 2).breaches == 1


def test_what_happens_after_the_end_of_the_story_is_left_out() -> None:
    assert way(until=30, cases=[a_case_event(1, 0)], deadlines=[a_breach(60)]).breaches == 0


def test_each_message_counts_once() -> None:
    report = SimpleNamespace(delivery=UUID(int=7), case_id=CASE, occurred_at=at(5), result="sent")
    assert way(cases=[a_case_event(1, 0)], deliveries=[report, report]).messages == 1
