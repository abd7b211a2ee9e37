"""What earlier formats wrote: documents, records, and what every service reads of them at its start."""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from schemas import cases, contacts, deadlines, deliveries, directory, outreach, policies
from schemas.base import Stored
from schemas.contacts import ContactReceived
from schemas.formats import read_record
from schemas.formats.first import SIGNALS
from schemas.policies import PublishedPolicy
from schemas.staffing import Directory
from services.notify.domain.delivery import Delivery
from services.notify.handlers import WaitingRecords
from services.routing.domain.assessment import build_statement
from services.routing.domain.case import Case
from services.routing.domain.directory_entry import DirectoryEntry
from services.routing.domain.draft import ESCALATIONS
from services.routing.domain.policies import Policies
from services.routing.domain.severity.detection import Detection, SignalEvidence, Span
from services.routing.store.policy_files import compile_policy
from services.sla.domain.state import Deadlines
from tests.fakes import MemoryDocuments, MemoryRecords

DATA = Path(__file__).parent / "data"
EARLIER = ("format1", "format2")

Json = dict[str, Any]

DOCUMENTS: dict[str, type[Stored]] = {
    "cases": Case,
    "deadlines": Deadlines,
    "deliveries": Delivery,
    "directory": DirectoryEntry,
    "waiting_notices": WaitingRecords,
}
"""The collections of documents, and what is read of each."""
TOPICS: dict[str, TypeAdapter[Any]] = {
    contacts.TOPIC: TypeAdapter(ContactReceived),
    cases.TOPIC: cases.ADAPTER,
    ESCALATIONS: cases.ADAPTER,
    deadlines.TOPIC: deadlines.ADAPTER,
    deliveries.TOPIC: deliveries.ADAPTER,
    directory.TOPIC: directory.ADAPTER,
    policies.TOPIC: TypeAdapter(PublishedPolicy),
    outreach.TOPIC: outreach.ADAPTER,
}
"""The topics, and what is read of each."""


@cache
def lines(form: str, name: str) -> tuple[Json, ...]:
    """The JSON Lines of one file of a format, in order."""
    plain, packed = DATA / form / f"{name}.jsonl", DATA / form / f"{name}.jsonl.gz"
    text = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return tuple(json.loads(line) for line in text.splitlines())


def read(record: Json) -> Any:
    """What a kept record says today."""
    return read_record(record["topic"], TOPICS[record["topic"]], record["value"].encode())


def records_of(form: str, topic: str) -> list[Json]:
    """The records of one topic, in order."""
    return [one for one in lines(form, "records") if one["topic"] == topic]


class ListedDocuments(MemoryDocuments):
    """Documents that nobody asks for in pages."""

    async def page(self, query: Any, order: Any, limit: int) -> list[Json]:
        raise NotImplementedError


@dataclass
class Kept:
    """What every service reads at its start, and the words that routing keeps."""

    form: str
    published: tuple[PublishedPolicy, ...]
    people: tuple[directory.Entry, ...]
    texts: MemoryRecords
    customers: MemoryRecords

    @classmethod
    @cache
    def read(cls, form: str) -> "Kept":
        """As it stands in the files of a format."""
        texts, customers = (
            MemoryRecords({one["_id"]: one for one in lines(form, name)}) for name in ("texts", "customers")
        )
        records = lines(form, "records")
        published, people = (tuple(_newest(records, topic)) for topic in (policies.TOPIC, directory.TOPIC))
        return cls(form, published, people, texts, customers)

    def record(self, place: Json) -> Json:
        """The record that stands in a place on Kafka."""
        return next(record for record in lines(self.form, "records") if place.items() <= record.items())

    def directory_without(self, left: Sequence[str] = ()) -> Directory:
        """Everybody, some of whom have `left` since."""
        return Directory(_gone(one) if one.id in left else one for one in self.people)

    def directory_of(self, records: Iterable[Json]) -> Directory:
        """Everybody as these records announce them."""
        return Directory(_newest(records, directory.TOPIC))

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


def _gone(entry: directory.Entry) -> directory.Entry:
    return entry.model_copy(update={"status": "left", "posts": (), "deputy": None, "absences": ()})


def _newest(records: Iterable[Json], topic: str) -> Iterator[Any]:
    """The newest entry of each key of a compacted topic."""
    newest = {record["key"]: record for record in records if record["topic"] == topic}
    return (read(record) for record in newest.values())


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
        received = [read(record) for record in records_of("format1", contacts.TOPIC)]
        found = {
            contact["id"]: contact["findings"]
            for stored in lines("format1", "cases")
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
