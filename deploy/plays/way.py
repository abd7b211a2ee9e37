"""The way that a case went, from the events that were published of it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from schemas import cases, deadlines, deliveries
from schemas.vocabulary import Level, Stage, State

MOMENT = timedelta(minutes=1)
"""What happens within it is shown as one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How a case was from then on, and how many of its deadlines were breached then."""

    at: datetime
    state: State
    stage: Stage
    owner: str
    severity: Level
    breaches: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """The moments of a case in their order, and how many messages went out about it."""

    moments: Sequence[Moment] = ()
    messages: int = 0

    @property
    def breaches(self) -> int:
        return sum(moment.breaches for moment in self.moments)


def ways(records: Mapping[str, Sequence[Any]]) -> dict[str, Way]:
    """The way of each case by its id."""
    events: dict[str, list[Any]] = defaultdict(list)
    for event in _events(records):
        events[str(event.case_id)].append(event)
    messages = _messages(records[deliveries.TOPIC])
    return {
        case: Way(list(_gathered(_moments(sorted(of_case, key=_order)))), messages.get(case, 0))
        for case, of_case in events.items()
    }


def _events(records: Mapping[str, Sequence[Any]]) -> Iterator[Any]:
    """What was decided of cases, and the breaches that stand, each once."""
    withdrawn = {event.breach for event in records[deadlines.TOPIC] if event.type == "deadline.withdrawn"}
    breaches = {
        event.id: event
        for event in records[deadlines.TOPIC]
        if event.type == "deadline.breached" and event.id not in withdrawn
    }
    yield from {event.id: event for event in records[cases.TOPIC]}.values()
    yield from breaches.values()


def _order(event: Any) -> tuple[datetime, bool, int]:
    return event.occurred_at, event.type == "deadline.breached", event.seq


def _messages(reports: Iterable[Any]) -> dict[str, int]:
    sent = {report.delivery: str(report.case_id) for report in reports if report.result == "sent"}
    counts: dict[str, int] = defaultdict(int)
    for case in sent.values():
        counts[case] += 1
    return counts


def _moments(events: Sequence[Any]) -> Iterator[Moment]:
    """A moment for each event; what sla publishes says nothing new of the case but the breach."""
    last: Moment | None = None
    for event in events:
        if event.type == "deadline.breached":
            if last is not None:
                yield replace(last, at=event.occurred_at, breaches=1)
            continue
        header = event.header
        last = Moment(event.occurred_at, header.state, header.stage, header.owner, header.severity)
        yield last


def _gathered(moments: Iterable[Moment]) -> Iterator[Moment]:
    """Those in which something is another than before; what follows within a minute belongs to the same."""
    whole: Moment | None = None
    for moment in moments:
        if whole is None:
            whole = moment
        elif moment.at - whole.at < MOMENT:
            whole = replace(moment, at=whole.at, breaches=whole.breaches + moment.breaches)
        elif moment.breaches or replace(whole, at=moment.at, breaches=0) != moment:
            yield whole
            whole = moment
    if whole is not None:
        yield whole
