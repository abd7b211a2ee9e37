"""The way that a case went, from the events that were published of it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from deploy.plays.evidence import Evidence
from schemas import cases, deliveries
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


def ways(evidence: Evidence) -> dict[str, Way]:
    """The way of each case by its id, up to the end of its story."""
    decided = evidence.unique(cases.TOPIC) | evidence.breaches()
    sent = {
        report.delivery: report for report in evidence.records[deliveries.TOPIC] if report.result == "sent"
    }
    events, reports = _by_case(evidence, decided.values()), _by_case(evidence, sent.values())
    return {
        case: Way(list(_gathered(_moments(sorted(of_case, key=_order)))), len(reports[case]))
        for case, of_case in events.items()
    }


def _by_case(evidence: Evidence, messages: Iterable[Any]) -> dict[str, list[Any]]:
    """What happened to each case until its story ended."""
    by_case: dict[str, list[Any]] = defaultdict(list)
    for message in messages:
        accepted = evidence.accepted.get(str(message.case_id))
        if accepted is not None and message.occurred_at <= accepted.until:
            by_case[str(message.case_id)].append(message)
    return by_case


def _order(event: Any) -> tuple[datetime, bool, int]:
    return event.occurred_at, event.type == "deadline.breached", event.seq


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
