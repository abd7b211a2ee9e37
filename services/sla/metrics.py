"""What is counted of clocks, from the events as they are decided."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from schemas.cases import CaseHeader
from schemas.deadlines import DeadlineBreached, DeadlineEvent, DeadlineWarned, DeadlineWithdrawn
from services.common.decision import Outgoing

LATENESS_SECONDS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 10, 60, 600, 3600)

ARMED = Gauge("redress_clocks_armed", "Clocks that run.")
OVERDUE = Gauge("redress_clocks_overdue", "Cases with a clock that should have fired.")
BEHIND = Gauge("redress_clocks_partitions_behind", "Partitions not yet caught up since they came.")
LATENESS = Histogram(
    "redress_clock_lateness_seconds",
    "From when a clock had to fire, or became known, to the write; seconds of the wall.",
    ["kind", "phase"],
    buckets=LATENESS_SECONDS,
)
BREACHES = Counter("redress_breaches_total", "Promises broken.", ["profile", "clock", "severity"])
WARNINGS = Counter("redress_warnings_total", "Warnings given.", ["profile", "clock"])
WITHDRAWALS = Counter("redress_withdrawals_total", "Breaches taken back.", ["profile", "clock"])
EVENTS = Counter("redress_deadline_events_total", "What clocks said.", ["type"])


def count(events: Iterable[Outgoing]) -> None:
    """Count what was written."""
    for event in events:
        message: DeadlineEvent = event.message  # type: ignore[assignment]
        EVENTS.labels(kind(event)).inc()
        _count_kind(message, message.header)


def kind(event: Outgoing) -> str:
    """What a clock said, such as `breached`."""
    message: DeadlineEvent = event.message  # type: ignore[assignment]
    return message.type.removeprefix("deadline.")


def _count_kind(message: DeadlineEvent, header: CaseHeader) -> None:
    match message:
        case DeadlineBreached():
            BREACHES.labels(header.profile, message.clock, header.severity).inc()
        case DeadlineWarned():
            WARNINGS.labels(header.profile, message.clock).inc()
        case DeadlineWithdrawn():
            WITHDRAWALS.labels(header.profile, message.clock).inc()
        case _:
            pass
