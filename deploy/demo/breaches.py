"""The audit of what was not done in time: each breach once, and somebody who reacted to it. Pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from deploy.demo.evidence import Evidence, called
from schemas import cases, deadlines

STOPS = ("deadline.met", "deadline.cancelled", "deadline.withdrawn")
NEVER = datetime.min.replace(tzinfo=UTC)


def one_breach(evidence: Evidence) -> Iterator[str]:
    """Every (case, deadline, cycle) breaches under one id, and as many stand in the case as were told."""
    breaches = evidence.unique(deadlines.TOPIC, "deadline.breached")
    ids = Counter((str(one.case_id), one.deadline, one.cycle) for one in breaches.values())
    yield from (
        f"case {case}: {deadline} cycle {cycle} breached under {n} ids"
        for (case, deadline, cycle), n in ids.items()
        if n > 1
    )
    withdrawn = {str(one.breach) for one in evidence.unique(deadlines.TOPIC, "deadline.withdrawn").values()}
    yield from (f"breach {one} was withdrawn, but never told" for one in withdrawn - breaches.keys())
    standing = Counter(str(one.case_id) for key, one in breaches.items() if key not in withdrawn)
    for case in evidence.cases:
        if case["state"]["breach_count"] != standing[case["_id"]]:
            yield f"{called(case)}: {case['state']['breach_count']} breaches folded, {standing[case['_id']]} told"


def reactions(evidence: Evidence) -> Iterator[str]:
    """After every breach somebody was told, the case went on to somebody, or its deadline stopped.

    That an escalation was due is none: routing may have found nowhere to escalate to.
    """
    told = {one["state"]["event"] for one in evidence.deliveries if one["state"]["status"] == "sent"}
    moved, stopped = _last_moves(evidence), _last_stops(evidence)
    for key, one in evidence.unique(deadlines.TOPIC, "deadline.breached").items():
        went_on = moved.get(str(one.case_id), NEVER) >= one.occurred_at
        ended = stopped.get((str(one.case_id), one.deadline), 0) >= one.cycle
        if not (key in told or went_on or ended):
            yield f"case {one.case_id}: nobody reacted to the breach of {one.deadline}, cycle {one.cycle} ({key})"


def _last_moves(evidence: Evidence) -> dict[str, datetime]:
    """Per case, when it was last offered to somebody: by an escalation or by a person."""
    moves: dict[str, datetime] = {}
    for one in evidence.unique(cases.TOPIC, "case.handed_over").values():
        moves[str(one.case_id)] = max(one.occurred_at, moves.get(str(one.case_id), NEVER))
    return moves


def _last_stops(evidence: Evidence) -> dict[tuple[str, str], int]:
    """Per case and deadline, the last cycle that came to an end."""
    stops: dict[tuple[str, str], int] = {}
    for one in evidence.unique(deadlines.TOPIC, *STOPS).values():
        place = str(one.case_id), one.deadline
        stops[place] = max(one.cycle, stops.get(place, 0))
    return stops
