"""The audit: what was promised against what happened; each difference is named. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import chain

from deploy.demo.breaches import one_breach, reactions
from deploy.demo.evidence import Evidence, called
from schemas import cases, deadlines
from schemas.severity import LEVELS
from schemas.staffing import QUEUE
from services.common.store.history import GENESIS, broken

SHARE = 0.95

Check = Callable[[Evidence], Iterator[str]]


def one_case(evidence: Evidence) -> Iterator[str]:
    """Every 202 is exactly one case, and there is no other."""
    promised = {one.case_id: one.number for one in evidence.accepted}
    stored = {one["_id"]: one["state"]["number"] for one in evidence.cases}
    opened = Counter(str(one.case_id) for one in evidence.unique(cases.TOPIC, "case.opened").values())
    for case in promised.keys() | stored.keys() | opened.keys():
        found = promised.get(case), stored.get(case), opened[case]
        if found != (promised.get(case), promised.get(case), 1) or case not in promised:
            yield f"case {case}: promised as {found[0]}, stored as {found[1]}, opened {found[2]} times"
    tellings = {one.telling.name: one.case_id for one in evidence.accepted}
    if len(set(tellings.values())) != len(tellings):
        yield f"{len(tellings)} complaints became {len(set(tellings.values()))} cases"


def one_owner(evidence: Evidence) -> Iterator[str]:
    """Every case has one owner who exists, and the last event of the case names the same."""
    last = {
        str(one.case_id): one.header.owner
        for one in sorted(evidence.unique(cases.TOPIC).values(), key=lambda event: event.seq)
    }
    for case in evidence.cases:
        owner, told = case["state"]["owner"], last.get(case["_id"])
        if owner != told:
            yield f"{called(case)}: owned by {owner!r}, but last told as {told!r}"
        if owner not in evidence.people and not owner.startswith(QUEUE):
            yield f"{called(case)}: its owner {owner!r} is nobody in the directory"


def in_order(evidence: Evidence) -> Iterator[str]:
    """Per case and topic, sequence numbers count from 1 without gaps, each with one event id."""
    for topic in (cases.TOPIC, deadlines.TOPIC):
        ids: dict[tuple[str, int], set[str]] = defaultdict(set)
        for one in evidence.records[topic]:
            ids[str(one.case_id), one.seq].add(str(one.id))
        newest: dict[str, int] = {}
        for case, seq in ids:
            newest[case] = max(seq, newest.get(case, 0))
        counts = Counter(case for case, _ in ids)
        yield from (
            f"{topic} of case {one}: a gap below {newest[one]}"
            for one in counts
            if counts[one] != newest[one]
        )
        yield from (
            f"{topic} of case {one[0]}: {len(found)} events with seq {one[1]}"
            for one, found in ids.items()
            if len(found) > 1
        )


def delivered(evidence: Evidence) -> Iterator[str]:
    """Every delivery arrived under its one reference at one address; nothing else arrived."""
    arrived: dict[tuple[str, str], list[str]] = defaultdict(list)
    for medium, messages in evidence.received.items():
        for message in messages:
            arrived[medium, message.reference.partition("@")[0]].append(message.to)
    for delivery in evidence.deliveries:
        state = delivery["state"]
        addresses = arrived.pop((state["medium"], delivery["_id"]), [])
        if not addresses:
            yield (
                f"{state['medium']} {delivery['_id']} to {state['person']} ({state['template']}) never arrived: "
                f"{state['status']} {state['reason']}"
            )
        if len(set(addresses)) > 1:
            yield f"{state['medium']} {delivery['_id']} arrived at {len(set(addresses))} addresses"
    yield from (f"{medium} {reference} arrived, but nobody sent it" for medium, reference in arrived)


def no_more_copies(evidence: Evidence) -> Iterator[str]:
    """At most one extra copy for each kill."""
    copies, kills = extra_copies(evidence), evidence.kills.total()
    if copies > kills:
        yield f"{copies} extra copies of messages, but only {kills} kills"


def extra_copies(evidence: Evidence) -> int:
    """How many messages arrived more than once, counted by the repetitions."""
    arrived = [(medium, one.reference) for medium, found in evidence.received.items() for one in found]
    return len(arrived) - len(set(arrived))


def verified(evidence: Evidence) -> Iterator[str]:
    """Every history is the chain it was written as, pages included."""
    for case in evidence.cases:
        entries = {
            one["number"]: one
            for one in chain(evidence.pages.get(case["_id"], ()), case["history"]["entries"])
        }
        whole = [entries[number] for number in sorted(entries)]
        wrong = broken(whole, case["history"]["head"] or GENESIS)
        if wrong is not None:
            yield f"{called(case)}: entry {wrong} of its history does not verify"
        if len(whole) != case["history"]["count"]:
            yield f"{called(case)}: {case['history']['count']} history entries counted, {len(whole)} found"


def none_dead(evidence: Evidence) -> Iterator[str]:
    """Nothing was set aside."""
    for group, letters in evidence.dead.items():
        yield from (f"{group}.dead {one.place}: {one.reason}, from {one.origin}" for one in letters)


def settled(evidence: Evidence) -> Iterator[str]:
    """Nothing is owed to Kafka, and no record is held back."""
    for document in chain(evidence.cases, evidence.deliveries):
        if document["outbox"] or document["held"]:
            yield f"{document['_id']}: {len(document['outbox'])} events unsent, {len(document['held'])} records held"


def judged(evidence: Evidence) -> Iterator[str]:
    """As good as every case opened with the severity of its label, and no major one as general."""
    wrong = misjudged(evidence)
    expected = {one.telling.name: one.telling.complaint.level for one in evidence.accepted}
    for name, level in wrong.items():
        if (expected[name], level) == ("major", "general"):
            yield f"{name}: major, judged general"
    if len(wrong) > len(expected) * (1 - SHARE):
        share = 1 - len(wrong) / len(expected)
        yield f"{share:.1%} judged as labelled, {SHARE:.0%} are wanted; not so: {', '.join(sorted(wrong))}"


def misjudged(evidence: Evidence) -> dict[str, str]:
    """Name of the telling -> the severity it opened with, where its label says another."""
    opened = {
        str(one.case_id): one.header.severity for one in evidence.unique(cases.TOPIC, "case.opened").values()
    }
    labels = {one.case_id: one.telling for one in evidence.accepted}
    levels = {
        telling.name: (telling.complaint.level, opened.get(case, LEVELS[0]))
        for case, telling in labels.items()
    }
    return {name: found for name, (wanted, found) in levels.items() if wanted != found}


CHECKS: dict[str, Check] = {
    "every 202 is exactly one case": one_case,
    "every case has one owner": one_owner,
    "events of a case are in order, without gaps": in_order,
    "every breach has one event id": one_breach,
    "every breach has a reaction": reactions,
    "every delivery arrived under one reference": delivered,
    "no more extra copies than kills": no_more_copies,
    "history chains verify": verified,
    "dead topics are empty": none_dead,
    "nothing is owed or held back": settled,
    "severity is as labelled": judged,
}


def reconcile(evidence: Evidence) -> dict[str, list[str]]:
    """Every check with the differences it found, none where it holds."""
    return {name: list(check(evidence)) for name, check in CHECKS.items()}
