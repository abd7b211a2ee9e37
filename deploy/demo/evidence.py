"""What really happened, read from Kafka, the store and the servers that received messages; no service is asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient

from deploy.demo.complaints import Accepted
from deploy.demo.environment import Environment
from deploy.demo.recorder import Recorder
from deploy.local.provider import Received
from schemas import deadlines
from services.common.kafka import dead_letters
from services.common.kafka.dead_letters import DeadLetter

GROUPS = ("routing", "sla", "notify")
Stored = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """`cases` and `deliveries` are documents as they are stored; `pages` history that left its document."""

    accepted: Sequence[Accepted]
    cases: Sequence[Stored]
    pages: Mapping[str, Sequence[Stored]]
    deliveries: Sequence[Stored]
    records: Mapping[str, Sequence[Any]]
    received: Mapping[str, Sequence[Received]]
    dead: Mapping[str, Sequence[DeadLetter]]
    people: frozenset[str]
    kills: Counter[str]

    def unique(self, topic: str, *kinds: str) -> dict[str, Any]:
        """The messages of a topic of these types by id: a topic may carry one twice."""
        messages = (message for message in self.records[topic] if not kinds or message.type in kinds)
        return {str(message.id): message for message in messages}

    def withdrawn(self) -> set[str]:
        """Ids of the breaches that do not stand."""
        return {str(event.breach) for event in self.unique(deadlines.TOPIC, "deadline.withdrawn").values()}


async def gather(
    environment: Environment, recorder: Recorder, accepted: Sequence[Accepted], people: frozenset[str]
) -> Evidence:
    """Everything as it stands once nothing moves any more."""
    await recorder.read_to_end()
    async with AsyncMongoClient[dict[str, Any]](environment.stack.addresses.mongo) as client:
        database = client[environment.database]
        pages: dict[str, list[Stored]] = {}
        async for page in database["case_history"].find().sort("_id"):
            pages.setdefault(page["key"], []).extend(page["entries"])
        stored = {name: await database[name].find().to_list() for name in ("cases", "deliveries")}
    return Evidence(
        accepted=accepted,
        cases=[document for document in stored["cases"] if document["state"] is not None],
        pages=pages,
        deliveries=[document for document in stored["deliveries"] if document["state"] is not None],
        records=recorder.records,
        received={"email": environment.mail.received(), "sms": environment.sms.received()},
        dead={group: await _dead(environment, group) for group in GROUPS},
        people=people,
        kills=environment.kills,
    )


async def _dead(environment: Environment, group: str) -> list[DeadLetter]:
    topic = environment.prefix + dead_letters.dead_topic(group)
    return await dead_letters.unreplayed(environment.stack.addresses.kafka, topic)
