"""The steps that the first format took, taken anew: each service decides once more where it stood."""

import copy
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from schemas import outreach
from schemas.identity import holder_in_ids
from schemas.outreach import OutreachRequested
from services.common.kafka.batch import Received
from services.common.kafka.outbox import OutboxPublisher
from services.common.store.codec import read_state
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
from services.notify.handlers import Handler as NotifyHandler
from services.notify.handlers import WaitingRecords
from services.notify.store import AddressRepository
from services.routing.domain.acting import Act
from services.routing.domain.case import Case
from services.routing.domain.decide import Resync
from services.routing.domain.open_cases import OpenCases
from services.routing.domain.reassignment import Reassign
from services.routing.domain.replies import TaskReply, Verb, allowed
from services.routing.domain.seals import Sealed, SealedForm
from services.routing.domain.world import World
from services.routing.handlers import Handler as RoutingHandler
from services.routing.handlers import revive as revive_for_routing
from services.routing.store.cases import Cases
from services.routing.store.texts import TextRepository
from services.sla.domain.deadline import Tick
from services.sla.domain.state import Deadlines
from services.sla.handlers import Handler as SlaHandler
from services.sla.handlers import revive as revive_for_sla
from services.sla.store import DeadlineRepository
from tests.fakes import MemoryDocuments, MemoryLog
from tests.formats import Json, Kept, RecordedReader, lines, read

FORM = "format1"
PARTITIONS = 3
ACTED = {
    "transfer": "transfer", "judge": "judge", "contacts": "contact", "follow-ups": "follow_up", "resolve": "resolve",
    "close": "close",
}  # fmt: skip
"""Actions of before, and what each is called by a policy of then as it is read today."""
TEXTS = ("note", "reason", "course", "result")
"""Fields in which people wrote freely."""
REPLIED: dict[str, Verb] = {"accept": "accept", "return": "refuse"}

Summary = tuple[str, str, str]
"""The topic and the type of an event, and who is asked or otherwise concerned."""


def _summary(topic: str, event: Any) -> Summary:
    return topic, event.type, getattr(event, "to", "")


@dataclass
class Replay:
    """One step, decided on documents in memory; nothing is published, so that outboxes show what would be."""

    step: Json
    kept: Kept
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    requested: list[OutreachRequested] = field(default_factory=list)
    refused: str | None = None
    events: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.step["before"]:
            stored = copy.deepcopy(self.step["before"])
            self.documents.documents[UUID(stored["_id"])] = stored

    async def take(self) -> Json:
        """What the step leads to: events, documents written and the head of the history."""
        before = self._outboxes()
        await getattr(self, self.step["service"])()
        stored = list(self.documents.documents.values())
        self.events = [event for event in self._outboxes() if event not in before]
        events = [
            {"topic": one["topic"], "id": one["id"], "seq": json.loads(one["body"]).get("seq", 0)}
            for one in self.events
        ]
        events += [{"topic": outreach.TOPIC, "id": str(one.id), "seq": one.seq} for one in self.requested]
        heads = [_first_format_head(one["history"], self._count(one["_id"])) for one in stored]
        return {
            "events": events,
            "documents": [one["_id"] for one in stored],
            "history_head": heads[0] if len(heads) == 1 else None,
        }

    def published(self) -> list[Summary]:
        """What was told by the events that the step led to."""
        messages = (read({"topic": one["topic"], "value": one["body"]}) for one in self.events)
        return [_summary(one["topic"], message) for one, message in zip(self.events, messages, strict=True)]

    def recorded_before(self) -> list[Summary]:
        """What the first release told in its place, as that is read today."""
        records = {(one["topic"], json.loads(one["value"]).get("id")): one for one in lines(FORM, "records")}
        names = [(one["topic"], one["id"]) for one in self.step["events"] if one["topic"] != outreach.TOPIC]
        return [_summary(name[0], read(records[name])) for name in names]

    def _outboxes(self) -> list[Json]:
        return [event for stored in self.documents.documents.values() for event in stored["outbox"]]

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

    def _received(self) -> Received[Any]:
        record = self.kept.record(self.step["record"])
        raw = record["value"].encode()
        return Received(record["topic"], record["partition"], record["offset"], read(record), raw)

    async def routing(self) -> None:
        cases = Cases(
            self._store(Case, revive=revive_for_routing), self._world, OpenCases(lambda _case: True)
        )
        if "record" in self.step:
            texts, customers = TextRepository(self.kept.texts), TextRepository(self.kept.customers)
            reader: Any = RecordedReader()
            handler = RoutingHandler(cases, texts, customers, self._reach_out, reader)
            handler.loaded.set()
            await handler.handle([self._received()])
            return
        case, name = UUID(self.step["before"]["_id"]), self.step["action"]["name"]
        if name in {"reassign", "resync"}:
            message: Any = {"reassign": Reassign, "resync": Resync}[name]()
            await cases.change(Cause(case, uuid5(case, name), message, once=False))
        else:
            [outcome] = await cases.change(Cause(case, uuid5(case, name), self._message(name)))
            self.refused = outcome.refusal.rule if outcome.refusal else None

    def _message(self, name: str) -> Act | TaskReply:
        """What somebody did, as it is said now."""
        actor, body = self.step["action"]["actor"], dict(self.step["action"]["body"])
        tried = body.pop("reached", True) is False
        texts = tuple(one for one in body if one in TEXTS)
        note = Sealed(id=UUID(int=1), seal="sealed") if texts else None
        said = SealedForm(values={one: body[one] for one in body if one not in TEXTS}, texts=texts, note=note)
        if name not in REPLIED:
            return Act(actor=actor, action="attempt" if tried else ACTED[name], said=said)
        case = read_state(self.step["before"], Case)
        world, verb = self._world(), REPLIED[name]
        [task] = [one for one in case.tasks if verb in allowed(case, actor, world).get(one.task_id, ())]
        return TaskReply(actor=actor, task_id=task.task_id, verb=verb, said=said)

    async def _reach_out(self, asked: Sequence[OutreachRequested]) -> None:
        self.requested += asked

    def _world(self) -> World:
        directory = self.kept.directory_without(self.step.get("left", ()))
        return World(directory, self.kept.compiled, OpenCases(lambda _case: True).workload, self.now())

    async def sla(self) -> None:
        store = self._store(Deadlines, revive=revive_for_sla)
        nothing_armed: Any = self.documents
        deadlines = DeadlineRepository(
            store, nothing_armed, Versions(self.kept.versions), PARTITIONS, self.now
        )
        if "record" in self.step:
            await SlaHandler(deadlines, lambda: "").handle([self._received()])
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
            addresses = AddressRepository(lambda: rulebook.directory, _never)
            senders: Any = dict.fromkeys(("email", "sms"), IdleSender())
            handler = NotifyHandler(store, queue, lambda: rulebook, senders, addresses, _nothing)
            handler.loaded.set()
            await handler.handle([self._received()])
            return
        delivery = UUID(self.step["before"]["_id"])
        cause = Cause(delivery, UUID(self.step["action"]["id"]), _step(self.step["action"]), once=False)
        await store.change(cause, partial(_advance, self.now))


class IdleSender:
    """Takes every delivery and sends none."""

    def add(self, delivery: Delivery) -> None: ...


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
    for number, entry in enumerate(new, count + 1):
        facts = {FIRST_WORDS.get(name, name): _in_first_format(fact) for name, fact in entry["facts"].items()}
        event = FIRST_WORDS.get(entry["event"], entry["event"])
        actor = FIRST_WORDS.get(entry["actor"], entry["actor"])
        same = Entry(datetime.fromisoformat(entry["at"]), actor, event, facts)
        head = link(number, head, same, entry["cause"])["hash"]
    return head


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
