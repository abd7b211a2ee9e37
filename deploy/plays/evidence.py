"""What really happened, read from Kafka, the store and the servers that received messages; no service is asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from deploy.local.provider import Received
from deploy.plays.environment import Environment
from deploy.plays.recorder import Recorder
from schemas import cases, deadlines
from services.common.kafka import dead_letters
from services.common.kafka.dead_letters import DeadLetter

GROUPS = ("routing", "sla", "notify")
UNFINISHED = ("outbox", "pending", "waiting")
"""The lists of a document that are empty once nothing is left to do."""
Stored = Mapping[str, Any]


class Accepted(NamedTuple):
    """A case that was answered 202: its number, until when time has stopped at whatever was due, and for which stories."""

    number: str
    until: datetime
    stories: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """`accepted` is each case that was answered 202, by its id.

    `cases` and `deliveries` are documents as they are stored; `pages` is history that left its document. `unfinished` is
    whatever is unsent or kept for its turn, by collection.
    """

    accepted: Mapping[str, Accepted]
    cases: Sequence[Stored]
    pages: Mapping[str, Sequence[Stored]]
    deliveries: Sequence[Stored]
    unfinished: Mapping[str, Sequence[Stored]]
    records: Mapping[str, Sequence[Any]]
    received: Mapping[str, Sequence[Received]]
    dead: Mapping[str, Sequence[DeadLetter]]
    people: frozenset[str]

    def unique(self, topic: str, *kinds: str) -> dict[str, Any]:
        """The messages of a topic of these types by id: a topic may carry one twice."""
        messages = (message for message in self.records[topic] if not kinds or message.type in kinds)
        return {str(message.id): message for message in messages}

    def event(self, key: str) -> Any | None:
        """What happened to a case, by the id of the event."""
        return self._events.get(key)

    @cached_property
    def _events(self) -> dict[str, Any]:
        return self.unique(cases.TOPIC) | self.unique(deadlines.TOPIC)

    def withdrawn(self) -> set[str]:
        """Ids of the breaches that do not stand."""
        return {str(event.breach) for event in self.unique(deadlines.TOPIC, "deadline.withdrawn").values()}

    def breaches(self) -> dict[str, Any]:
        """The breaches that stand, by their ids."""
        withdrawn = self.withdrawn()
        breached = self.unique(deadlines.TOPIC, "deadline.breached")
        return {key: event for key, event in breached.items() if key not in withdrawn}


async def gather(
    environment: Environment,
    store: Any,
    recorder: Recorder,
    accepted: Mapping[str, Accepted],
    people: frozenset[str],
) -> Evidence:
    """Everything as it stands once nothing moves any more."""
    await recorder.read_to_end()
    pages: dict[str, list[Stored]] = defaultdict(list)
    async for page in store["case_history"].find().sort("_id"):
        pages[page["key"]].extend(page["entries"])
    stored = {name: await store[name].find().to_list() for name in ("cases", "deliveries")}
    return Evidence(
        accepted=accepted,
        cases=[document for document in stored["cases"] if document["state"] is not None],
        pages=pages,
        deliveries=[document for document in stored["deliveries"] if document["state"] is not None],
        unfinished={name: await _unfinished(store[name]) for name in await store.list_collection_names()},
        records=recorder.records,
        received={"email": environment.mail.received(), "sms": environment.sms.received()},
        dead={group: await _dead(environment, group) for group in GROUPS},
        people=people,
    )


async def _unfinished(collection: Any) -> list[Stored]:
    """The documents with events that are not known to be on Kafka, or with records that wait; other ones have no such lists."""
    found: list[Stored] = await collection.find(
        {"$or": [{f"{name}.0": {"$exists": True}} for name in UNFINISHED]}, dict.fromkeys(UNFINISHED, 1)
    ).to_list()
    return found


async def _dead(environment: Environment, group: str) -> list[DeadLetter]:
    topic = environment.prefix + dead_letters.dead_topic(group)
    return await dead_letters.unreplayed(environment.stack.addresses.kafka, topic)
