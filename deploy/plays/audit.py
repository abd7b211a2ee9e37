"""The audit: what was accepted and due against what happened; each check names every difference. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain

from deploy.plays.evidence import UNFINISHED, Evidence, Stored
from schemas import cases, deadlines
from schemas.staffing import QUEUE
from services.common.store.history import GENESIS, broken

STOPS = ("deadline.met", "deadline.cancelled", "deadline.withdrawn")
NEVER = datetime.min.replace(tzinfo=UTC)

Check = Callable[[Evidence], Iterator[str]]


def audit(evidence: Evidence) -> dict[str, list[str]]:
    """Every check with the differences it found, none where it holds."""
    return {name: list(check(evidence)) for name, check in CHECKS.items()}


def check_cases(evidence: Evidence) -> Iterator[str]:
    """Every 202 is exactly one case of one story, and there is no other."""
    stored = {case["_id"]: case["state"]["number"] for case in evidence.cases}
    opened = Counter(str(event.case_id) for event in evidence.unique(cases.TOPIC, "case.opened").values())
    for case in evidence.accepted.keys() | stored.keys() | opened.keys():
        accepted = evidence.accepted.get(case)
        number = accepted.number if accepted else None
        if number is None or (stored.get(case), opened[case]) != (number, 1):
            yield f"case {case}: accepted as {number}, stored as {stored.get(case)}, opened {opened[case]} times"
        if accepted and len(accepted.stories) > 1:
            yield f"case {case}: of {len(accepted.stories)} stories: {', '.join(accepted.stories)}"


def check_owners(evidence: Evidence) -> Iterator[str]:
    """At every moment every case has one owner who exists, and its last event names the one that it has now."""
    events = sorted(evidence.unique(cases.TOPIC).values(), key=lambda event: event.seq)
    for event in events:
        owner = event.header.owner
        if owner not in evidence.people and not owner.startswith(QUEUE):
            yield f"case {event.header.number}: at {event.occurred_at} its owner {owner!r} is nobody in the directory"
    last = {str(event.case_id): event.header.owner for event in events}
    for case in evidence.cases:
        owner, published = case["state"]["owner"], last.get(case["_id"])
        if owner != published:
            yield f"{_title(case)}: owned by {owner!r}, but last published as {published!r}"


def check_order(evidence: Evidence) -> Iterator[str]:
    """Per case and topic, sequence numbers count from 1 without gaps, each with one event id."""
    for topic in (cases.TOPIC, deadlines.TOPIC):
        ids: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for event in evidence.records[topic]:
            ids[str(event.case_id)][event.seq].add(str(event.id))
        for case, by_seq in ids.items():
            yield from (f"{topic} of case {case}: {difference}" for difference in _disorder(by_seq))


def _disorder(ids: dict[int, set[str]]) -> Iterator[str]:
    """What is wrong with the sequence of one case, given the event ids of each sequence number."""
    if len(ids) != max(ids):
        yield f"a gap below {max(ids)}"
    yield from (f"{len(events)} events with seq {seq}" for seq, events in ids.items() if len(events) > 1)


def check_breaches(evidence: Evidence) -> Iterator[str]:
    """Every (case, deadline, cycle) breaches under one id, and each case counts the breaches that were published."""
    breaches = evidence.unique(deadlines.TOPIC, "deadline.breached")
    ids = Counter((str(event.case_id), event.name, event.cycle) for event in breaches.values())
    yield from (
        f"case {case}: {deadline} cycle {cycle} breached under {n} ids"
        for (case, deadline, cycle), n in ids.items()
        if n > 1
    )
    unknown = evidence.withdrawn() - breaches.keys()
    yield from (f"breach {one} was withdrawn, but never published" for one in unknown)
    open_breaches = Counter(str(event.case_id) for event in evidence.breaches().values())
    for case in evidence.cases:
        folded, published = case["state"]["breach_count"], open_breaches[case["_id"]]
        if folded != published:
            yield f"{_title(case)}: {folded} breaches folded, {published} published"


def check_reactions(evidence: Evidence) -> Iterator[str]:
    """After every breach somebody was notified, the case was taken to somebody, or its deadline stopped.

    That an escalation was due is no reaction: routing may have found nowhere to escalate to.
    """
    deliveries = (delivery["state"] for delivery in evidence.deliveries)
    notified = {state["event"] for state in deliveries if state["status"] == "sent"}
    moved, stopped = _last_moves(evidence), _last_stops(evidence)
    for key, breach in evidence.unique(deadlines.TOPIC, "deadline.breached").items():
        case, deadline, cycle = str(breach.case_id), breach.name, breach.cycle
        went_on = moved.get(case, NEVER) >= breach.occurred_at
        ended = stopped.get((case, deadline), 0) >= cycle
        if not (key in notified or went_on or ended):
            yield f"case {case}: nobody reacted to the breach of {deadline}, cycle {cycle} ({key})"


def _last_moves(evidence: Evidence) -> dict[str, datetime]:
    """Per case, when somebody was last asked to take it over, or asked or told otherwise than for a role it needs."""
    moves: dict[str, datetime] = {}
    for event in evidence.unique(cases.TOPIC, "case.task_sent", "case.escalated").values():
        if event.type == "case.escalated" or event.moves_owner or event.via != "assignment":
            moves[str(event.case_id)] = max(event.occurred_at, moves.get(str(event.case_id), NEVER))
    return moves


def _last_stops(evidence: Evidence) -> dict[tuple[str, str], int]:
    """Per case and deadline, the last cycle that came to an end."""
    stops: dict[tuple[str, str], int] = {}
    for event in evidence.unique(deadlines.TOPIC, *STOPS).values():
        key = str(event.case_id), event.name
        stops[key] = max(event.cycle, stops.get(key, 0))
    return stops


def check_deliveries(evidence: Evidence) -> Iterator[str]:
    """Every delivery arrived under its one reference at one address; nothing else arrived.

    Once its story has ended, time jumps over what is due of a case: what it says then may come too late to be sent.
    """
    arrived: dict[tuple[str, str], list[str]] = defaultdict(list)
    for medium, messages in evidence.received.items():
        for message in messages:
            arrived[medium, message.reference.partition("@")[0]].append(message.to)
    for delivery in evidence.deliveries:
        state = delivery["state"]
        addresses = arrived.pop((state["medium"], delivery["_id"]), [])
        if not addresses and not (state["status"] == "expired" and _is_after_its_story(evidence, state)):
            yield (
                f"{state['medium']} {delivery['_id']} to {state['person']} ({state['template']}) never arrived: "
                f"{state['status']} {state['reason']}"
            )
        if len(set(addresses)) > 1:
            yield f"{state['medium']} {delivery['_id']} arrived at {len(set(addresses))} addresses"
    yield from (f"{medium} {reference} arrived, but nobody sent it" for medium, reference in arrived)


def _is_after_its_story(evidence: Evidence, delivery: Stored) -> bool:
    """Whether what a delivery is about happened when time did not stop for its case any more."""
    accepted, event = evidence.accepted.get(delivery["case_id"]), evidence.event(delivery["event"])
    return accepted is not None and event is not None and event.occurred_at > accepted.until


def check_copies(evidence: Evidence) -> Iterator[str]:
    """No message arrived twice."""
    for medium, messages in evidence.received.items():
        copies = Counter(message.reference for message in messages)
        yield from (f"{medium} {reference} arrived {n} times" for reference, n in copies.items() if n > 1)


def check_histories(evidence: Evidence) -> Iterator[str]:
    """Every history is the chain it was written as, pages included."""
    for case in evidence.cases:
        past = chain(evidence.pages.get(case["_id"], ()), case["history"]["entries"])
        entries = {entry["number"]: entry for entry in past}
        whole = [entries[number] for number in sorted(entries)]
        wrong = broken(whole, case["history"]["head"] or GENESIS)
        if wrong is not None:
            yield f"{_title(case)}: entry {wrong} of its history does not verify"
        if len(whole) != case["history"]["count"]:
            yield f"{_title(case)}: {case['history']['count']} history entries counted, {len(whole)} there"


def check_dead_letters(evidence: Evidence) -> Iterator[str]:
    """There are no dead letters."""
    for group, letters in evidence.dead.items():
        yield from (f"{group}.dead {one.place}: {one.reason}, from {one.origin}" for one in letters)


def check_outboxes(evidence: Evidence) -> Iterator[str]:
    """Every event is published, and no record is kept for its turn."""
    for collection, documents in evidence.unfinished.items():
        for document in documents:
            left = ", ".join(f"{len(document.get(name, ()))} {name}" for name in UNFINISHED)
            yield f"{collection} {document['_id']}: {left}"


def _title(case: Stored) -> str:
    return f"case {case['state']['number']}"


CHECKS: dict[str, Check] = {
    "every 202 is exactly one case": check_cases,
    "every case has one owner at every moment": check_owners,
    "events of a case are in order, without gaps": check_order,
    "every breach has one event id": check_breaches,
    "every breach has a reaction": check_reactions,
    "every delivery arrived under one reference": check_deliveries,
    "no message arrived twice": check_copies,
    "history chains verify": check_histories,
    "dead topics are empty": check_dead_letters,
    "nothing is unsent or held back": check_outboxes,
}
