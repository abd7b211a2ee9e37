"""What is counted of deadlines, from the events as they are decided."""

from collections import Counter as Counted
from collections.abc import Callable, Iterable
from functools import cache
from typing import get_args

from prometheus_client import Counter, Gauge, Histogram

from schemas.calendar import Country, PublicDays
from schemas.deadlines import DeadlineEvent
from services.common.store.decision import Outgoing
from services.sla.domain.due.holidays import horizon
from services.sla.domain.schedule import Schedule

LATENESS_SECONDS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 10, 60, 600, 3600)

ARMED = Gauge("redress_deadlines_armed", "Deadlines that run.")
OVERDUE = Gauge("redress_deadlines_overdue", "Cases with a deadline that should have fired.")
BEHIND = Gauge("redress_deadlines_partitions_behind", "Partitions not yet caught up since they came.")
DOUBTED = Gauge("redress_sla_clock_doubted", "1 while nothing fires because our clock is wrong.")
HORIZON = Gauge(
    "redress_holidays_published_until_year", "Last year whose public days are certain.", ["country"]
)
LATENESS = Histogram(
    "redress_deadline_lateness_seconds",
    "From when a deadline had to fire, or was scheduled if that was later, to the write; seconds of the wall.",
    ["kind", "phase"],
    buckets=LATENESS_SECONDS,
)
BREACHES = Counter("redress_breaches_total", "Deadlines breached.", ["policy", "deadline", "severity"])
WARNINGS = Counter("redress_warnings_total", "Warnings given.", ["policy", "deadline"])
WITHDRAWALS = Counter("redress_withdrawals_total", "Breaches withdrawn.", ["policy", "deadline"])
BY_DEADLINE = {"warned": WARNINGS, "withdrawn": WITHDRAWALS}
EVENTS = Counter("redress_deadline_events_total", "Events of deadlines.", ["type"])


def set_horizons(announced: Iterable[PublicDays]) -> None:
    """Show how far the public days of each country are certain: beyond, due times are provisional."""
    by_country = {days.country: days for days in announced}
    for country in get_args(Country):
        HORIZON.labels(country).set(horizon(country, by_country.get(country)))


def watch(schedule: Schedule, now: Callable[[], int]) -> None:
    """Show what is scheduled whenever the metrics are read; `now` in milliseconds since 1970 UTC."""
    ARMED.set_function(lambda: schedule.armed)
    OVERDUE.set_function(lambda: schedule.count_overdue(now()))
    BEHIND.set_function(lambda: len(schedule.behind))


@cache
def lateness(kind: str, phase: str) -> Histogram:
    """The histogram of one kind of event."""
    return LATENESS.labels(kind, phase)


def count(events: Iterable[Outgoing]) -> None:
    """Count what was written."""
    for (kind, policy, deadline, severity), number in Counted(map(_labels, events)).items():
        EVENTS.labels(kind).inc(number)
        if kind == "breached":
            BREACHES.labels(policy, deadline, severity).inc(number)
        elif kind in BY_DEADLINE:
            BY_DEADLINE[kind].labels(policy, deadline).inc(number)


def kind_of(event: Outgoing) -> str:
    """What a deadline did, such as `breached`."""
    message: DeadlineEvent = event.message  # type: ignore[assignment]
    return message.type.removeprefix("deadline.")


def _labels(event: Outgoing) -> tuple[str, str, str, str]:
    message: DeadlineEvent = event.message  # type: ignore[assignment]
    return kind_of(event), message.header.policy, message.deadline, message.header.severity
