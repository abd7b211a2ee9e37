"""What services ask of the store: reads of what a majority has, writes that a majority has in its journal."""

from typing import Any
from uuid import uuid4

from pymongo import monitoring

from deploy.local import Stack
from services.common.store import mongo
from services.common.store.history import Page
from services.common.store.mongo import MongoDocuments, MongoRecords, Probe
from tests.stack import Names

READS, WRITES = {"find", "aggregate", "count", "distinct"}, {"insert", "update", "delete", "createIndexes"}


class Commands(monitoring.CommandListener):
    """Commands of one database."""

    def __init__(self) -> None:
        self.database = ""
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.database_name == self.database:
            self.sent.append((event.command_name, dict(event.command)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


STORE = Commands()
monitoring.register(STORE)


async def test_every_read_and_write_of_the_services_is_of_what_a_majority_has(stack: Stack) -> None:
    STORE.database, STORE.sent = Names.fresh().database, []
    database, key = mongo.connect(stack.addresses.mongo, STORE.database), uuid4()
    documents = MongoDocuments(database, "things", "past")
    await documents.prepare("state.number", searched=[("state.status",)])
    await documents.write(
        [
            {
                "_id": str(key),
                "version": 1,
                "state": None,
                "outbox": [{"id": "e"}],
                "pending": [],
                "waiting": [],
            }
        ]
    )
    await documents.archive([(key, Page(1, ()))])
    await documents.clear({key: ["e"]})
    await MongoRecords(database, "texts").put([{"_id": "text"}])
    await Probe(database, "any", 0)()
    assert [stored["_id"] for stored in (await documents.load([key])).values()] == [str(key)]
    assert await documents.past(key) == []
    assert [stored async for stored in documents.leftovers()] == []
    assert len([stored async for stored in documents.find({}, ["state"])]) == 1
    assert len(await documents.page({}, [("_id", 1)], 10)) == 1
    assert len(await MongoRecords(database, "texts").get(["text"])) == 1
    database.client.close()
    reads = [command for name, command in STORE.sent if name in READS]
    writes = [command for name, command in STORE.sent if name in WRITES]
    assert (len(reads), len(writes)) == (6, 8)
    assert [command["readConcern"] for command in reads] == [{"level": "majority"}] * len(reads)
    assert [command["writeConcern"] for command in writes] == [{"w": "majority", "j": True}] * len(writes)
