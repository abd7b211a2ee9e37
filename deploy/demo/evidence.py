"""What really happened, read from Kafka, the store and the servers that received messages; no service is asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient

from deploy.demo.calls import Accepted
from deploy.demo.stage import Stage
from deploy.demo.tape import Tape
from deploy.local.provider import Received
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
        return {str(one.id): one for one in self.records[topic] if not kinds or one.type in kinds}


def called(case: Stored) -> str:
    """A case as people call it."""
    return f"case {case['state']['number']}"


async def gather(stage: Stage, tape: Tape, accepted: Sequence[Accepted], people: frozenset[str]) -> Evidence:
    """Everything as it stands once nothing moves any more."""
    await tape.to_the_end()
    async with AsyncMongoClient[dict[str, Any]](stage.stack.addresses.mongo) as client:
        database = client[stage.database]
        pages: dict[str, list[Stored]] = {}
        async for page in database["case_history"].find().sort("_id"):
            pages.setdefault(page["key"], []).extend(page["entries"])
        stored = {name: await database[name].find().to_list() for name in ("cases", "deliveries")}
    return Evidence(
        accepted=accepted,
        cases=[one for one in stored["cases"] if one["state"] is not None],
        pages=pages,
        deliveries=[one for one in stored["deliveries"] if one["state"] is not None],
        records=tape.records,
        received={"email": stage.mail.received(), "sms": stage.sms.received()},
        dead={group: await _dead(stage, group) for group in GROUPS},
        people=people,
        kills=stage.kills,
    )


async def _dead(stage: Stage, group: str) -> list[DeadLetter]:
    topic = stage.prefix + dead_letters.dead_topic(group)
    return await dead_letters.waiting(stage.stack.addresses.kafka, topic)
