"""What the first format wrote, and its steps taken anew: each service decides once more where it stood."""

import copy
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from pydantic import TypeAdapter

from schemas import contacts, directory, outreach, policies
from schemas.contacts import ContactReceived
from schemas.formats import read_record
from schemas.identity import holder_in_ids
from schemas.outreach import OutreachRequested
from schemas.policies import PublishedPolicy
from schemas.staffing import Directory
from services.common.kafka.batch import Received
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.decision import Cause, Entry
from services.common.store.history import link
from services.common.store.versions import Versions
from services.common.store.write_path import Store
from services.notify.domain.delivery import (
    Attempted,
    Delivery,
    Due,
    FateReported,
    Receipt,
    Renewed,
    Resent,
    Resolved,
    Step,
    advance,
)
from services.notify.domain.rules import Rulebook
from services.notify.handlers import TOPICS as NOTIFY_TOPICS
from services.notify.handlers import Handler as NotifyHandler
from services.notify.handlers import WaitingRecords
from services.notify.store import AddressRepository
from services.routing import api
from services.routing.api import actions
from services.routing.domain.actions.table import ACTIONS
from services.routing.domain.assessment import build_statement
from services.routing.domain.case import Case
from services.routing.domain.decide import Resync
from services.routing.domain.open_cases import OpenCases
from services.routing.domain.policies import Policies
from services.routing.domain.reassignment import Reassign
from services.routing.domain.severity.detection import Detection, SignalEvidence, Span
from services.routing.domain.world import World
from services.routing.handlers import TOPICS as ROUTING_TOPICS
from services.routing.handlers import Handler as RoutingHandler
from services.routing.handlers import revive as revive_for_routing
from services.routing.store.cases import Cases
from services.routing.store.policy_files import compile_policy
from services.routing.store.texts import TextRepository
from services.sla.domain.deadline import Tick
from services.sla.domain.state import Deadlines
from services.sla.handlers import TOPICS as SLA_TOPICS
from services.sla.handlers import Handler as SlaHandler
from services.sla.handlers import revive as revive_for_sla
from services.sla.store import DeadlineRepository
from tests.casework import patterns
from tests.fakes import MemoryDocuments, MemoryLog
from tests.unit.notify.test_sender import SenderBench
from tests.unit.sla.watch import ArmedMemory

DATA = Path(__file__).parent / "data" / "format1"
PARTITIONS = 3

Json = dict[str, Any]


@cache
def lines(name: str) -> tuple[Json, ...]:
    """The JSON Lines of one file, in order."""
    plain, packed = DATA / f"{name}.jsonl", DATA / f"{name}.jsonl.gz"
    text = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return tuple(json.loads(line) for line in text.decode().splitlines())


@dataclass
class MemoryRecords:
    """Records written once under an id, in a dict."""

    records: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Json]) -> "MemoryRecords":
        return cls({record["_id"]: record for record in records})

    async def put(self, records: Sequence[Json]) -> set[int]:
        known = {index for index, record in enumerate(records) if record["_id"] in self.records}
        self.records |= {record["_id"]: record for record in records if record["_id"] not in self.records}
        return known

    async def get(self, keys: Sequence[str]) -> dict[str, Json]:
        return {key: self.records[key] for key in keys if key in self.records}


class ListedDocuments(MemoryDocuments):
    """Documents that nobody asks for in pages."""

    async def page(self, query: Any, order: Any, limit: int) -> list[Json]:
        raise NotImplementedError


@dataclass
class Kept:
    """What every service reads at its start, and the words that routing keeps."""

    published: tuple[PublishedPolicy, ...]
    people: tuple[directory.Entry, ...]
    texts: MemoryRecords
    customers: MemoryRecords
    records: Sequence[Json]

    @classmethod
    @cache
    def read(cls) -> "Kept":
        """As it stands in the files."""
        records = lines("records")
        texts, customers = (MemoryRecords.of(lines(name)) for name in ("texts", "customers"))
        return cls(
            tuple(_newest(records, policies.TOPIC, TypeAdapter(PublishedPolicy))),
            tuple(_newest(records, directory.TOPIC, directory.ADAPTER)),
            texts,
            customers,
            records,
        )

    def record(self, place: Json) -> Json:
        """The record that stands in a place on Kafka."""
        return next(record for record in self.records if place.items() <= record.items())

    def directory_without(self, left: Sequence[str] = ()) -> Directory:
        """Everybody, some of whom have `left` since."""
        return Directory(_gone(one) if one.id in left else one for one in self.people)

    @property
    def versions(self) -> dict[str, PublishedPolicy]:
        return {policies.key(one): one for one in self.published}

    @cached_property
    def compiled(self) -> Policies:
        """Every policy compiled, under the version by which it was published."""
        compiled = Policies(default=self.published[0].policy.id)
        for one in self.published:
            compiled.follow(compile_policy(one.policy, one.version))
        return compiled


@dataclass
class RecordedReader:
    """Stands in for what finds signals, with what format 1 found in its contacts.

    Its policies held detectors of their own, and what is found in the same words today may differ. Steps are held to
    ids, order and hashes, not to what words mean, so they start from the signals that the documents recorded; which
    criteria and level these lead to is decided anew.
    """

    def detect(self, texts: Sequence[str]) -> list[Detection]:
        """What the documents recorded of each text; of one that no document holds, nothing."""
        return [self._recorded.get(text, Detection({})) for text in texts]

    @cached_property
    def _recorded(self) -> dict[str, Detection]:
        read = TypeAdapter(ContactReceived)
        received = [
            read_record(contacts.TOPIC, read, record["value"].encode())
            for record in lines("records")
            if record["topic"] == contacts.TOPIC
        ]
        found = {
            contact["id"]: contact["findings"]
            for stored in lines("cases")
            if stored["state"]
            for contact in stored["state"]["contacts"]
        }
        return {build_statement(one).text: _detection(found.get(str(one.id), ())) for one in received}


def _detection(recorded: Iterable[Json]) -> Detection:
    """The signals of which these are the evidence; what was no word of the text is judged again anyway."""
    places: dict[str, list[Span]] = {}
    for one in recorded:
        if one["start"] is not None:
            [signal] = SIGNALS[one["criterion"]]
            places.setdefault(signal, []).append(Span(one["detector"], one["start"], one["end"]))
    return Detection({signal: SignalEvidence(strong=tuple(found)) for signal, found in places.items()})


def _gone(entry: directory.Entry) -> directory.Entry:
    return entry.model_copy(update={"status": "left", "posts": (), "deputy": None, "absences": ()})


def _newest(records: Iterable[Json], topic: str, adapter: TypeAdapter[Any]) -> Iterator[Any]:
    """The newest entry of each key of a compacted topic."""
    newest = {record["key"]: record["value"] for record in records if record["topic"] == topic}
    return (read_record(topic, adapter, value.encode()) for value in newest.values())


@dataclass
class Replay:
    """One step, decided on documents in memory; nothing is published, so that outboxes show what would be."""

    step: Json
    kept: Kept
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    requested: list[OutreachRequested] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.step["before"]:
            stored = copy.deepcopy(self.step["before"])
            self.documents.documents[UUID(stored["_id"])] = stored

    async def take(self) -> Json:
        """What the step leads to: events, documents written and the head of the history."""
        before = {name for stored in self.documents.documents.values() for name in _outbox(stored)}
        await getattr(self, self.step["service"])()
        stored = list(self.documents.documents.values())
        events = [event for one in stored for name, event in _outbox(one).items() if name not in before]
        events += [{"topic": outreach.TOPIC, "id": str(one.id), "seq": one.seq} for one in self.requested]
        heads = [_first_format_head(one["history"], self._count(one["_id"])) for one in stored]
        return {
            "events": events,
            "documents": [one["_id"] for one in stored],
            "history_head": heads[0] if len(heads) == 1 else None,
        }

    def _count(self, name: str) -> int:
        """How many entries the history of a document had before the step."""
        before = self.step["before"]
        return before["history"]["count"] if before and before["_id"] == name else 0

    def now(self) -> datetime:
        return datetime.fromisoformat(self.step["now"])

    def _store(self, state: Any, **fields: Any) -> Store[Any]:
        return Store(
            state,
            self.documents,
            OutboxPublisher(MemoryLog()),
            self.now,
            lambda: None,
            wall=self.now,
            **fields,
        )

    def _received(self, topics: Any) -> Received[Any]:
        record = self.kept.record(self.step["record"])
        raw = record["value"].encode()
        message = read_record(record["topic"], topics[record["topic"]], raw)
        return Received(record["topic"], record["partition"], record["offset"], message, raw)

    async def routing(self) -> None:
        cases = Cases(
            self._store(Case, revive=revive_for_routing), self._world, OpenCases(lambda _case: True)
        )
        texts, customers = TextRepository(self.kept.texts), TextRepository(self.kept.customers)
        if "record" in self.step:
            reader: Any = RecordedReader()
            handler = RoutingHandler(cases, texts, customers, self._reach_out, reader)
            handler.loaded.set()
            await handler.handle([self._received(ROUTING_TOPICS)])
        elif (name := self.step["action"]["name"]) in ACTIONS:
            await self._act(
                api.Dependencies(
                    cases, ListedDocuments(self.documents.documents), texts, customers, patterns()
                )
            )
        else:
            case = UUID(self.step["before"]["_id"])
            message: Any = {"reassign": Reassign, "resync": Resync}[name]()
            await cases.change(Cause(case, uuid5(case, name), message, once=False))

    async def _act(self, depends: api.Dependencies) -> None:
        asked = self.step["action"]
        person = depends.directory().people[asked["actor"]]
        sender = actions.ActionSender(person, depends, asked["key"], asked["seen"])
        form = ACTIONS[asked["name"]].form.model_validate(asked["body"])
        await actions.ActionRequest(asked["name"], UUID(asked["case"]), sender, form).perform()

    async def _reach_out(self, asked: Sequence[OutreachRequested]) -> None:
        self.requested += asked

    def _world(self) -> World:
        directory = self.kept.directory_without(self.step.get("left", ()))
        return World(directory, self.kept.compiled, OpenCases(lambda _case: True).workload, self.now())

    async def sla(self) -> None:
        store = self._store(Deadlines, revive=revive_for_sla)
        deadlines = DeadlineRepository(
            store, ArmedMemory(), Versions(self.kept.versions), PARTITIONS, self.now
        )
        if "record" in self.step:
            await SlaHandler(deadlines, lambda: "").handle([self._received(SLA_TOPICS)])
            return
        case, ticked = UUID(self.step["before"]["_id"]), self.step["action"]
        tick = Tick(datetime.fromisoformat(ticked["upto"]), ticked["catch_up"])
        await deadlines.apply_ticks([Cause(case, uuid5(case, f"tick:{ticked['upto']}"), tick, once=False)])

    async def notify(self) -> None:
        store = self._store(Delivery)
        if "record" in self.step:
            queue = Store(
                WaitingRecords, MemoryDocuments(), OutboxPublisher(MemoryLog()), self.now, lambda: None
            )
            rulebook = Rulebook(
                Versions({name: one.policy for name, one in self.kept.versions.items()}),
                self.kept.directory_without(self.step.get("left", ())),
            )
            sender = SenderBench().sender()
            addresses = AddressRepository(lambda: rulebook.directory, _never)
            senders: Any = {"email": sender, "sms": sender}
            handler = NotifyHandler(store, queue, lambda: rulebook, senders, addresses, _nothing)
            handler.loaded.set()
            await handler.handle([self._received(NOTIFY_TOPICS)])
            return
        delivery = UUID(self.step["before"]["_id"])
        cause = Cause(delivery, UUID(self.step["action"]["id"]), _step(self.step["action"]), once=False)
        await store.change(cause, partial(_advance, self.now))


FIRST_WORDS = {
    "case.escalation_withdrawn": "case.climb_withdrawn",
    "escalation": "climb",
    "hand_over": "offered",
    "deadline": "clock",
    "deadlines": "clocks",
    "queue": "desk",
    "deadline.escalation_due": "deadline.climb_due",
    "delivery.reported": "delivery.settled",
}


def _first_format_head(past: Json, count: int) -> str:
    """The head that a history would have if the entries after the first `count` were in the words of format 1."""
    new = [entry for entry in past["entries"] if entry["number"] > count]
    head = str(new[0]["previous"] if new else past["head"])
    for number, entry in enumerate(
        (entry for entry in new if _is_of_first_format(entry["event"])), count + 1
    ):
        facts = {FIRST_WORDS.get(name, name): _in_first_format(fact) for name, fact in entry["facts"].items()}
        event = FIRST_WORDS.get(entry["event"], entry["event"])
        actor = FIRST_WORDS.get(entry["actor"], entry["actor"])
        same = Entry(datetime.fromisoformat(entry["at"]), actor, event, facts)
        head = link(number, head, same, entry["cause"])["hash"]
    return head


@cache
def _first_topics() -> frozenset[str]:
    return frozenset(record["topic"] for record in lines("records"))


@cache
def _first_events() -> frozenset[str]:
    """The types of messages and the events in histories that the first format had, by their first names."""
    types = (json.loads(record["value"]).get("type") for record in lines("records"))
    histories = (stored["history"]["entries"] for name in ("cases", "deliveries") for stored in lines(name))
    return frozenset((*filter(None, types), *(entry["event"] for entries in histories for entry in entries)))


def _is_of_first_format(event: str) -> bool:
    """Whether format 1 had this event. What a later release adds moves the numbers of others, not their ids."""
    return FIRST_WORDS.get(event, event) in _first_events()


def _in_first_format(fact: Any) -> Any:
    return FIRST_WORDS.get(fact, holder_in_ids(fact)) if isinstance(fact, str) else fact


def _advance(now: Callable[[], datetime], delivery: Delivery | None, cause: Cause[Step]) -> Any:
    return advance(delivery, cause, now())


def _fate(attempt: int, *, known: bool) -> Step:
    return FateReported(attempt, is_taken=known)


def _step(action: Json) -> Step:
    fields = dict(action["fields"])
    if "receipt" in fields:
        fields["receipt"] = Receipt(**fields["receipt"])
    kinds: dict[str, Callable[..., Step]] = {
        "due": Due, "renewed": Renewed, "attempted": Attempted, "asked": _fate, "settled": Resolved, "resent": Resent,
    }  # fmt: skip
    return kinds[action["name"]](**fields)


async def _never(_partition: int, _offset: int) -> None:
    raise AssertionError


async def _nothing(_partitions: set[int]) -> AsyncIterator[Delivery]:
    for delivery in list[Delivery]():
        yield delivery


def _outbox(stored: Json) -> dict[str, Json]:
    """The events that a document has not published yet, by their ids, numbered as if there were none of later kinds."""
    events: dict[str, Json] = {}
    later: Counter[str] = Counter()
    for event in stored["outbox"]:
        topic, body = event["topic"], json.loads(event["body"])
        if topic in _first_topics() and _is_of_first_format(body["type"]):
            events[event["id"]] = {
                "topic": topic,
                "id": event["id"],
                "seq": body.get("seq", 0) - later[topic],
            }
        else:
            later[topic] += 1
    return events
